"""Two presses of the button that confirms a held place open one bill; and what happens without the lock."""

import pytest

from appointments.errors import BookingStateConflict
from appointments.models import Booking
from appointments.services import bookings, care
from foundation.core import clock
from payments.errors import BillTaken
from payments.models import Bill
from tests.appointments.booking import Resident, resident, session
from tests.cards.world import CENTRE
from tests.concurrency.waiting import overtaken

pytestmark = [pytest.mark.row("OP-03"), pytest.mark.django_db(transaction=True)]


def holding() -> tuple[Resident, str]:
    clinic, who = session(fee_fen=1_500), resident()
    ref = bookings.hold_slot(slot=clinic.slot, patient=who.patient, by=who.by, actor=who.actor)
    return who, ref.booking_id


def test_the_second_press_is_led_to_the_bill_of_the_first() -> None:
    who, booking = holding()

    def press() -> str:
        return bookings.confirm_booking(booking=booking, actor=who.actor).bill

    assert overtaken(first=press, then=press) == Bill.objects.get().public_id


def test_reading_first_and_opening_the_bill_afterwards_refuses_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    who, booking = holding()
    monkeypatch.setattr(type(Booking.objects.all()), "select_for_update", lambda rows, **_kinds: rows)

    def press() -> None:
        bookings.confirm_booking(booking=booking, actor=who.actor)

    with pytest.raises(BillTaken):
        overtaken(first=press, then=press)


def test_a_hold_that_has_ended_beside_it_is_not_confirmed() -> None:
    who, booking = holding()

    def end() -> None:
        Booking.objects.update(held_until=clock.now())
        assert care.expire_holds(actor=CENTRE) == 1

    def press() -> str:
        try:
            return bookings.confirm_booking(booking=booking, actor=who.actor).bill
        except BookingStateConflict:
            return "over"

    assert overtaken(first=end, then=press) == "over"
    assert not Bill.objects.exists()
