"""Schedules that staff keep here: made, changed, repeated week by week."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.db import transaction

from appointments import errors
from appointments.models import Schedule
from appointments.rules import ScheduleState
from appointments.selectors.schedules import public_id_of_code, visible_schedules
from appointments.services.schedules import apply_schedules
from appointments.services.suspension import institution_of
from appointments.types import Applied, Band, ScheduleDetails
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require

WEEK = timedelta(days=7)
MOST_WEEKS = 8


@transaction.atomic
def create_schedule(*, institution: str, details: ScheduleDetails, actor: Actor, reason: str) -> str:
    """Add a session that no hospital's system keeps; returns its public id.

    Raises:
        ScheduleExists: There is one of this number.
        ScheduleRefused: Something does not fit.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    place = institution_of(public_id=institution, actor=actor)
    if public_id_of_code(institution_pk=place, code=details.code):
        raise errors.ScheduleExists(field="code")
    _apply(institution, [details], actor, reason)
    return public_id_of_code(institution_pk=place, code=details.code)


@transaction.atomic
def change_schedule(
    *, schedule: str, kind: str, fee_fen: int, places: int | None, actor: Actor, reason: str
) -> None:
    """Change what a session costs and how many places each of its bands has.

    Args:
        places: In each band; None leaves them as they are.

    Raises:
        ScheduleNotFound: The actor sees no such schedule.
        ScheduleOver: Its day is past.
        ScheduleRefused: Something does not fit.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    row = _seen(schedule, actor)
    if row.date < clock.beijing(clock.now()).date():
        raise errors.ScheduleOver
    said = replace(_details(row), kind=kind, fee_fen=fee_fen)
    if places is not None:
        said = replace(said, bands=tuple(replace(band, capacity=places) for band in said.bands))
    _apply(row.institution.public_id, [said], actor, reason)


@transaction.atomic
def repeat_weekly(*, schedule: str, scope: str, weeks: int, actor: Actor, reason: str) -> Applied:
    """Repeat a session, or all of its week, in the weeks that follow.

    What is there already is left alone, and a session that is stopped is not repeated.

    Args:
        scope: ``schedule``, or ``department`` or ``institution`` for all of that week.

    Raises:
        ScheduleNotFound: The actor sees no such schedule.
        ScheduleRefused: Something does not fit any more, such as a doctor who left.
    """
    require(actor, Duty.MANAGE_SCHEDULES)
    row = _seen(schedule, actor)
    monday = row.date - timedelta(days=row.date.weekday())
    rows = visible_schedules(actor).filter(institution=row.institution_id).prefetch_related("slots")
    if scope == "schedule":
        rows = rows.filter(pk=row.pk)
    else:
        rows = rows.filter(date__range=(monday, monday + timedelta(days=6)))
        if scope == "department":
            rows = rows.filter(department=row.department_id)
    sources = list(rows.filter(state=ScheduleState.OPEN).order_by("date", "pk"))
    last = monday + WEEK * (min(weeks, MOST_WEEKS) + 1)
    there = set(
        Schedule.objects.filter(institution=row.institution_id, date__range=(monday, last)).values_list(
            "department__code", "doctor__code", "date", "session", "kind"
        )
    )
    said = [
        moved
        for number in range(1, min(weeks, MOST_WEEKS) + 1)
        for moved in (_moved(_details(source), source.date + WEEK * number) for source in sources)
        if (moved.department, moved.doctor or None, moved.date, moved.session, moved.kind) not in there
    ]
    return _apply(row.institution.public_id, said, actor, reason)


def _seen(public_id: str, actor: Actor) -> Schedule:
    rows = visible_schedules(actor).prefetch_related("slots")
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise errors.ScheduleNotFound
    return row


def _details(row: Schedule) -> ScheduleDetails:
    return ScheduleDetails(
        code=row.code,
        department=row.department.code,
        doctor=row.doctor.code if row.doctor is not None else "",
        date=row.date,
        session=row.session,
        kind=row.kind,
        fee_fen=row.fee_fen,
        is_open=row.state == ScheduleState.OPEN,
        stop_reason=row.stop_reason,
        bands=tuple(
            Band(slot.starts_at, slot.ends_at, slot.capacity)
            for slot in row.slots.all()
            if slot.stopped_at is None
        ),
    )


def _moved(details: ScheduleDetails, day: date) -> ScheduleDetails:
    later = day - details.date
    parts = (f"{day:%Y%m%d}", details.department, details.doctor or "0", details.session, details.kind)
    return replace(
        details,
        code="-".join(parts)[:40],
        date=day,
        bands=tuple(
            replace(band, starts_at=band.starts_at + later, ends_at=band.ends_at + later)
            for band in details.bands
        ),
    )


def _apply(institution: str, said: Sequence[ScheduleDetails], actor: Actor, reason: str) -> Applied:
    """As a hospital's system would say it, all or nothing."""
    outcome = apply_schedules(institution=institution, said=said, heard_at=None, actor=actor, reason=reason)
    if outcome.refused:
        raise errors.ScheduleRefused(field=outcome.refused[0].field)
    return outcome
