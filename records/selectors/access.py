"""What a consent would open and what it would leave shut, and what was granted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import gmcrypto
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.text import mask_name
from institutions import selectors as institutions
from mpi import selectors as mpi
from records.errors import AccessUnknown
from records.models import AccessGrant, AccessRequest
from records.rules import (
    PART_OF_ENCOUNTER,
    PART_OF_REPORT,
    EncounterKind,
    Purpose,
    RecordKind,
    ReportKind,
    ReportState,
    RequestState,
)
from records.selectors.reports import encounter_rows, report_rows

PAGE = 20
REPORT, ENCOUNTER = "report", "encounter"
MOST_LIVE = 50


@dataclass(frozen=True, slots=True)
class Item:
    """One record, by what may be said of it before it is opened.

    Attributes:
        thing: ``report`` or ``encounter``.
        part: A value of ``RecordKind``.
        place: Short name of the institution that it is from.
    """

    thing: str
    item_id: str
    part: str
    word: str
    institution: str
    place: str
    at: datetime
    heard_at: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """What a consent covers.

    Attributes:
        sources: Public ids of the institutions whose records open.
        since: Nothing that is older; none for everything.
    """

    kinds: frozenset[str]
    sources: frozenset[str]
    since: datetime | None = None

    def covers(self, item: Item) -> bool:
        """Whether a record falls under it."""
        return (
            item.part in self.kinds
            and item.institution in self.sources
            and (self.since is None or item.at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what would open and what would stay shut."""

    opens: Sequence[Item]
    stays: Sequence[Item]

    @property
    def digest(self) -> str:
        """Names what opens, so that what is agreed to is what was shown."""
        names = "\n".join(sorted(f"{item.thing}:{item.item_id}" for item in self.opens))
        return gmcrypto.sm3(names.encode()).hex()


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted, as both sides see it.

    Attributes:
        place: Of the reader.
        patient: Masked, for the reader.
    """

    grant_id: str
    reader_name: str
    place: str
    person_pk: int
    subject: str
    purpose: str
    kinds: Sequence[str]
    sources: Sequence[str]
    since: datetime | None
    until: datetime
    granted_at: datetime
    revoked_at: datetime | None
    patient: str = field(default="", repr=False)

    @property
    def is_live(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and self.until > clock.now()

    @property
    def purpose_word(self) -> str:
        """The purpose as pages say it."""
        return str(Purpose(self.purpose).label)

    @property
    def kind_words(self) -> list[str]:
        """The parts as pages say them."""
        return [str(RecordKind(kind).label) for kind in RecordKind.values if kind in self.kinds]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as the resident and the reader see it."""

    request_id: str
    reader_name: str
    place: str
    institution: str
    purpose: str
    kinds: Sequence[str]
    state: str
    expires_at: datetime
    grant_id: str = ""

    @property
    def purpose_word(self) -> str:
        """The purpose as pages say it."""
        return str(Purpose(self.purpose).label)

    @property
    def is_waiting(self) -> bool:
        """Whether it can still be answered."""
        return self.state == RequestState.WAITING and self.expires_at > clock.now()


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody has answered to a request.

    Attributes:
        seen: ``Preview.digest`` of what was agreed to.
    """

    state: str
    grant_id: str = ""
    seen: str = ""
    lasts: timedelta | None = None


def records_of(person_pk: int) -> list[Item]:
    """Every record of a person that could be opened, the latest first; withdrawn reports are none."""
    reports = [
        Item(
            REPORT,
            row.public_id,
            PART_OF_REPORT[row.kind],
            str(ReportKind(row.kind).label),
            row.institution.public_id,
            row.institution.short_name,
            row.reported_at,
            row.heard_at,
        )
        for row in report_rows(person_pk).exclude(state=ReportState.WITHDRAWN)
    ]
    visits = [
        Item(
            ENCOUNTER,
            row.public_id,
            PART_OF_ENCOUNTER[row.kind],
            str(EncounterKind(row.kind).label),
            row.institution.public_id,
            row.institution.short_name,
            row.started_at,
            row.heard_at,
        )
        for row in encounter_rows(person_pk)
    ]
    return sorted([*reports, *visits], key=lambda item: (item.at, item.item_id), reverse=True)


def preview(items: Iterable[Item], scope: Scope) -> Preview:
    """What of these would open under a scope."""
    items = list(items)
    return Preview(
        [item for item in items if scope.covers(item)], [item for item in items if not scope.covers(item)]
    )


def opened_by(grant: AccessGrant) -> list[Item]:
    """The records that a grant opens: those that were shown, as far as they are of its scope still."""
    scope = Scope(frozenset(grant.kinds), frozenset(grant.sources), grant.since)
    return [
        item
        for item in records_of(grant.person_id)
        if scope.covers(item)
        and item.heard_at <= grant.granted_at
        and (grant.items is None or item.item_id in grant.items)
    ]


def requests_for(person_pk: int) -> list[Asked]:
    """The requests that wait for a person's answer."""
    rows = AccessRequest.objects.select_related("institution").filter(
        person__in=mpi.cluster(person_pk), state=RequestState.WAITING, expires_at__gt=clock.now()
    )
    return [asked_of(row) for row in rows.order_by("-pk")[:PAGE]]


