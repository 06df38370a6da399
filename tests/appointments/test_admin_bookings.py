"""How bookings look on the admins: in words, by the day of the visit, without choices that lead nowhere."""

from datetime import timedelta

import pytest
from django.test import Client

from appointments.models import Booking
from appointments.services import bookings
from appointments.types import BookedBy
from foundation.core import clock
from institutions.admin_base import shown_time
from institutions.rules import Role
from tests.appointments.booking import Clinic, session, somebody
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]

LIST = "appointments/booking/"


def at_work(role: Role, institution: str = "") -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    return people.at_work(client, people.staff(role, institution))


def booked(clinic: Clinic) -> Booking:
    ref = bookings.book_slot(
        slot=clinic.slot, patient=somebody(), by=BookedBy(channel="window"), actor=people.CENTRE
    )
    return Booking.objects.get(public_id=ref.booking_id)


def test_a_booking_is_told_in_words_and_moments_on_a_clock_in_beijing() -> None:
    row = booked(session())
    client = at_work(Role.INSTITUTION_ADMIN, row.institution.public_id)
    listed = client.get(f"/institution/{LIST}").content.decode()
    page = client.get(f"/institution/{LIST}{row.public_id}/change/").content.decode()
    assert "人工窗口" in listed
    assert shown_time(row.created_at) in page
    for raw in ("window", "None", "fee_fen"):
        assert f">{raw}<" not in page.replace("\n", "")


@pytest.mark.parametrize(("days", "visit", "found"), [(1, "tomorrow", 1), (1, "today", 0), (3, "week", 1)])
def test_bookings_are_found_by_the_day_of_the_visit(days: int, visit: str, found: int) -> None:
    moment = clock.beijing(clock.now())
    noon = moment.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=days)
    row = booked(session(starts_in=noon - moment))
    client = at_work(Role.INSTITUTION_ADMIN, row.institution.public_id)
    shown = client.get(f"/institution/{LIST}", {"visit": visit})
    assert shown.context["cl"].result_count == found


def test_only_who_sees_several_institutions_chooses_one() -> None:
    row = booked(session())
    own = at_work(Role.INSTITUTION_ADMIN, row.institution.public_id).get(f"/institution/{LIST}")
    all_of_them = at_work(Role.CENTRE_ADMIN).get(f"/admin/{LIST}")
    assert "institution__id__exact" not in own.content.decode()
    assert "institution" in str(all_of_them.context["cl"].list_filter)
    assert "institution" not in own.context["cl"].list_filter
