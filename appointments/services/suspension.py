"""Clinic suspension (停诊): sessions and bands that are not held, and those that are again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from appointments import boards, errors
from appointments.ending import end_bookings
from appointments.events import ScheduleStopped
from appointments.models import Schedule, Slot
from appointments.places import empty, lock_slots, refill, reopen
from appointments.rules import ScheduleState
from appointments.selectors.schedules import visible_schedules
from appointments.types import Stopped
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, locks
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused, StalePage
from foundation.events import services as events
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require_of_staff

STAFF = "staff"
HOSPITAL = "hospital"
WITHDRAWN = "withdrawn"
LONGEST_REASON = 100


@transaction.atomic
def stop_schedule(
    *, schedule: str, reason: str, substitute: str = "", actor: Actor, heard_at: datetime | None = None
) -> Stopped:
    """Stop one session: every live booking of it ends, and whoever booked is told.

    Args:
        schedule: Public id.
        reason: Read by residents, and written into the audit.
        substitute: Public id of the session that is offered instead.
        heard_at: When the hospital's system said so; None where staff do it.

    Raises:
        As ``stop_schedules``.
    """
    return stop_schedules(
        schedules=[schedule], reason=reason, substitute=substitute, actor=actor, heard_at=heard_at
    )


@transaction.atomic
def stop_schedules(
    *,
    schedules: Sequence[str],
    reason: str,
    substitute: str = "",
    actor: Actor,
    heard_at: datetime | None = None,
) -> Stopped:
    """Stop sessions of one institution at once, such as those of a doctor over some days.

    What the hospital's system has said of one since ``heard_at`` counts instead.

    Raises:
        ScheduleNotFound: The actor sees no such schedule.
        ScheduleOver: The day of one is past.
        StalePage: One of them is stopped already.
        UnknownSubstitute: There is no such open schedule of the institution.
        InvalidInput: The reason is too long.
    """
    rows = _not_newer(_held_rows(schedules, reason, actor), heard_at)
    if not rows:
        return Stopped(schedules=0, bookings=0)
    if any(row.state != ScheduleState.OPEN for row in rows):
        raise StalePage
    other = _substitute(substitute, rows[0].institution_id, {row.pk for row in rows})
    ended = stop_rows(rows=rows, reason=reason, code=_code_of(actor), substitute=other, actor=actor)
    boards.forget_after_commit(rows[0].institution.public_id, {boards.touched(row) for row in rows})
    return Stopped(schedules=len(rows), bookings=ended)


@transaction.atomic
def stop_slot(
    *, slot: str, reason: str, substitute: str = "", actor: Actor, heard_at: datetime | None = None
) -> Stopped:
    """Stop one band of a session; the others are held.

    What the hospital's system has said of the session since ``heard_at`` counts instead.

    Raises:
        As ``stop_schedules``.
    """
    found = Slot.objects.filter(public_id=slot).values_list("schedule__public_id", flat=True).first()
    rows = _not_newer(_held_rows([found or ""], reason, actor), heard_at)
    if not rows:
        return Stopped(schedules=0, bookings=0)
    locked = lock_slots(Q(public_id=slot))
    if rows[0].state != ScheduleState.OPEN or locked[0].stopped_at is not None:
        raise StalePage
    other = _substitute(substitute, rows[0].institution_id, set())
    Slot.objects.filter(pk=locked[0].pk).update(
        stopped_at=clock.now(), stopped_by=actor.kind.value, stop_reason=reason, substitute=other
    )
    empty(locked)
    ended = end_bookings(which=Q(slot=locked[0]), substitute=other, actor=actor)
    _tell(rows[0], _code_of(actor), actor, reason)
    boards.forget_after_commit(rows[0].institution.public_id, {boards.touched(rows[0])})
    return Stopped(schedules=0, bookings=ended)


@transaction.atomic
def resume_schedule(*, schedule: str, reason: str, actor: Actor) -> None:
    """Hold a stopped session after all, with its bands; bookings that were ended stay ended.

    Raises:
        ScheduleNotFound, ScheduleOver, InvalidInput: As ``stop_schedules``.
        StalePage: Nothing of it is stopped.
    """
    row = _held_rows([schedule], reason, actor)[0]
    if row.state == ScheduleState.OPEN and not row.slots.exclude(stopped_at=None).exists():
        raise StalePage
    open_again(schedule=row, reason=reason, actor=actor)
    boards.forget_after_commit(row.institution.public_id, {boards.touched(row)})


def open_again(*, schedule: Schedule, reason: str, actor: Actor) -> None:
    """Open a row and its bands, under the institution's lock."""
    Schedule.objects.filter(pk=schedule.pk).update(
        state=ScheduleState.OPEN, stop_reason="", stopped_by="", substitute=None, updated_at=clock.now()
    )
    slots = lock_slots(Q(schedule=schedule))
    reopen(slots, by_staff=actor.kind is ActorKind.STAFF)
    refill(slots, is_open=True)
    audit.record(
        Action.SCHEDULE_RESUMED,
        actor=actor,
        subject=schedule,
        institution=schedule.institution.public_id,
        reason=reason,
    )


