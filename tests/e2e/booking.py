"""The pages of booking: a band of time, and what became of a booking."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from playwright.sync_api import Page

from appointments.models import Booking
from appointments.rules import BookingState
from appointments.selectors.reach import patient_for
from appointments.services import bookings, care, coming
from appointments.services.suspension import stop_slot
from appointments.types import BookedBy
from foundation.core import clock
from institutions.models import Institution
from tests.appointments.booking import Clinic, moved, session, somebody
from tests.cards import world
from tests.e2e.people import CENTRE, Colleague, Resident, family_card, holder
from tests.e2e.shown import DESK, Opening, OpenPhone

Make = Callable[[Resident, Clinic], str]


def at_band(*, is_full: bool = False, is_stopped: bool = False, child: str = "") -> Opening:
    """A holder before the page that books."""

    def opened(phone: OpenPhone) -> Page:
        resident = holder()
        if child:
            family_card(resident, child)
        clinic = session(capacity=1 if is_full else 3, bands=3)
        if is_stopped:
            stop_slot(slot=clinic.slot, reason="医生参加急救", actor=CENTRE)
        page = phone(resident)
        page.goto(f"/appointments/new/{clinic.slot}/")
        if is_full:
            bookings.book_slot(
                slot=clinic.slot, patient=somebody(), by=BookedBy(channel="window"), actor=CENTRE
            )
            page.get_by_role("button", name="预约").click()
        return page

    return opened


def at_booking(path: str = "", state: str = BookingState.BOOKED, *, bands: int = 2) -> Opening:
    """Somebody before a booking that stands so."""

    def opened(phone: OpenPhone) -> Page:
        resident = holder()
        booking = booked(resident, session(bands=bands), state)
        page = phone(resident)
        page.goto(f"/appointments/{booking}/{path}")
        return page

    return opened


def booked(resident: Resident, clinic: Clinic, state: str = BookingState.BOOKED) -> str:
    """A booking of theirs that stands so; its public id."""
    patient = patient_for(resident.account.pk, resident.card().person.public_id)
    by = BookedBy(channel="h5", account=resident.account.public_id)
    is_held = state in {BookingState.HELD, BookingState.EXPIRED}
    deed = bookings.hold_slot if is_held else bookings.book_slot
    ref = deed(slot=clinic.slot, patient=patient, by=by, actor=resident.actor)
    if state == BookingState.MISSED:
        other = bookings.book_slot(
            slot=clinic.slot, patient=somebody(), by=replace(by, channel="window", account=""), actor=CENTRE
        )
        coming.arrive_booking(booking=other.booking_id, actor=CENTRE)
        for slot in clinic.slots:
            moved(slot, slot.starts_at - timedelta(days=2))
        clinic.schedule.date -= timedelta(days=2)
        clinic.schedule.save(update_fields=["date"])
        care.mark_missed(actor=CENTRE)
    elif state == BookingState.EXPIRED:
        Booking.objects.filter(public_id=ref.booking_id).update(held_until=clock.now())
        care.expire_holds(actor=CENTRE)
    elif state == BookingState.STOPPED:
        Booking.objects.filter(public_id=ref.booking_id).update(state=state)
    return ref.booking_id


def with_bookings() -> Resident:
    """A holder with bookings to come and one that was missed."""
    resident = holder()
    booked(resident, session())
    booked(resident, session(starts_in=timedelta(days=3)))
    booked(resident, session(), BookingState.MISSED)
    return resident


def at_window(*, reads: bool = False, books: bool = False) -> Opening:
    """A clerk of the demo's hospital who books for somebody."""

    def opened(phone: OpenPhone) -> Page:
        who = world.holder(name="测试甲")
        place = Institution.objects.get(hospital_id="90001").public_id
        session(institution=place, department="T1", capacity=5, starts_in=timedelta(minutes=5))
        page = phone(Colleague("window"), viewport=DESK)
        page.goto("/window/appointments/")
        if reads or books:
            page.keyboard.type(f"测试甲|{who.id_number}")
            page.keyboard.press("Enter")
            page.get_by_role("link", name="测试科T1").click()
        if books:
            page.locator("input[name=slot]").first.check()
            page.get_by_role("button", name="预约").click()
            page.wait_for_url(lambda url: "times" not in url)
        return page

    return opened
