"""What a hospital says of its sessions is taken over, whatever of it is new, old or wrong."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from appointments import errors
from appointments.models import Booking, BookingRule, ReturnedPlace, Schedule, Slot
from appointments.rules import BookingState, ScheduleState
from appointments.services import schedules
from appointments.types import Days
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from foundation.core.errors import NotFound, PermissionRefused
from foundation.events.models import OutboxMessage
from institutions.models import Institution
from institutions.rules import Role
from tests.appointments import world
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]


def free(code: str = "S1") -> list[list[int]]:
    return [slot.free for slot in world.slots(code)]


def test_a_new_session_stands_with_its_numbers_and_its_release() -> None:
    place = world.hospital()
    outcome = world.heard(place, world.details(ahead=10))
    row = world.schedule()
    assert (outcome.created, outcome.refused) == (1, ())
    assert (row.department.name, row.doctor and row.doctor.name) == ("心血管内科", "示范医生甲")
    assert free() == [[1, 2, 3], [1, 2]]
    assert row.releases_at == datetime.combine(world.day(3), time(7), BEIJING)
    assert row.closes_at == world.at(world.day(10), 7, 30)
    assert AuditEntry.objects.get(action="schedule.saved").institution == place.public_id


def test_the_institutions_own_rule_decides_when_places_come_out() -> None:
    place = world.hospital()
    row = Institution.objects.get(public_id=place.public_id)
    BookingRule.objects.create(institution=row, days_ahead=3, release_time=time(20, 0, 15), closes_minutes=60)
    world.heard(place, world.details(ahead=10))
    schedule = world.schedule()
    assert schedule.releases_at == datetime.combine(world.day(7), time(20, 0, 15), BEIJING)
    assert schedule.closes_at == world.at(world.day(10), 7)


def test_saying_the_same_again_changes_nothing_but_how_fresh_it_is() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    before = Schedule.objects.values().get()
    later = clock.now() + timedelta(minutes=5)
    outcome = world.heard(place, world.details(), at_=later)
    assert (outcome.created, outcome.changed, outcome.unchanged) == (0, 0, 1)
    assert Schedule.objects.values().get() == before | {"heard_at": later}
    assert AuditEntry.objects.filter(action="schedule.saved").count() == 1


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    older = clock.now() - timedelta(hours=1)
    outcome = world.heard(place, world.details(capacities=(9, 9), is_open=False), at_=older)
    assert (outcome.stale, outcome.changed, outcome.stopped) == (1, 0, 0)
    assert free() == [[1, 2, 3], [1, 2]]


def test_a_larger_capacity_adds_numbers_and_a_smaller_takes_none_from_anybody() -> None:
    place = world.hospital()
    world.heard(place, world.details(capacities=(5,)))
    slot = world.slots()[0]
    mine = [world.booked(slot) for _ in range(4)]
    world.heard(place, world.details(capacities=(7,)))
    assert free() == [[5, 6, 7]]
    world.heard(place, world.details(capacities=(2,)))
    assert free() == [[]]
    assert {booking.number for booking in Booking.objects.filter(state="booked")} == {1, 2, 3, 4}
    Booking.objects.filter(pk__in=[booking.pk for booking in mine[:3]]).update(state="cancelled")
    world.heard(place, world.details(capacities=(3,)))
    assert free() == [[1, 2]]


def test_a_place_on_its_way_back_is_counted_and_one_too_many_stays_away() -> None:
    place = world.hospital()
    world.heard(place, world.details(capacities=(3,)))
    slot = world.slots()[0]
    Slot.objects.filter(pk=slot.pk).update(free=[])
    for number in (1, 2, 3):
        ReturnedPlace.objects.create(slot=slot, number=number, returns_at=clock.now())
    world.heard(place, world.details(capacities=(2,)))
    assert free() == [[]]
    assert set(ReturnedPlace.objects.values_list("number", flat=True)) == {1, 2}


def test_a_band_that_is_not_named_any_more_goes_and_who_is_booked_in_it_is_told() -> None:
    place = world.hospital()
    world.heard(place, world.details(capacities=(3, 2, 1)))
    booking = world.booked(world.slots()[1])
    kept = world.booked(world.slots()[0])
    world.heard(place, world.details(capacities=(3,)))
    booking.refresh_from_db()
    kept.refresh_from_db()
    assert (booking.state, kept.state) == (BookingState.STOPPED, BookingState.BOOKED)
    assert [slot.stopped_at is not None for slot in world.slots()] == [False, True]
    assert (
        OutboxMessage.objects.get(topic="appointment.stopped.v1").payload["booking_id"] == booking.public_id
    )
    world.heard(place, world.details(capacities=(3, 2)))
    assert free() == [[2, 3], [1, 2]]


def test_a_session_on_another_day_is_another_session_to_who_is_booked() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    booking = world.booked(world.slots()[0])
    world.heard(place, world.details(ahead=2))
    booking.refresh_from_db()
    assert booking.state == BookingState.STOPPED
    assert world.schedule().date == world.day(2)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"department": "77"}, "department"),
        ({"doctor": "77"}, "doctor"),
        ({"session": "noon"}, "session"),
        ({"kind": "vip"}, "kind"),
        ({"fee_fen": -1}, "fee_fen"),
        ({"bands": ()}, "bands"),
        ({"code": ""}, "code"),
    ],
)
def test_what_does_not_fit_is_refused_alone(changes: dict[str, Any], field: str) -> None:
    place = world.hospital()
    outcome = world.heard(place, world.details(**changes), world.details("S2"))
    assert [refused.field for refused in outcome.refused] == [field]
    assert Schedule.objects.get().code == "S2"


def test_bands_that_overlap_or_lie_on_another_day_are_refused() -> None:
    place = world.hospital()
    first, second = world.bands(world.day(), 1, 1)
    overlapping = (first, replace(second, starts_at=first.starts_at + timedelta(minutes=5)))
    outcome = world.heard(
        place,
        world.details(bands=overlapping),
        world.details("S2", bands=world.bands(world.day(2), 1)),
    )
    assert [refused.field for refused in outcome.refused] == ["bands", "bands"]


def test_a_complete_list_stops_what_it_does_not_name_and_leaves_what_staff_keep() -> None:
    place = world.hospital()
    world.heard(place, world.details(), world.details("S2"), world.details("S9", ahead=9))
    schedules.apply_schedules(
        institution=place.public_id, said=[world.details("HAND")], heard_at=None, actor=people.CENTRE
    )
    booking = world.booked(world.slots("S2")[0])
    outcome = world.heard(place, world.details(), complete_for=Days(world.day(0), world.day(7)))
    booking.refresh_from_db()
    states = dict(Schedule.objects.values_list("code", "state"))
    assert outcome.stopped == 1
    assert states == {"S1": "open", "S2": "stopped", "S9": "open", "HAND": "open"}
    assert booking.state == BookingState.STOPPED
    assert OutboxMessage.objects.get(topic="schedule.stopped.v1").payload["reason"] == "withdrawn"


def test_an_empty_complete_list_is_a_fault_and_stops_nobody() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    with pytest.raises(errors.ScheduleListEmpty):
        world.heard(place, complete_for=Days(world.day(0), world.day(7)))
    assert world.schedule().state == ScheduleState.OPEN


def test_the_hospital_opens_again_what_it_stopped_but_not_what_staff_stopped() -> None:
    place = world.hospital()
    world.heard(place, world.details(is_open=False, stop_reason="设备检修"), world.details("S2"))
    assert (world.schedule().state, world.schedule().stop_reason) == (ScheduleState.STOPPED, "设备检修")
    assert free() == [[], []]
    admin = people.actor(people.staff(Role.INSTITUTION_ADMIN, place.public_id))
    schedules.stop_schedule(schedule=world.schedule("S2").public_id, reason="医生外出", actor=admin)
    outcome = world.heard(place, world.details(), world.details("S2"))
    assert outcome.stopped == 0
    assert (world.schedule().state, free()) == (ScheduleState.OPEN, [[1, 2, 3], [1, 2]])
    assert (world.schedule("S2").state, free("S2")) == (ScheduleState.STOPPED, [[], []])


def test_a_hospital_says_nothing_of_anothers_sessions() -> None:
    place, other = world.hospital(1), world.hospital(2)
    with pytest.raises(NotFound):
        schedules.apply_schedules(
            institution=place.public_id, said=[world.details()], heard_at=clock.now(), actor=other.system
        )
    clerk = people.actor(people.staff(Role.WINDOW_CLERK, place.public_id))
    for actor in (clerk, Actor.resident("x")):
        with pytest.raises(PermissionRefused):
            schedules.apply_schedules(
                institution=place.public_id, said=[world.details()], heard_at=None, actor=actor
            )


def test_a_list_of_known_sessions_costs_the_same_however_long_it_is(
    django_assert_max_num_queries: object,
) -> None:
    place = world.hospital()
    said = [world.details(f"S{number}") for number in range(40)]
    world.heard(place, *said)
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        outcome = world.heard(place, *said)
    assert outcome.unchanged == 40
