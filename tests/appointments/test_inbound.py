"""What a hospital's system tells of its sessions takes effect once, and the newest counts."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from appointments.models import Schedule
from appointments.rules import BookingState, ScheduleState
from appointments.rules.places import PlaceState
from appointments.selectors import search
from foundation.core import clock
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.gateway import inbound
from tests.appointments import world
from tests.interop.senders import event

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02"), pytest.mark.row("NT-01")]


def changed(code: str = "S1", *, capacity: int = 3, **more: Any) -> dict[str, Any]:
    day = world.day()
    return {
        "code": code,
        "department": "01",
        "doctor": "1001",
        "date": day.isoformat(),
        "session": "am",
        "bands": [
            {
                "starts_at": world.at(day, 8).isoformat(),
                "ends_at": world.at(day, 9).isoformat(),
                "capacity": capacity,
            }
        ],
        **more,
    }


def tell(place: world.Hospital, kind: str, seq: int, about: str = "S1", **data: Any) -> None:
    told = event(f"schedule.{kind}", seq=seq, aggregate=f"schedule:{about}", **data)
    inbound.accept(told, institution=place.public_id)
    relay.work_inbox()


def test_what_residents_read_equals_the_hospital_after_its_event(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    place = world.hospital()
    with django_capture_on_commit_callbacks(execute=True):
        tell(place, "changed", 1, **changed())
    public_id = world.schedule().public_id
    assert search.schedule(public_id).session.free == 3
    with django_capture_on_commit_callbacks(execute=True):
        tell(place, "changed", 2, **changed(capacity=0))
    assert search.schedule(public_id).session.state is PlaceState.FULL
    with django_capture_on_commit_callbacks(execute=True):
        tell(place, "stopped", 3, schedule_code="S1", reason="医生临时外出")
    assert search.schedule(public_id).session.state is PlaceState.STOPPED
    with django_capture_on_commit_callbacks(execute=True):
        tell(place, "changed", 4, **changed(capacity=2))
    assert search.schedule(public_id).session.free == 2


def test_a_stop_that_overtook_a_change_is_not_undone_by_it() -> None:
    place = world.hospital()
    tell(place, "changed", 1, **changed())
    tell(place, "stopped", 3, schedule_code="S1", reason="停诊")
    tell(place, "changed", 2, **changed(capacity=9))
    assert world.schedule().state == ScheduleState.STOPPED


def test_a_list_that_was_made_before_the_stop_does_not_open_it_again() -> None:
    place = world.hospital()
    before = clock.now()
    tell(place, "changed", 1, **changed())
    tell(place, "stopped", 2, schedule_code="S1", reason="停诊")
    world.heard(place, world.details(), at_=before)
    assert world.schedule().state == ScheduleState.STOPPED


def test_a_stop_told_twice_ends_each_booking_once_and_offers_the_other_session() -> None:
    place = world.hospital()
    tell(place, "changed", 1, **changed())
    tell(place, "changed", 1, "S2", **changed("S2"))
    booking = world.booked(world.slots()[0])
    for seq in (2, 3):
        tell(place, "stopped", seq, schedule_code="S1", reason="停诊", substitute="S2")
    booking.refresh_from_db()
    assert booking.state == BookingState.STOPPED
    told = OutboxMessage.objects.get(topic="appointment.stopped.v1").payload
    assert told["substitute"] == world.schedule("S2").public_id
    assert OutboxMessage.objects.get(topic="schedule.stopped.v1").payload["reason"] == "hospital"


def test_one_band_can_be_stopped() -> None:
    place = world.hospital()
    world.heard(place, world.details())
    starts_at = world.at(world.day(), 8, 30).isoformat()
    tell(place, "stopped", 1, schedule_code="S1", starts_at=starts_at)
    assert [slot.stopped_at is not None for slot in world.slots()] == [False, True]


def test_what_does_not_fit_waits_and_is_not_lost() -> None:
    place, other = world.hospital(1), world.hospital(2)
    world.heard(other, world.details("X"))
    tell(place, "changed", 1, **changed(department="77"))
    tell(place, "stopped", 1, "X", schedule_code="X")
    assert not Schedule.objects.exclude(code="X").exists()
    assert world.schedule("X").state == ScheduleState.OPEN
    assert set(InboxMessage.objects.values_list("state", "attempts")) == {("received", 1)}


def test_a_band_that_the_hospital_stopped_is_not_opened_by_a_list_made_before() -> None:
    place = world.hospital()
    before = clock.now()
    tell(place, "changed", 1, **changed())
    starts_at = world.at(world.day(), 8).isoformat()
    tell(place, "stopped", 2, schedule_code="S1", starts_at=starts_at, reason="会诊")
    world.heard(place, world.details(), at_=before)
    assert [(slot.stopped_at is not None, slot.stop_reason) for slot in world.slots()] == [(True, "会诊")]


@pytest.mark.parametrize("band", [False, True])
def test_a_stop_that_comes_after_something_newer_changes_nothing(band: bool) -> None:
    place = world.hospital()
    tell(place, "changed", 1, **changed())
    world.heard(place, world.details(), at_=clock.now() + timedelta(minutes=5))
    booking = world.booked(world.slots()[0])
    more = {"starts_at": world.at(world.day(), 8).isoformat()} if band else {}
    tell(place, "stopped", 2, schedule_code="S1", reason="已经取消的停诊", **more)
    booking.refresh_from_db()
    assert (world.schedule().state, booking.state) == (ScheduleState.OPEN, BookingState.BOOKED)
    assert [slot.stopped_at for slot in world.slots()] == [None, None]
