"""Bookings with a fee: a held place and its bill stand and fall together."""

import pytest
import time_machine

from appointments.events import AppointmentBooked
from appointments.models import ReturnedPlace
from appointments.services import bookings, care, leaving, suspension
from foundation.core.actor import Actor
from foundation.events import relay
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from payments import services as payments
from payments.models import Bill, Refund
from tests.appointments.booking import Clinic, Resident, resident, row, session
from tests.institutions import people as staff

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

FEE = 1_500
SYSTEM = Actor.system("tests")


def told() -> None:
    """Let the relay bring everything to whom it concerns."""
    while relay.expand() + relay.deliver():
        continue


def cashier(clinic: Clinic) -> Actor:
    return staff.actor(staff.staff(Role.WINDOW_CLERK, clinic.institution))


def test_a_place_with_a_fee_is_held_until_its_bill_is_paid() -> None:
    clinic, who = session(fee_fen=FEE), resident()
    ref = who.books(clinic.slot)
    bill = Bill.objects.get(public_id=ref.bill)
    assert (ref.state, bill.total_fen, bill.expires_at) == ("held", FEE, ref.held_until)
    assert not OutboxMessage.objects.filter(topic=AppointmentBooked.topic).exists()
    payments.pay_in_cash(bill=ref.bill, received_fen=2_000, actor=cashier(clinic))
    told()
    assert row(ref).state == "booked"
    assert OutboxMessage.objects.filter(topic=AppointmentBooked.topic).count() == 1
    told()
    assert row(ref).state == "booked"


def test_what_nobody_pays_goes_back_with_its_bill() -> None:
    clinic, who = session(fee_fen=FEE), resident()
    ref = who.books(clinic.slot)
    assert ref.held_until is not None
    with time_machine.travel(ref.held_until, tick=False):
        assert care.expire_holds(actor=SYSTEM) == 0
        assert payments.expire_bills() == 1
        told()
    assert (row(ref).state, row(ref).end_reason) == ("expired", "bill_over")
    assert ReturnedPlace.objects.count() == 1


def test_money_that_comes_after_the_end_is_owed_back() -> None:
    clinic, who = session(fee_fen=FEE), resident()
    ref = who.books(clinic.slot)
    leaving.cancel_booking(booking=ref.booking_id, actor=who.actor)
    assert Bill.objects.get(public_id=ref.bill).state == "cancelled"
    payments.record_till_payment(bill=ref.bill, captured_fen=FEE, receipt="SJ1", actor=SYSTEM)
    told()
    assert row(ref).state == "cancelled"
    assert Refund.objects.get().amount_fen == FEE


def test_a_paid_booking_that_is_cancelled_is_paid_back_and_a_change_takes_the_bill_along() -> None:
    clinic, who = session(fee_fen=FEE, bands=2), resident()
    ref = who.books(clinic.slot)
    payments.pay_in_cash(bill=ref.bill, received_fen=FEE, actor=cashier(clinic))
    told()
    changed = leaving.change_booking(booking=ref.booking_id, slot=clinic.slots[1].public_id, actor=who.actor)
    assert changed.bill == ref.bill
    assert not Refund.objects.exists()
    leaving.cancel_booking(booking=changed.booking_id, actor=who.actor)
    assert (Refund.objects.get().amount_fen, Refund.objects.get().reason) == (FEE, "cancelled")


def paid_and_waiting(clinic: Clinic) -> tuple[Resident, Resident]:
    first, second = resident(), resident("13900001002")
    ref = first.books(clinic.slot)
    second.books(clinic.slot)
    payments.pay_in_cash(bill=ref.bill, received_fen=FEE, actor=cashier(clinic))
    told()
    return first, second


def test_a_suspension_pays_back_what_was_paid_and_cancels_what_was_not() -> None:
    clinic = session(fee_fen=FEE)
    paid_and_waiting(clinic)
    suspension.stop_schedule(schedule=clinic.schedule.public_id, reason="停诊", actor=SYSTEM)
    told()
    assert sorted(Bill.objects.values_list("state", flat=True)) == ["cancelled", "paid"]
    assert Refund.objects.get().reason == "stopped"


def test_what_was_held_first_gets_its_bill_when_it_is_confirmed() -> None:
    clinic, who = session(fee_fen=FEE), resident()
    ref = bookings.hold_slot(slot=clinic.slot, patient=who.patient, by=who.by, actor=who.actor)
    assert ref.bill == ""
    first = bookings.confirm_booking(booking=ref.booking_id, actor=who.actor)
    again = bookings.confirm_booking(booking=ref.booking_id, actor=who.actor)
    assert first.bill == again.bill != ""
    assert first.state == "held"
