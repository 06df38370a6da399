"""Reading somebody's records: each reading rests on one consent or one emergency, and is written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import PermissionRefused
from foundation.core.text import mask_name
from foundation.events import services as events
from foundation.gateway.scopes import RECORD_READ
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from records.errors import AccessEnded, AccessUnknown, RecordNotCovered
from records.events import RecordOpened
from records.models import AccessGrant, EmergencyOpening, Encounter, RecordAccess, Report
from records.selectors.access import ENCOUNTER, REPORT, Grant, Item, grant_of, opened_by, records_of
from records.selectors.reports import (
    ReadReport,
    ReportHead,
    Visit,
    encounter_rows,
    heads,
    read_row,
    report_rows,
    visits,
)

LIST = "list"
# Reports and visits on one page of a doctor's or a rescuer's.
PAGE = 30


@dataclass(frozen=True, slots=True)
class OpenedInEmergency:
    """The heads of somebody's records.

    Attributes:
        after: The page with what is older; none if there is nothing more.
    """

    reports: Sequence[ReportHead] = field(repr=False)
    visits: Sequence[Visit] = field(repr=False)
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a reader sees first: whose records, and the heads of those that open; ``after`` as above."""

    grant: Grant
    patient: str = field(repr=False)
    reports: Sequence[ReportHead] = field(repr=False)
    visits: Sequence[Visit] = field(repr=False)
    after: int | None = None


@transaction.atomic
def open_record(*, grant_id: str, page: int | None = None, actor: Actor) -> Opened:
    """The records that a grant opens, by their heads; the first opening is told to the person.

    Args:
        page: From 1, the latest records first; by default all of them at once.

    Raises:
        PermissionRefused: The actor reads no records.
        AccessUnknown: There is no such grant of this reader.
        AccessEnded: It was taken back, or its time is over.
    """
    _require_reader(actor)
    row = _live(grant_id, actor)
    items, after = _page(opened_by(row), page)
    is_first = not RecordAccess.objects.filter(grant=row).exists()
    access = _note(row, LIST, "", actor)
    if is_first:
        events.publish(RecordOpened(access.public_id, row.subject, actor.institution))
    known = mpi.particulars(row.person_id)
    return Opened(
        grant=grant_of(row),
        patient=mask_name(known.name),
        reports=heads(_reports(row.person_id, items), with_titles=True),
        visits=visits(_visits(row.person_id, items), with_content=True),
        after=after,
    )


@transaction.atomic
def read_report_by_grant(*, grant_id: str, report_id: str, actor: Actor) -> ReadReport:
    """One report that a grant opens.

    Raises:
        RecordNotCovered: The grant does not open it.
        PermissionRefused, AccessUnknown, AccessEnded: As ``open_record``.
        ReportIsWithdrawn: The hospital took it back.
    """
    _require_reader(actor)
    row = _live(grant_id, actor)
    covered = [item for item in opened_by(row) if (item.thing, item.item_id) == (REPORT, report_id)]
    if not covered:
        raise RecordNotCovered
    report = read_row(_reports(row.person_id, covered)[0])
    _note(row, REPORT, report_id, actor)
    return report


@transaction.atomic
def open_in_emergency(*, opening_id: str, page: int = 1, actor: Actor) -> OpenedInEmergency:
    """The records of somebody whose opening in an emergency is the actor's own and still lasts.

    Args:
        page: From 1, the latest records first.

    Raises:
        PermissionRefused: The actor may not open records in an emergency.
        AccessUnknown: There is no such opening of this reader.
        AccessEnded: Its time is over.
    """
    require(actor, Duty.OPEN_EMERGENCY)
    row = _emergency(opening_id, actor)
    _note_emergency(row, LIST, "", actor)
    items, after = _page(records_of(row.person_id), page)
    return OpenedInEmergency(
        reports=heads(_reports(row.person_id, items), with_titles=True),
        visits=visits(_visits(row.person_id, items), with_content=True),
        after=after,
    )


@transaction.atomic
def read_report_in_emergency(*, opening_id: str, report_id: str, actor: Actor) -> ReadReport:
    """One report of somebody whose records are open in an emergency.

    Raises:
        RecordNotCovered: It is none of this person's.
        PermissionRefused, AccessUnknown, AccessEnded: As ``open_in_emergency``.
    """
    require(actor, Duty.OPEN_EMERGENCY)
    row = _emergency(opening_id, actor)
    found = report_rows(row.person_id).filter(public_id=report_id).first()
    if found is None:
        raise RecordNotCovered
    report = read_row(found)
    _note_emergency(row, REPORT, report_id, actor)
    return report


def _page(items: list[Item], page: int | None) -> tuple[list[Item], int | None]:
    """The items of a page, and the page after it; all of them where none is asked for."""
    if page is None:
        return items, None
    begin = (page - 1) * PAGE
    return items[begin : begin + PAGE], page + 1 if len(items) > begin + PAGE else None


def _require_reader(actor: Actor) -> None:
    if actor.kind is not ActorKind.CLIENT:
        require(actor, Duty.READ_RECORDS)
    elif RECORD_READ not in actor.scopes:
        raise PermissionRefused


def _live(grant_id: str, actor: Actor) -> AccessGrant:
    """The reader's grant, held while it is read: a revocation waits, or is seen."""
    row = (
        AccessGrant.objects.select_related("institution")
        .select_for_update(of=("self",), no_key=True)
        .filter(public_id=grant_id, reader=actor.id, institution__public_id=actor.institution)
        .first()
    )
    if row is None:
        raise AccessUnknown
    if row.revoked_at is not None or row.until <= clock.now():
        raise AccessEnded
    return row


def _emergency(opening_id: str, actor: Actor) -> EmergencyOpening:
    row = (
        EmergencyOpening.objects.select_related("institution")
        .filter(public_id=opening_id, reader=actor.id, institution__public_id=actor.institution)
        .first()
    )
    if row is None:
        raise AccessUnknown
    if row.until <= clock.now():
        raise AccessEnded
    return row


def _note(row: AccessGrant, thing: str, thing_id: str, actor: Actor) -> RecordAccess:
    access = RecordAccess.objects.create(
        grant=row,
        institution=row.institution,
        person_id=row.person_id,
        reader=actor.id,
        reader_name=row.reader_name,
        thing=thing,
        thing_id=thing_id,
        at=clock.now(),
    )
    audit.record(Action.RECORD_OPENED, actor=actor, subject=row, details={"kind": thing})
    return access


def _note_emergency(row: EmergencyOpening, thing: str, thing_id: str, actor: Actor) -> None:
    RecordAccess.objects.create(
        emergency=row,
        institution=row.institution,
        person_id=row.person_id,
        reader=actor.id,
        reader_name=row.reader_name,
        thing=thing,
        thing_id=thing_id,
        at=clock.now(),
    )
    audit.record(Action.RECORD_OPENED, actor=actor, subject=row, details={"kind": thing})


def _reports(person_pk: int, items: Sequence[Item]) -> list[Report]:
    wanted = [item.item_id for item in items if item.thing == REPORT]
    return list(report_rows(person_pk).filter(public_id__in=wanted).order_by("-reported_at"))


def _visits(person_pk: int, items: Sequence[Item]) -> list[Encounter]:
    wanted = [item.item_id for item in items if item.thing == ENCOUNTER]
    return list(encounter_rows(person_pk).filter(public_id__in=wanted).order_by("-started_at"))
