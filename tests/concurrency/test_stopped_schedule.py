"""Somebody books while the session is stopped, or while its capacity shrinks.

The guard is the lock on the bands, taken before anybody reads who is booked: a booking that is on
its way is waited for, and one that comes later finds no number.
"""

import pytest
from django.db import connection, transaction
from django.db.models import Q

from appointments import ending, places
from appointments.models import Booking, Slot
from appointments.rules import BookingState
from appointments.rules.places import free_numbers
from appointments.services import suspension
from foundation.core import clock
from foundation.core.actor import Actor
from tests.appointments import world
from tests.cards import world as cards
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-02")]

CENTRE = Actor.system("tests")
TAKE = (
    "UPDATE appointments_slot SET free = free[2:] WHERE id = %s AND cardinality(free) > 0"
    " RETURNING old.free[1]"
)


def take(slot: Slot) -> int | None:
    """Take the first free number in one statement, and write the booking beside it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE, [slot.pk])
        row = cursor.fetchone()
        if row is None:
            return None
        moment = clock.now()
        Booking.objects.create(
            institution_id=slot.schedule.institution_id,
            schedule=slot.schedule,
            slot=slot,
            person=cards.holder().card.person,
            number=row[0],
            state=BookingState.BOOKED,
            channel="h5",
            created_at=moment,
        )
        return int(row[0])


def live() -> list[int]:
    return list(Booking.objects.filter(state=BookingState.BOOKED).values_list("number", flat=True))


def offered(capacity: int = 3) -> tuple[world.Hospital, Slot]:
    place = world.hospital()
    world.heard(place, world.details(capacities=(capacity,)))
    return place, Slot.objects.select_related("schedule").get()


def test_without_the_lock_a_booking_on_its_way_outlives_the_suspension() -> None:
    _place, slot = offered()

    @transaction.atomic
    def stop() -> None:
        ending.end_bookings(which=Q(slot=slot), substitute=None, actor=CENTRE)
        places.empty([slot])

    overtaken(first=lambda: take(slot), then=stop)
    assert live() == [1]


def test_a_booking_on_its_way_is_ended_with_the_session() -> None:
    _place, slot = offered()
    stopped = overtaken(
        first=lambda: take(slot),
        then=lambda: suspension.stop_schedule(schedule=slot.schedule.public_id, reason="停诊", actor=CENTRE),
    )
    assert stopped.bookings == 1
    assert live() == []


def test_who_comes_while_the_session_is_being_stopped_finds_no_number() -> None:
    _place, slot = offered()
    taken = overtaken(
        first=lambda: suspension.stop_schedule(schedule=slot.schedule.public_id, reason="停诊", actor=CENTRE),
        then=lambda: take(slot),
    )
    assert taken is None
    assert live() == []


def test_without_the_lock_a_changed_capacity_gives_a_number_out_twice() -> None:
    _place, slot = offered()

    def fit() -> None:
        taken = set(Booking.objects.filter(slot=slot).values_list("number", flat=True))
        Slot.objects.filter(pk=slot.pk).update(capacity=2, free=free_numbers(2, taken=taken))

    overtaken(first=lambda: take(slot), then=fit)
    slot.refresh_from_db()
    assert set(slot.free) & set(live())


def test_a_changed_capacity_waits_for_a_booking_on_its_way() -> None:
    place, slot = offered()
    overtaken(first=lambda: take(slot), then=lambda: world.heard(place, world.details(capacities=(2,))))
    slot.refresh_from_db()
    assert (slot.capacity, slot.free, live()) == (2, [2], [1])


def test_the_system_and_the_staff_at_once_stop_a_session_once() -> None:
    place, slot = offered()
    take(slot)
    outcome = overtaken(
        first=lambda: suspension.stop_schedule(schedule=slot.schedule.public_id, reason="停诊", actor=CENTRE),
        then=lambda: world.heard(place, world.details(capacities=(3,), is_open=False)),
    )
    assert outcome.stopped == 0
    assert Booking.objects.get().state == BookingState.STOPPED
