"""What the clock alone does to places and bookings: holds expire, places come back, visits are missed."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from appointments.events import AppointmentExpired, AppointmentMissed
from appointments.models import Booking, ReturnedPlace, Schedule, Slot
from appointments.places import lock_slots, refill
from appointments.returning import give_back_many
from appointments.rules import BookingState, EndReason, ScheduleState
from appointments.selectors import offers
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.services import Entry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events

BATCH = 500
# How far back sessions are looked for whose end nobody noted; a task that was away catches up.
_LOOK_BACK_DAYS = 7
# Who was checked in and never called is let go at night, and not while the doctor works longer.
_CLOSE_AFTER = timedelta(hours=12)


@transaction.atomic
def expire_holds(*, actor: Actor, batch: int = BATCH) -> int:
    """End what was held and not confirmed in time; the places come back after a random time.

    Where a bill is open, its own end ends the place (``expire_unpaid``): so money that arrives at the
    last moment finds its place, or is owed back.
    """
    moment = clock.now()
    rows = _locked(Booking.objects.filter(state=BookingState.HELD, held_until__lte=moment, bill=""), batch)
    ended = _end(rows, BookingState.HELD, BookingState.EXPIRED, EndReason.TIME_OVER)
    give_back_many(rows=ended)
    _note(Action.APPOINTMENT_EXPIRED, ended, actor)
    events.publish_many(AppointmentExpired(*_named(row)) for row in ended)
    return len(ended)


@transaction.atomic
def expire_unpaid(*, bill: str, actor: Actor) -> bool:
    """End the held place of a bill that nobody pays any more.

    Returns:
        Whether there was one.
    """
    rows = _locked(Booking.objects.filter(state=BookingState.HELD, bill=bill), 1, skip_locked=False)
    ended = _end(rows, BookingState.HELD, BookingState.EXPIRED, EndReason.BILL_OVER)
    give_back_many(rows=ended)
    _note(Action.APPOINTMENT_EXPIRED, ended, actor)
    events.publish_many(AppointmentExpired(*_named(row)) for row in ended)
    return bool(ended)


@transaction.atomic
def return_places(*, actor: Actor, batch: int = BATCH) -> int:
    """Put numbers whose time has come back into their bands.

    The bands are locked first: what is free is counted anew from who has which number, so that a
    band that was made smaller in the meantime does not grow again.

    Returns:
        How many numbers were due.
    """
    due = ReturnedPlace.objects.select_for_update(skip_locked=True).filter(returns_at__lte=clock.now())
    places = list(due.order_by("pk")[:batch])
    slots = lock_slots(Q(pk__in={place.slot_id for place in places}))
    ReturnedPlace.objects.filter(pk__in=[place.pk for place in places]).delete()
    open_ones = set(
        Schedule.objects.filter(
            pk__in={slot.schedule_id for slot in slots}, state=ScheduleState.OPEN
        ).values_list("pk", flat=True)
    )
    refill([slot for slot in slots if slot.schedule_id in open_ones], is_open=True)
    for slot in slots:
        offers.forget(slot.public_id)
    return len(places)


@transaction.atomic
def mark_missed(*, actor: Actor, batch: int = BATCH) -> int:
    """Close the bookings of sessions that are over.

    Whoever did not come is noted, where others of the session were checked in; where nobody was,
    the hospital does not check in here, and nobody is said to have stayed away.

    Returns:
        How many bookings were closed.
    """
    moment = clock.now()
    today = clock.beijing(moment).date()
    over = (
        Schedule.objects.filter(date__lte=today, date__gte=today - timedelta(days=_LOOK_BACK_DAYS))
        .exclude(Exists(Slot.objects.filter(schedule=OuterRef("pk"), ends_at__gt=moment)))
        .values("pk")
    )
    waiting = _locked(Booking.objects.filter(schedule__in=over, state=BookingState.BOOKED), batch)
    checked = set(
        Booking.objects.filter(
            schedule__in={row.schedule_id for row in waiting}, arrived_at__isnull=False
        ).values_list("schedule", flat=True)
    )
    missing = [row for row in waiting if row.schedule_id in checked]
    unchecked = [row for row in waiting if row.schedule_id not in checked]
    missed = _end(missing, BookingState.BOOKED, BookingState.MISSED, EndReason.SESSION_OVER)
    _end(unchecked, BookingState.BOOKED, BookingState.DONE, EndReason.SESSION_OVER)
    _note(Action.APPOINTMENT_MISSED, missed, actor)
    events.publish_many(AppointmentMissed(*_named(row), row.schedule.public_id) for row in missed)
    left = _locked(
        Booking.objects.filter(
            schedule__in=over, state=BookingState.ARRIVED, slot__ends_at__lt=moment - _CLOSE_AFTER
        ),
        batch,
    )
    _end(left, BookingState.ARRIVED, BookingState.DONE, EndReason.SESSION_OVER)
    return len(waiting) + len(left)


def _locked(rows: "QuerySet[Booking]", batch: int, *, skip_locked: bool = True) -> list[Booking]:
    found = rows.select_related("institution", "schedule", "slot", "person").order_by("pk")
    return list(found.select_for_update(skip_locked=skip_locked, of=("self",))[:batch])


def _end(
    rows: Sequence[Booking], before: BookingState, after: BookingState, reason: EndReason
) -> Sequence[Booking]:
    if rows:
        Booking.objects.filter(pk__in=[row.pk for row in rows], state=before).update(
            state=after, end_reason=reason, ended_at=clock.now(), held_until=None
        )
    return rows


def _note(action: Action, rows: Sequence[Booking], actor: Actor) -> None:
    audit.record_many(
        Entry(action, actor, ("appointments.Booking", row.public_id), institution=row.institution.public_id)
        for row in rows
    )


def _named(row: Booking) -> tuple[str, str, str, str]:
    return row.public_id, row.person.public_id, row.account, row.institution.public_id
