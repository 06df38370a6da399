"""Booking at a window, by keyboard, and what the admin shows of bookings."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments.models import Booking, Schedule
from foundation.core import clock
from institutions.rules import Role
from tests.appointments.booking import resident, row, rule, session
from tests.cards.world import holder
from tests.institutions import people as staff

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

DESK = "/window/appointments/"


def clerk_of(institution: str, role: Role = Role.WINDOW_CLERK) -> Client:
    return staff.at_work(Client(), staff.staff(role, institution))


def test_a_document_is_read_a_time_chosen_and_a_number_told() -> None:
    clinic, who = session(capacity=2), holder(name="测试甲")
    rule(clinic.institution, person_day_limit=1)
    Schedule.objects.update(releases_at=clock.now() + timedelta(hours=1))
    clerk = clerk_of(clinic.institution)
    answer = clerk.post(DESK, {"id_number": f"测试甲|{who.id_number}", "id_type": "01"})
    assert answer["Location"] == f"{DESK}times/"
    times = f"{DESK}times/?department={clinic.schedule.department.public_id}"
    assert times.partition("/times/")[2] in clerk.get(f"{DESK}times/").content.decode()
    assert clinic.slot in clerk.get(times).content.decode()
    answer = clerk.post(times, {"slot": clinic.slot})
    booking = Booking.objects.get()
    assert (booking.channel, booking.account, booking.state) == ("window", "", "booked")
    assert "1 号" in clerk.get(answer["Location"]).content.decode()
    assert clerk.post(answer["Location"])["Location"] == DESK
    booking.refresh_from_db()
    assert (booking.state, booking.end_reason) == ("cancelled", "staff")


def test_a_window_books_neither_for_strangers_nor_elsewhere() -> None:
    clinic, other, who = session(), session(), holder()
    clerk = clerk_of(clinic.institution)
    unknown = clerk.post(DESK, {"id_number": "110199195001019917", "id_type": "01"})
    assert unknown.status_code == 422
    assert clerk.get(f"{DESK}times/")["Location"] == DESK
    clerk.post(DESK, {"id_number": who.id_number, "id_type": "01"})
    times = f"{DESK}times/?department={other.schedule.department.public_id}"
    assert clerk.post(times, {"slot": other.slot}).status_code == 422
    ref = resident().books(other.slot)
    assert clerk.get(f"{DESK}{ref.booking_id}/").status_code == 404
    assert clerk_of(clinic.institution, Role.NURSE).get(DESK).status_code == 403


def test_the_admin_shows_bookings_of_the_own_institution_and_cancels() -> None:
    clinic, other = session(), session()
    mine, theirs = resident().books(clinic.slot), resident("13900001002").books(other.slot)
    clerk = clerk_of(clinic.institution)
    listed = clerk.get("/institution/appointments/booking/").content.decode()
    assert mine.booking_id in listed
    assert theirs.booking_id not in listed
    address = f"/institution/appointments/booking/{mine.booking_id}/do/cancel/"
    assert clerk.get(address).status_code == 200
    sent = {"reason": "患者来电", "ticket": "t" * 26}
    assert clerk.post(address, sent).status_code == 302
    assert row(mine).end_reason == "staff"