def request_of_reader(request_id: str, actor: Actor) -> Asked:
    """A request of the reader's own.

    Raises:
        AccessUnknown: There is none.
    """
    row = (
        AccessRequest.objects.select_related("institution", "grant")
        .filter(public_id=request_id, reader=actor.id, institution__public_id=actor.institution)
        .first()
    )
    if row is None:
        raise AccessUnknown
    return asked_of(row)


def answer_of(request_id: str, *, account: str) -> Answer:
    """What an account has answered to a request; empty where it has not."""
    row = AccessRequest.objects.select_related("grant").filter(public_id=request_id, account=account).first()
    if row is None or row.state != RequestState.GRANTED:
        return Answer(row.state if row is not None else "")
    granted = row.grant
    seen = receipt_of(granted)["statement"]["opens_sm3"]
    return Answer(row.state, granted.public_id, seen, granted.until - granted.granted_at)


def asked_of(row: AccessRequest) -> Asked:
    """A request's row as it is shown."""
    return Asked(
        request_id=row.public_id,
        reader_name=row.reader_name,
        place=row.institution.short_name,
        institution=row.institution.public_id,
        purpose=row.purpose,
        kinds=row.kinds,
        state=row.state,
        expires_at=row.expires_at,
        grant_id=row.grant.public_id if row.state == RequestState.GRANTED else "",
    )


def grants_of(person_pk: int) -> list[Grant]:
    """What was granted of a person's records, what lives first."""
    rows = (
        AccessGrant.objects.select_related("institution")
        .filter(person__in=mpi.cluster(person_pk))
        .order_by("-pk")[: 2 * MOST_LIVE]
    )
    return sorted(map(grant_of, rows), key=lambda grant: not grant.is_live)


def grants_for_reader(actor: Actor) -> list[Grant]:
    """The live grants of a reader, with the patients' masked names."""
    rows = list(
        AccessGrant.objects.select_related("institution")
        .filter(
            reader=actor.id,
            institution__public_id=actor.institution,
            revoked_at=None,
            until__gt=clock.now(),
        )
        .order_by("-pk")[:MOST_LIVE]
    )
    known = mpi.particulars_many(row.person_id for row in rows)
    return [
        grant_of(row, mask_name(known[row.person_id].name) if row.person_id in known else "") for row in rows
    ]


def grant_of(row: AccessGrant, patient: str = "") -> Grant:
    """A grant's row as it is shown."""
    return Grant(
        grant_id=row.public_id,
        reader_name=row.reader_name,
        place=row.institution.short_name,
        person_pk=row.person_id,
        subject=row.subject,
        purpose=row.purpose,
        kinds=row.kinds,
        sources=row.sources,
        since=row.since,
        until=row.until,
        granted_at=row.granted_at,
        revoked_at=row.revoked_at,
        patient=patient,
    )


def receipt_of(row: AccessGrant) -> dict[str, Any]:
    """The signed receipt of a grant."""
    receipt: dict[str, Any] = row.receipt
    return receipt


def names_of(sources: Iterable[str]) -> list[str]:
    """Short names of institutions, in their order."""
    known = institutions.names(sources)
    return sorted(known.values())
