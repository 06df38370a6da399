"""What a resident takes along of this room's data."""

from typing import Any

from cards.confirmations import all_about
from cards.models import Card, CardApplication, LinkedCertificate
from cards.states import LIVE_CERTIFICATES
from foundation.core import clock
from gmcrypto.errors import KeyDestroyed
from mpi import selectors as mpi


def cards_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Every card of a person with its numbers, in full; for a reader who has been checked."""
    cards = Card.objects.filter(person__in=mpi.cluster(person_pk)).prefetch_related("numbers")
    return [
        {
            "state": card.state,
            "channel": card.channel,
            "issued_at": _text(card.issued_at),
            "numbers": [{"number": number.value, "state": number.state} for number in card.numbers.all()],
        }
        for card in cards.order_by("pk")
    ]


def certificates_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Every certificate that is joined in the person's card, in full; as ``cards_for_copy``."""
    rows = LinkedCertificate.objects.filter(
        person__in=mpi.cluster(person_pk), state__in=LIVE_CERTIFICATES
    ).order_by("pk")
    return [
        {
            "kind": row.kind,
            "number": row.number,
            "issuer": row.issuer,
            "valid_until": row.valid_until.isoformat() if row.valid_until else None,
            "state": row.state,
        }
        for row in rows
    ]


def confirmations_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Everything that the person was asked to confirm, with the signed answers; as ``cards_for_copy``."""
    return [
        {
            "institution": asked.institution,
            "title": asked.title,
            "text": asked.text,
            "state": asked.state,
            "reason": asked.reason,
            "receipt": asked.receipt,
            "asked_at": _text(asked.created_at),
            "answered_at": _text(asked.answered_at),
        }
        for asked in all_about(person_pk)
    ]


def applications_for_copy(account_pk: int) -> list[dict[str, Any]]:
    """Every application of an account with its answers, where these still exist."""
    rows = CardApplication.objects.filter(account=account_pk).order_by("pk")
    return [
        {"state": row.state, "channel": row.channel, "submitted_at": _text(row.submitted_at), **_answers(row)}
        for row in rows
    ]


_ANSWERS = ("id_number", "name", "birth_date", "phone", "address")


def _answers(row: CardApplication) -> dict[str, Any]:
    try:
        return {name: getattr(row, name) for name in _ANSWERS}
    except KeyDestroyed:
        return {"left_out": "shredded"}


def _text(moment: Any) -> str | None:
    return clock.beijing(moment).isoformat(timespec="seconds") if moment else None
