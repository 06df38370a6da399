"""Two clicks on one button of the pages of appointments: both lead on alike, and one of them has done it."""

import pytest
from django.db import transaction

from appointments.models import Booking, Ticket
from appointments.services import bookings, check_in
from appointments.services.leaving import cancel_booking
from foundation.audit.models import AuditEntry
from tests.appointments import waiting
from tests.appointments.booking import Resident, resident, session
from tests.appointments.examining import examining, order
from tests.cards.world import CENTRE
from tests.clicking import BOTH_WAYS, Clicks, press

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-03")]


@pytest.fixture(params=BOTH_WAYS)
def clicks(request: pytest.FixtureRequest) -> Clicks:
    """How the two clicks come."""
    made: Clicks = request.param
    return made


@pytest.fixture
def who(transactional_db: None) -> Resident:
    return resident()


def entries(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


@pytest.mark.parametrize(("capacity", "fee_fen"), [(3, 0), (1, 0), (3, 1_500)])
def test_a_place_is_taken_once(clicks: Clicks, who: Resident, capacity: int, fee_fen: int) -> None:
    with transaction.atomic():
        clinic = session(capacity=capacity, fee_fen=fee_fen)
    told = clicks(who.account, f"/appointments/new/{clinic.slot}/", {"who": [who.patient.person_id]})
    assert told == [(302, f"/appointments/{Booking.objects.get().public_id}/")] * 2


def test_a_place_that_somebody_else_took_is_said(who: Resident) -> None:
    with transaction.atomic():
        clinic, other = session(capacity=1), resident("13900001002", "测试乙")
    body = {"who": [who.patient.person_id]}
    other.books(clinic.slot)
    assert press(who.account, f"/appointments/new/{clinic.slot}/", body)[0] == 422


@pytest.mark.parametrize("fee_fen", [0, 1_500])
def test_a_held_place_is_confirmed_once(clicks: Clicks, who: Resident, fee_fen: int) -> None:
    with transaction.atomic():
        clinic = session(fee_fen=fee_fen)
    held = bookings.hold_slot(slot=clinic.slot, patient=who.patient, by=who.by, actor=who.actor)
    page = f"/appointments/{held.booking_id}/"
    told = clicks(who.account, f"{page}confirm/", {})
    bill = Booking.objects.get().bill
    assert told == [(302, f"/bills/{bill}/" if bill else page)] * 2
    assert entries("appointment.booked") == (0 if fee_fen else 1)


def test_a_booking_is_cancelled_once(clicks: Clicks, who: Resident) -> None:
    with transaction.atomic():
        clinic = session()
    page = f"/appointments/{who.books(clinic.slot).booking_id}/"
    assert clicks(who.account, f"{page}cancel/", {}) == [(302, page)] * 2
    assert entries("appointment.cancelled") == 1


def test_what_the_hospital_has_cancelled_meanwhile_is_said(who: Resident) -> None:
    with transaction.atomic():
        ref = who.books(session().slot)
    cancel_booking(booking=ref.booking_id, actor=CENTRE)
    assert press(who.account, f"/appointments/{ref.booking_id}/cancel/", {})[0] == 409


def test_a_booking_is_changed_once(clicks: Clicks, who: Resident) -> None:
    with transaction.atomic():
        clinic = session(bands=3)
    old = who.books(clinic.slot).booking_id
    change = f"/appointments/{old}/change/"
    told = clicks(who.account, change, {"slot": clinic.slots[1].public_id})
    new = Booking.objects.get(moved_from__public_id=old)
    assert told == [(302, f"/appointments/{new.public_id}/")] * 2
    assert (new.slot_id, entries("appointment.moved")) == (clinic.slots[1].pk, 1)
    # Another wish for what is gone leads to the booking that it was.
    other = press(who.account, change, {"slot": clinic.slots[2].public_id})
    assert other == (302, f"/appointments/{old}/")


@pytest.mark.row("OP-09")
def test_examinations_are_booked_once(clicks: Clicks, who: Resident) -> None:
    with transaction.atomic():
        place = examining()
        [ct] = place.orders(who.patient.person_pk, "CT")
        [slot] = place.opens("92", 1)
    assert clicks(who.account, f"/exams/{ct}/", {f"slot-{ct}": slot}) == [(302, "/exams/")] * 2
    assert order(ct).booking is not None
    assert Booking.objects.count() == 1


@pytest.mark.row("OP-05")
def test_a_queue_is_left_once(clicks: Clicks, noon: None, transactional_db: None) -> None:
    with transaction.atomic():
        here, patient = waiting.clinic(), waiting.resident()
        booking = waiting.booked(patient, waiting.session(here))
    ticket = check_in.check_in_at_desk(booking=booking.public_id, priority=3, reason="", actor=here.nurse)
    assert clicks(patient.account, f"/queue/{ticket}/leave/", {}) == [(302, "/queue/")] * 2
    assert (Ticket.objects.get().state, entries("queue.left")) == ("left", 1)
