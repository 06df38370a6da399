"""What a report says, read anew when it is sent, in the union record of the card centres."""

from collections.abc import Mapping, Sequence
from typing import Any

from cards.models import Card, CardNumber, CrossUse, UsageRecord
from cards.models.crossing import Crossing
from cards.models.upward import ReportKind, UpwardRecord
from cards.states import NumberState
from cards.verification.visiting import OPERATION
from gmcrypto.errors import KeyUnavailable
from gmcrypto.fields import prefetch_keys
from institutions import selectors as institutions

GONE = "content_gone"


def contents(rows: Sequence[UpwardRecord]) -> dict[str, dict[str, Any]]:
    """The contents of records of one kind, by their numbers.

    A record whose card or person cannot be read any more (the person's key was destroyed) is
    left out.
    """
    if not rows:
        return {}
    return _registrations(rows) if rows[0].kind == ReportKind.REGISTRATION else _uses(rows)


def _registrations(rows: Sequence[UpwardRecord]) -> dict[str, dict[str, Any]]:
    cards = {card.public_id: card for card in Card.objects.filter(public_id__in={row.source for row in rows})}
    numbers = {
        number.card_id: number
        for number in CardNumber.objects.filter(card__in=cards.values(), state=NumberState.CURRENT)
    }
    prefetch_keys(list(cards.values()))
    found = {}
    for row in rows:
        card = cards.get(row.source)
        number = numbers.get(card.pk) if card is not None else None
        if card is None or number is None:
            continue
        try:
            found[row.record_id] = {**_head(row), **_registration(row, card, number)}
        except KeyUnavailable:
            continue
    return found


def _registration(row: UpwardRecord, card: Card, number: CardNumber) -> dict[str, Any]:
    face: Mapping[str, Any] = card.face
    return {
        "change": row.change,
        "health_card_id": number.value,
        "main_index": number.main_index,
        "state": card.state,
        "channel": card.channel,
        "issued_at": card.issued_at.isoformat(timespec="seconds"),
        "name": face["name"],
        "id_type": face["id_type"],
        "id_number": face["id_number"],
        "gender": face["gender"],
        "birthday": face["birthday"],
        "nation": face["nation"],
        "phone": face["phone"],
    }


def _uses(rows: Sequence[UpwardRecord]) -> dict[str, dict[str, Any]]:
    times = [row.code_time for row in rows if row.code_time is not None]
    uses = {
        use.public_id: use
        for use in UsageRecord.objects.select_related("number").filter(
            public_id__in={row.record_id for row in rows},
            code_time__gte=min(times),
            code_time__lte=max(times),
        )
    }
    prefetch_keys([use.number for use in uses.values()])
    places = institutions.places({use.institution for use in uses.values()})
    elsewhere = {
        use.request_id: use
        for use in CrossUse.objects.filter(
            crossing=Crossing.OURS_ELSEWHERE,
            request_id__in={use.request_id for use in uses.values() if use.operation == OPERATION},
        )
    }
    found = {}
    for row in rows:
        use = uses.get(row.record_id)
        if use is None:
            continue
        try:
            place = _place(use, places, elsewhere)
            found[row.record_id] = {**_head(row), **_use(use), **place}
        except KeyUnavailable:
            continue
    return found


def _use(use: UsageRecord) -> dict[str, Any]:
    return {
        "health_card_id": use.number.value,
        "used_at": use.at.isoformat(timespec="seconds"),
        "scene": use.scene,
        "use_kind": use.kind,
        "code_kind": use.code_kind,
        "source": "report" if use.is_report else "scan",
        "channel": use.channel,
        "department": use.department,
        "card_type": use.card_type,
        "cost_type": use.cost_type,
        "use_city": use.use_city,
        "branch": use.branch,
    }


def _place(
    use: UsageRecord, places: Mapping[str, tuple[str, str]], elsewhere: Mapping[str, CrossUse]
) -> dict[str, Any]:
    cross = elsewhere.get(use.request_id)
    if cross is not None:
        return {
            "terminal": cross.terminal,
            "institution": cross.institution or cross.using_centre,
            "institution_name": cross.institution_name,
            "using_centre": cross.using_centre,
        }
    code, name = places.get(use.institution, ("", ""))
    return {"terminal": use.terminal, "institution": code, "institution_name": name, "using_centre": ""}


def _head(row: UpwardRecord) -> dict[str, Any]:
    return {"id": row.record_id, "day": row.day.isoformat()}
