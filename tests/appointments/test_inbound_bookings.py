"""Bookings that hospitals make, move and cancel themselves."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.handlers import on_appointment_cancelled
from appointments.models import Booking, Schedule, Ticket
from appointments.services import calling, check_in
from cards.models import Card
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.events.services import Message
from foundation.events.types import InboxState
from foundation.gateway import inbound
from institutions.rules import Role
from portal.wiring import SUBSCRIPTIONS
from tests.appointments.booking import Clinic, free, resident, session
from tests.cards.holding import CardHolder, card_holder
from tests.institutions import people
from tests.interop.senders import event
from tests.interop.world import Place

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def who() -> CardHolder:
    return card_holder()


def clinic_of(place: Place, **more: Any) -> Clinic:
    return session(institution=place.public_id, **more)


def tell(place: Place, who: CardHolder, kind: str, *, seq: int = 1, number: str = "B1", **data: Any) -> None:
    patient = {"health_card_id": who.card.numbers.get().value}
    told = event(kind, seq=seq, aggregate=f"booking:{number}", booking_no=number, patient=patient, **data)
    inbound.accept(told, institution=place.public_id)
    relay.work_inbox()


def where(clinic: Clinic, band: int = 0) -> dict[str, Any]:
    code = Schedule.objects.get(pk=clinic.schedule.pk).code
    return {
        "schedule_code": code,
        "starts_at": clock.beijing(clinic.slots[band].starts_at).isoformat(),
    }


def test_what_the_hospital_books_takes_its_number_here(place: Place, who: CardHolder) -> None:
    clinic = clinic_of(place)
    tell(place, who, "appointment.booked", **where(clinic))
    booking = Booking.objects.get()
    assert (booking.channel, booking.hospital_ref, booking.state) == ("hospital", "B1", "booked")
    assert free(clinic.slot) == [2, 3]


def test_a_booking_of_ours_that_the_hospital_writes_down_gets_its_number(place: Place) -> None:
    clinic, who = clinic_of(place), resident()
    ref = who.books(clinic.slot)
    card = card_of(who.patient.person_pk)
    patient = {"health_card_id": card}
    told = event(
        "appointment.booked", seq=1, aggregate="booking:B7", booking_no="B7", patient=patient, **where(clinic)
    )
    inbound.accept(told, institution=place.public_id)
    relay.work_inbox()
    booking = Booking.objects.get()
    assert (booking.public_id, booking.hospital_ref) == (ref.booking_id, "B7")
    assert free(clinic.slot) == [2, 3]


def test_a_booking_is_moved_and_cancelled_by_its_number(place: Place, who: CardHolder) -> None:
    clinic = clinic_of(place, bands=2)
    other = clinic_of(place, department="02")
    tell(place, who, "appointment.booked", **where(clinic))
    tell(place, who, "appointment.rescheduled", seq=2, **where(clinic, 1))
    live = Booking.objects.get(state="booked")
    assert live.slot == clinic.slots[1]
    tell(place, who, "appointment.rescheduled", seq=3, **where(other))
    live = Booking.objects.get(state="booked")
    assert (live.slot, live.hospital_ref) == (other.slots[0], "B1")
    tell(place, who, "appointment.cancelled", seq=4)
    assert not Booking.objects.filter(state="booked").exists()


@pytest.mark.parametrize("called", [False, True])
def test_a_visit_that_the_hospital_calls_off_after_check_in_ends_its_waiting(
    noon: None, place: Place, who: CardHolder, called: bool
) -> None:
    clinic = clinic_of(place, starts_in=timedelta(minutes=30))
    tell(place, who, "appointment.booked", **where(clinic))
    booking = Booking.objects.get()
    nurse = people.actor(people.staff(Role.NURSE, place.public_id))
    check_in.check_in_at_desk(booking=booking.public_id, priority=3, reason="", actor=nurse)
    if called:
        queue = Ticket.objects.get().queue.public_id
        calling.call_next(queue=queue, desk="1", current="", actor=nurse)
    tell(place, who, "appointment.cancelled", seq=2)
    # The hospital says it again.
    tell(place, who, "appointment.cancelled", seq=3)
    booking.refresh_from_db()
    assert (booking.state, booking.end_reason) == ("cancelled", "hospital")
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {InboxState.DONE}
    [told] = OutboxMessage.objects.filter(topic="appointment.cancelled.v1")
    assert "appointments.handlers.on_appointment_cancelled" in SUBSCRIPTIONS[told.topic]
    for _time in range(2):
        on_appointment_cancelled(Message("m" * 26, told.topic, told.payload))
    assert Ticket.objects.get().state == "left"
    assert AuditEntry.objects.filter(action="queue.left").count() == 1


def test_a_visit_that_is_over_stays_so_whatever_the_hospital_cancels(place: Place, who: CardHolder) -> None:
    clinic = clinic_of(place)
    tell(place, who, "appointment.booked", **where(clinic))
    Booking.objects.update(state="done", ended_at=clock.now(), end_reason="seen")
    tell(place, who, "appointment.cancelled", seq=2)
    assert Booking.objects.get().state == "done"
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {InboxState.DONE}


def test_a_visit_is_moved_after_check_in_by_another_booking(place: Place, who: CardHolder) -> None:
    clinic = clinic_of(place, bands=2)
    tell(place, who, "appointment.booked", **where(clinic))
    Booking.objects.update(state="arrived", arrived_at=clock.now())
    tell(place, who, "appointment.rescheduled", seq=2, **where(clinic, 1))
    assert list(Booking.objects.order_by("pk").values_list("state", "slot")) == [
        ("cancelled", clinic.slots[0].pk),
        ("booked", clinic.slots[1].pk),
    ]


def test_a_booking_of_a_session_that_is_not_known_yet_waits(place: Place, who: CardHolder) -> None:
    tell(place, who, "appointment.booked", schedule_code="NONE", starts_at="2026-11-22T08:30:00+08:00")
    assert InboxMessage.objects.get().state == "received"
    assert not Booking.objects.exists()


def card_of(person_pk: int) -> str:
    return str(Card.objects.get(person=person_pk).numbers.get().value)
