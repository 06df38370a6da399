"""A clinic suspension ends every live booking once, tells of each, and lets nobody in after it."""

import pytest

from appointments import errors
from appointments.models import ReturnedPlace
from appointments.rules import BookingState, ScheduleState
from appointments.services.suspension import resume_schedule, stop_schedule, stop_schedules, stop_slot
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, PermissionRefused, StalePage
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from tests.appointments import world
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02"), pytest.mark.row("NT-01")]

CENTRE = Actor.system("tests")


def admin(place: world.Hospital) -> Actor:
    return people.actor(people.staff(Role.INSTITUTION_ADMIN, place.public_id))


def told() -> list[dict[str, str]]:
    return [
        row.payload for row in OutboxMessage.objects.filter(topic="appointment.stopped.v1").order_by("pk")
    ]


def test_every_live_booking_ends_and_whoever_booked_is_told() -> None:
    place = world.hospital()
    world.heard(place, world.details(), world.details("S2"))
    first, second = world.slots()
    live = [
        world.booked(first, account="A" * 26),
        world.booked(first, state=BookingState.HELD),
        world.booked(second, state=BookingState.ARRIVED),
    ]
    over = world.booked(second, state=BookingState.DONE)
    other = world.schedule("S2").public_id
    stopped = stop_schedule(
        schedule=world.schedule().public_id, reason="医生临时外出", substitute=other, actor=admin(place)
    )
    for booking in (*live, over):
        booking.refresh_from_db()
    assert (stopped.schedules, stopped.bookings) == (1, 3)
    assert {booking.state for booking in live} == {BookingState.STOPPED}
    assert over.state == BookingState.DONE
    assert world.schedule().stop_reason == "医生临时外出"
    assert told()[0] == {
        "booking_id": live[0].public_id,
        "person_id": live[0].person.public_id,
        "account_id": "A" * 26,
        "institution": place.public_id,
        "schedule_id": world.schedule().public_id,
        "substitute": other,
    }
    assert len(told()) == 3
    assert AuditEntry.objects.filter(action="appointment.stopped").count() == 3
    assert OutboxMessage.objects.get(topic="schedule.stopped.v1").payload["reason"] == "staff"


def test_nobody_finds_a_number_in_a_stopped_session_also_not_one_on_its_way_back() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    slot = world.slots()[0]
    ReturnedPlace.objects.create(slot=slot, number=9, returns_at=clock.now())
    stop_schedule(schedule=world.schedule().public_id, reason="停诊", actor=admin(place))
    assert [slot.free for slot in world.slots()] == [[], []]
    assert not ReturnedPlace.objects.exists()


def test_a_session_that_is_held_after_all_gives_out_the_numbers_that_nobody_had() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    first, _second = world.slots()
    ended = world.booked(first)
    seen = world.booked(first, state=BookingState.DONE)
    actor = admin(place)
    stop_schedule(schedule=world.schedule().public_id, reason="停诊", actor=actor)
    resume_schedule(schedule=world.schedule().public_id, reason="恢复", actor=actor)
    ended.refresh_from_db()
    assert (world.schedule().state, world.schedule().stop_reason) == (ScheduleState.OPEN, "")
    assert ended.state == BookingState.STOPPED
    assert seen.number == 2
    assert [slot.free for slot in world.slots()] == [[1, 3], [1, 2]]


def test_one_band_is_stopped_and_the_others_are_held() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    first, second = world.slots()
    hit, spared = world.booked(first), world.booked(second)
    actor = admin(place)
    stopped = stop_slot(slot=first.public_id, reason="会诊", actor=actor)
    hit.refresh_from_db()
    spared.refresh_from_db()
    assert stopped.bookings == 1
    assert (hit.state, spared.state) == (BookingState.STOPPED, BookingState.BOOKED)
    world.heard(place, world.details())
    assert [slot.free for slot in world.slots()] == [[], [2]]
    with pytest.raises(StalePage):
        stop_slot(slot=first.public_id, reason="会诊", actor=actor)
    resume_schedule(schedule=world.schedule().public_id, reason="恢复", actor=actor)
    assert [slot.free for slot in world.slots()] == [[1, 2, 3], [2]]
    assert {slot.stop_reason for slot in world.slots()} == {""}


def test_several_sessions_are_stopped_at_once_or_none() -> None:
    place = world.hospital()
    world.heard(place, world.details(), world.details("S2", ahead=2), world.details("S3", ahead=3))
    ids = [world.schedule(code).public_id for code in ("S1", "S2", "S3")]
    actor = admin(place)
    stop_schedule(schedule=ids[2], reason="停诊", actor=actor)
    with pytest.raises(StalePage):
        stop_schedules(schedules=ids, reason="停诊", actor=actor)
    assert world.schedule().state == ScheduleState.OPEN
    assert stop_schedules(schedules=ids[:2], reason="停诊", actor=actor).schedules == 2


def test_a_second_stop_meets_a_stale_page_and_tells_nobody_again() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    world.booked(world.slots()[0])
    actor = admin(place)
    stop_schedule(schedule=world.schedule().public_id, reason="停诊", actor=actor)
    with pytest.raises(StalePage):
        stop_schedule(schedule=world.schedule().public_id, reason="停诊", actor=actor)
    assert len(told()) == 1


def test_who_may_not_stop_and_what_cannot_be_offered_instead() -> None:
    place, other = world.hospital(1), world.hospital(2)
    world.heard(place, world.details())
    world.heard(other, world.details("X"))
    mine, theirs = world.schedule().public_id, world.schedule("X").public_id
    with pytest.raises(errors.ScheduleNotFound):
        stop_schedule(schedule=mine, reason="停诊", actor=admin(other))
    for substitute in (theirs, mine):
        with pytest.raises(errors.UnknownSubstitute):
            stop_schedule(schedule=mine, reason="停诊", substitute=substitute, actor=CENTRE)
    with pytest.raises(InvalidInput):
        stop_schedule(schedule=mine, reason="长" * 101, actor=CENTRE)
    clerk = people.actor(people.staff(Role.WINDOW_CLERK, place.public_id))
    with pytest.raises(PermissionRefused):
        stop_schedule(schedule=mine, reason="停诊", actor=clerk)
    assert world.schedule().state == ScheduleState.OPEN


def test_what_is_past_stays_as_it_was() -> None:
    place = world.hospital()
    world.heard(place, world.details(ahead=-1))
    with pytest.raises(errors.ScheduleOver):
        stop_schedule(schedule=world.schedule().public_id, reason="停诊", actor=admin(place))
