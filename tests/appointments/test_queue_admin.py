"""What an institution settles for its waiting areas."""

from decimal import Decimal

import pytest
from django.test import Client

from appointments.errors import QueueNotFound
from appointments.models import CallScreen, CheckInRule
from appointments.services import screens
from foundation.core.errors import InvalidInput, NotFound, PermissionRefused, StalePage
from institutions.rules import Role
from tests.appointments.waiting import Clinic, arrived, clinic, session
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-05")]


@pytest.fixture
def where() -> Clinic:
    return clinic()


def manager(institution: str, name: str = "manager") -> Client:
    account = people.staff(Role.INSTITUTION_ADMIN, institution, username=name)
    return people.at_work(Client(), account)


def test_an_institution_settles_where_it_stands(where: Clinic) -> None:
    client = manager(where.institution)
    body = {
        "institution": where.institution,
        "latitude": "30.5",
        "longitude": "114.3",
        "radius_metres": "400",
        "opens_minutes": "90",
        "reason": "开通定位签到",
        "ticket": "a" * 26,
    }
    path = "/institution/appointments/checkinrule/add/"
    half = client.post(path, {**body, "longitude": ""})
    assert "纬度和经度要一起填" in half.content.decode()
    assert client.post(path, body).status_code == 302
    rule = CheckInRule.objects.get()
    assert (float(rule.latitude or 0), rule.radius_metres, rule.opens_minutes) == (30.5, 400, 90)


def test_a_screen_is_opened_and_closed(where: Clinic) -> None:
    client = manager(where.institution)
    body = {"department": where.department, "name": "三层东", "reason": "新装大屏", "ticket": "a" * 26}
    made = client.post("/institution/appointments/callscreen/add/", body, follow=True)
    screen = CallScreen.objects.get()
    assert f"/screen/{screen.key}/" in made.content.decode()
    path = f"/institution/appointments/callscreen/{screen.public_id}/do/close/"
    assert client.post(path, {"reason": "拆除", "ticket": "b" * 26}).status_code == 302
    screen.refresh_from_db()
    assert not screen.is_open


def test_only_ones_own_and_only_by_duty(where: Clinic) -> None:
    other = people.hospital(2)
    stranger = people.actor(people.staff(Role.INSTITUTION_ADMIN, other))
    with pytest.raises(QueueNotFound):
        screens.open_screen(department=where.department, name="大屏", reason="试试", actor=stranger)
    with pytest.raises(NotFound):
        screens.set_check_in_rule(
            institution=where.institution,
            point=None,
            radius_metres=300,
            opens_minutes=60,
            reason="试试",
            actor=stranger,
        )
    with pytest.raises(PermissionRefused):
        screens.open_screen(department=where.department, name="大屏", reason="试试", actor=where.nurse)
    own = people.actor(people.staff(Role.INSTITUTION_ADMIN, where.institution))
    made = screens.open_screen(department=where.department, name="大屏", reason="新装", actor=own)
    with pytest.raises(StalePage):
        screens.close_screen(screen=made, reason="试试", actor=stranger)
    with pytest.raises(InvalidInput):
        screens.set_check_in_rule(
            institution=where.institution,
            point=(Decimal(95), Decimal(0)),
            radius_metres=300,
            opens_minutes=60,
            reason="试试",
            actor=own,
        )


def test_the_list_of_tickets_shows_nobodys_name(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1, name="测试王五")
    client = manager(where.institution)
    page = client.get("/institution/appointments/ticket/").content.decode()
    assert ticket.code in page
    assert "王五" not in page
    assert client.get(f"/institution/appointments/ticket/{ticket.public_id}/change/").status_code == 200
    assert client.get("/institution/appointments/queue/").status_code == 200


def test_staff_find_the_way_to_their_own_desks(where: Clinic) -> None:
    pages = {
        role: people.at_work(Client(), people.staff(role, where.institution, username=role.value))
        .get("/institution/")
        .content.decode()
        for role in (Role.NURSE, Role.PHARMACIST)
    }
    assert "/window/queues/" in pages[Role.NURSE]
    assert "/window/pharmacy/" not in pages[Role.NURSE]
    assert "/window/pharmacy/" in pages[Role.PHARMACIST]
    assert "/window/queues/" not in pages[Role.PHARMACIST]