def stop_rows(
    *, rows: Sequence[Schedule], reason: str, code: str, substitute: Schedule | None, actor: Actor
) -> int:
    """Stop open rows under the institution's lock; how many bookings ended."""
    pks = [row.pk for row in rows]
    Schedule.objects.filter(pk__in=pks, state=ScheduleState.OPEN).update(
        state=ScheduleState.STOPPED,
        stop_reason=reason,
        stopped_by=actor.kind.value,
        substitute=substitute,
        updated_at=clock.now(),
    )
    empty(lock_slots(Q(schedule__in=pks)))
    ended = end_bookings(which=Q(schedule__in=pks), substitute=substitute, actor=actor)
    for row in rows:
        _tell(row, code, actor, reason)
    return ended


def hold(*, institution: int) -> None:
    """Let one at a time change the sessions of an institution, until the transaction ends."""
    locks.hold("appointments.schedules", institution)


def institution_of(*, public_id: str, actor: Actor) -> int:
    """The key of the institution whose sessions an actor may change.

    Raises:
        NotFound: The actor sees no such institution.
        PermissionRefused: A resident, or staff without the duty.
    """
    require_of_staff(actor, Duty.MANAGE_SCHEDULES)
    if actor.kind is ActorKind.RESIDENT:
        raise PermissionRefused
    found = institutions.visible(actor).filter(public_id=public_id).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return int(found)


def _held_rows(public_ids: Sequence[str], reason: str, actor: Actor) -> list[Schedule]:
    """The rows as they are once nobody else changes them."""
    require_of_staff(actor, Duty.MANAGE_SCHEDULES)
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(field="reason")
    seen = visible_schedules(actor).filter(public_id__in=public_ids)
    places = set(seen.values_list("institution", flat=True))
    if len(places) != 1:
        raise errors.ScheduleNotFound
    hold(institution=places.pop())
    rows = list(seen.order_by("pk"))
    if len(rows) != len(set(public_ids)):
        raise errors.ScheduleNotFound
    if any(row.date < clock.beijing(clock.now()).date() for row in rows):
        raise errors.ScheduleOver
    return rows


def _not_newer(rows: Sequence[Schedule], heard_at: datetime | None) -> list[Schedule]:
    """The rows of which nothing newer is known; a list that was on its way before opens them no more.

    Hospitals' systems say when to the second, so what is of the same second is not older.
    """
    if heard_at is None:
        return list(rows)
    older = [row for row in rows if row.heard_at is None or row.heard_at.replace(microsecond=0) <= heard_at]
    Schedule.objects.filter(pk__in=[row.pk for row in older]).update(heard_at=heard_at)
    return older


def _substitute(public_id: str, institution: int, stopped: set[int]) -> Schedule | None:
    if not public_id:
        return None
    found = (
        Schedule.objects.filter(
            public_id=public_id,
            institution=institution,
            state=ScheduleState.OPEN,
            date__gte=clock.beijing(clock.now()).date(),
        )
        .exclude(pk__in=stopped)
        .first()
    )
    if found is None:
        raise errors.UnknownSubstitute(field="substitute")
    return found


def _code_of(actor: Actor) -> str:
    return STAFF if actor.kind is ActorKind.STAFF else HOSPITAL


def _tell(row: Schedule, code: str, actor: Actor, reason: str) -> None:
    institution = row.institution.public_id
    audit.record(
        Action.SCHEDULE_STOPPED,
        actor=actor,
        subject=row,
        institution=institution,
        reason=reason,
        details={"kind": code},
    )
    events.publish(ScheduleStopped(schedule_id=row.public_id, institution=institution, reason=code))
