"""Reading confirmations, for the holders and for the institution that asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from django.db.models import QuerySet

from cards.errors import ConfirmationNotFound
from cards.family import Relative, relatives
from cards.models import Confirmation
from cards.models.confirmation import ConfirmationState
from foundation.core import clock
from foundation.core.errors import InvalidInput
from gmcrypto.fields import prefetch_keys
from identity.rules import Deed, Level, guardian_may, may
from institutions import selectors as institutions
from mpi import selectors as mpi

PAGE = 20
EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class ShownConfirmation:
    """A confirmation as its reader sees it.

    Attributes:
        is_readable: Whether the reader is sure enough to be the person; if not, title, text, reason
            and receipt are left out.
        state: ``waiting``, ``agreed``, ``refused`` or ``expired``.
        receipt: The signed answer; nothing before there is one.
        relative: For whom it is, where it is not about the reader's own person.
    """

    id: str
    institution: str
    title: str
    text: str
    state: str
    reason: str
    receipt: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    is_readable: bool = True
    relative: Relative | None = None

    @property
    def asker(self) -> str:
        """Who asks, and for whom where it is not about the reader's own person."""
        return f"{self.institution} · {self.relative.name}" if self.relative else self.institution


@dataclass(frozen=True, slots=True)
class ConfirmationPage:
    """Some confirmations, the latest first, and where the older ones begin (empty at the end)."""

    rows: Sequence[ShownConfirmation]
    older: str


def confirmations_of(*, account_pk: int, before: str = "") -> ConfirmationPage:
    """What the account, and those whom it holds, were asked to confirm.

    Args:
        before: ``older`` of the page before; empty for the first.

    Raises:
        InvalidInput: If ``before`` is no such value.
    """
    people = _people(account_pk)
    rows = _held(people).order_by("-pk")
    if before:
        last = rows.filter(public_id=before).first()
        if last is None:
            raise InvalidInput(field="before")
        rows = rows.filter(pk__lt=last.pk)
    found = list(rows.select_related("card")[: PAGE + 1])
    prefetch_keys(found)
    names = institutions.names(row.institution for row in found)
    told = [_told(row, names.get(row.institution, ""), people[row.card.person_id]) for row in found[:PAGE]]
    return ConfirmationPage(told, told[-1].id if len(found) > PAGE else "")


def confirmation_of(*, account_pk: int, public_id: str) -> Confirmation:
    """One that the account may answer.

    Raises:
        ConfirmationNotFound: Also for one of somebody whom the account does not hold.
    """
    return _one(_people(account_pk), public_id)


def all_about(person_pk: int) -> Sequence[ShownConfirmation]:
    """Everything that a person was asked to confirm, the oldest first; for a reader who has been checked."""
    rows = list(Confirmation.objects.filter(card__person__in=mpi.cluster(person_pk)).order_by("pk"))
    prefetch_keys(rows)
    names = institutions.names(row.institution for row in rows)
    return [_shown(row, names.get(row.institution, ""), Level.SEEN_IN_PERSON) for row in rows]


def asked_by(*, institution: str, public_id: str) -> Confirmation:
    """One that the institution asked for.

    Raises:
        ConfirmationNotFound: Also for one of another institution.
    """
    row = Confirmation.objects.filter(institution=institution, public_id=public_id).first()
    if row is None:
        raise ConfirmationNotFound
    return row


def shown_to_holder(*, account_pk: int, public_id: str) -> ShownConfirmation:
    """One that the account may read.

    Raises:
        ConfirmationNotFound: As ``confirmation_of``.
    """
    people = _people(account_pk)
    row = _one(people, public_id)
    return _told(row, _name(row), people[row.card.person_id])


def shown_to_institution(row: Confirmation) -> ShownConfirmation:
    """One for the institution that wrote it."""
    return _shown(row, _name(row), Level.SEEN_IN_PERSON)


def _name(row: Confirmation) -> str:
    return institutions.names([row.institution]).get(row.institution, "")


def _shown(row: Confirmation, institution: str, level: int) -> ShownConfirmation:
    is_over = row.state == ConfirmationState.WAITING and row.expires_at <= clock.now()
    is_readable = may(level, Deed.CONFIRM_STATEMENT)
    return ShownConfirmation(
        id=row.public_id,
        institution=institution,
        title=row.title if is_readable else "",
        text=row.text if is_readable else "",
        state=EXPIRED if is_over else row.state,
        reason=(row.reason or "") if is_readable else "",
        receipt=orjson.loads(row.receipt) if row.receipt and is_readable else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        answered_at=row.answered_at,
        is_readable=is_readable,
    )


def _told(row: Confirmation, institution: str, whose: Relative) -> ShownConfirmation:
    shown = _shown(row, institution, whose.level)
    return shown if whose.is_self else replace(shown, relative=whose)


def _people(account_pk: int) -> dict[int, Relative]:
    """For whom the account may answer, by anchor: itself and children, no adult who decides alone."""
    held = {
        one.person_pk: one
        for one in relatives(account_pk)
        if one.is_self or guardian_may(Deed.CONFIRM_STATEMENT, is_by_consent=one.is_by_consent)
    }
    return {anchor: held[root] for root, anchors in mpi.clusters(held).items() for anchor in anchors}


def _one(people: Mapping[int, Relative], public_id: str) -> Confirmation:
    row = _held(people).filter(public_id=public_id).select_related("card").first()
    if row is None:
        raise ConfirmationNotFound
    return row


def _held(people: Mapping[int, Relative]) -> "QuerySet[Confirmation]":
    return Confirmation.objects.filter(card__person__in=list(people))
