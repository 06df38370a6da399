"""The home page says what is next, the most pressing first, and to nobody else."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Ticket
from appointments.services import bookings, calling, check_in
from notifications.services import send_in_app
from tests.accounts.people import signed_in
from tests.appointments import booking, waiting
from tests.institutions.people import hospital
from tests.payments.owing import owed

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

# Session, account, holdings, persons, keys and the rooms; the rows of each room cost it none.
MOST_QUERIES = 25


def titles(client: Client) -> list[str]:
    page = client.get("/").content.decode()
    found = re.search(r'<ul class="list upcoming">(.*?)</ul>', page, re.DOTALL)
    return re.findall(r'<span class="row-title">(.*?)</span>', found[1]) if found else []


def test_nothing_to_come_is_not_said() -> None:
    who = booking.resident()
    client = signed_in(Client(), who.account)
    assert titles(client) == []
    page = client.get("/").content.decode()
    assert "接下来" not in page
    for link in ("/hospitals/", "/appointments/", "/queue/", "/records/", "/bills/", "/family/"):
        assert f'href="{link}"' in page


def test_what_presses_comes_first() -> None:
    who, place = booking.resident(), hospital(7)
    later = booking.session(institution=place, starts_in=timedelta(days=3), department="02")
    soon = booking.session(institution=place, starts_in=timedelta(hours=20), department="03")
    who.books(later.slot)
    who.books(soon.slot)
    held = booking.session(institution=place, starts_in=timedelta(days=2), department="04")
    bookings.hold_slot(slot=held.slot, patient=who.patient, by=who.by, actor=who.actor)
    bill = owed(place, person_pk=who.patient.person_pk, total_fen=1_234)
    send_in_app(
        account_id=who.account.public_id,
        kind="report.published",
        params={"report": "0" * 26},
        dedupe_key="test",
    )
    shown = titles(signed_in(Client(), who.account))
    assert [title.split(" ")[-1] for title in shown[:1]] == ["前确认"]
    assert shown[2:4] == ["有一份新的检查检验报告", "待支付 ¥12.34"]
    assert len(shown) == 5
    assert bill is not None
    stranger = booking.resident("13900001009", "测试丙")
    assert titles(signed_in(Client(), stranger.account)) == []


def test_whoever_is_called_sees_where_to_go_before_anything_else() -> None:
    where = waiting.clinic()
    who = waiting.resident()
    slot = waiting.session(where)
    ticket = check_in.check_in_at_desk(
        booking=waiting.booked(who, slot).public_id, priority=3, reason="", actor=where.nurse
    )
    client = signed_in(Client(), who.account)
    assert titles(client)[0].endswith("正在排队")

    queue = Ticket.objects.get(public_id=ticket).queue.public_id
    calling.call_next(queue=queue, desk="2 诊室", current="", actor=where.nurse)
    assert titles(client)[0] == "请到三层东 2 诊室"


def test_more_to_come_asks_the_database_no_more_often() -> None:
    who, place = booking.resident(), hospital(7)
    client = signed_in(Client(), who.account)
    who.books(booking.session(institution=place, department="02").slot)
    client.get("/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/")
    for serial in (3, 4):
        who.books(booking.session(institution=place, department=f"0{serial}").slot)
        owed(place, person_pk=who.patient.person_pk)
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) - len(few) <= 2
    assert len(many) <= MOST_QUERIES, len(many)
