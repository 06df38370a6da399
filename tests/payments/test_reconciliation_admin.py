"""Reconciliation on the staff's sites: the board, one difference from all sides, two people, files."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from institutions.rules import Role
from payments import services
from payments.models import Channel, Difference, StatementFile
from payments.reconciliation.rules import DifferenceState
from payments.selectors.books import check_books
from payments.services import closing, reconciling
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.payments.bank import Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, owed
from tests.payments.paying import channel
from tests.payments.stating import DAY, NEXT, NOON, fetch, line, paid_online, state

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-10")]

CENTRE, HOSPITAL = "/admin/payments/", "/institution/payments/"
BOARD = f"difference/board/?day={DAY.isoformat()}"


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    with time_machine.travel(NOON):
        yield Bank.books
        assert check_books() == []


@pytest.fixture
def place() -> Desk:
    return desk(role=Role.INSTITUTION_ADMIN)


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_the_board_shows_the_days_and_the_four_levels(
    client: Client, place: Desk, at: Channel, bank: Ledger
) -> None:
    people.at_work(client, place.account)
    assert "没有收款" in page(client, HOSPITAL + BOARD)
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt, amount_fen=1_100, fee_fen=7))
    fetch(at, DAY)
    shown = page(client, HOSPITAL + BOARD)
    for text in ("四级一致", "已导入", "¥12.00", "11.00", "0.07", "下载当日对账文件"):
        assert text in shown, text
    assert f'href="/institution/payments/difference/?day={DAY.isoformat()}">1<' in shown
    assert f"{DAY.isoformat()}</td>" in page(client, f"{HOSPITAL}{BOARD}&only=on")
    # Another hospital sees nothing of it.
    people.at_work(client, desk(2, Role.INSTITUTION_ADMIN).account)
    assert "没有收款" in page(client, HOSPITAL + BOARD)
    people.at_work(client, people.staff(Role.CENTRE_ADMIN))
    assert "第1医院" in page(client, CENTRE + BOARD)


def test_the_board_asks_as_much_for_many_payments_as_for_one(
    client: Client, place: Desk, at: Channel, bank: Ledger
) -> None:
    people.at_work(client, place.account)

    def asked() -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, HOSPITAL + BOARD)
        return len(asked)

    state(bank, DAY, line(paid_online(at, bank), amount_fen=1))
    fetch(at, DAY)
    page(client, HOSPITAL + BOARD)
    once = asked()
    state(bank, DAY, *(line(paid_online(at, bank), amount_fen=1) for _ in range(5)))
    fetch(at, DAY, NEXT)
    assert asked() == once
    assert once < 40


def test_two_people_decide_on_the_pages(client: Client, place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt), line(attempt, channel_ref="other"))
    fetch(at, DAY)
    row = Difference.objects.get()
    one = f"{HOSPITAL}difference/{row.public_id}/"
    people.at_work(client, place.account)
    assert "重复" in page(client, f"{HOSPITAL}difference/?state=open&kind=duplicate&day={DAY.isoformat()}")
    shown = page(client, f"{one}change/")
    for text in ("各方怎么说", attempt.public_id, "other", "提出处理"):
        assert text in shown, text
    submit(client, f"{one}do/propose/", act="return")
    refused = submit(client, f"{one}do/approve/")
    assert "提出处理的人不能自己复核" in refused.content.decode()
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place.institution, username="second"))
    submit(client, f"{one}do/approve/")
    row.refresh_from_db()
    assert row.state == DifferenceState.APPROVED
    history = page(client, f"{one}change/").partition("处理过程")[2]
    assert history.index("提出处理") < history.index("复核同意")
    people.at_work(client, people.staff(Role.WINDOW_CLERK, place.institution, username="cash"))
    assert client.get(f"{one}change/").status_code == 403
    assert client.get(HOSPITAL + BOARD).status_code == 403


def test_a_proposal_is_refused_and_what_needs_nothing_is_dismissed(
    client: Client, place: Desk, at: Channel, bank: Ledger
) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt, number="elsewhere", channel_ref="B9"), line(attempt), line(attempt))
    fetch(at, DAY)
    people.at_work(client, place.account)
    money, twice = Difference.objects.order_by("kind").reverse()
    one = f"{HOSPITAL}difference/{money.public_id}/"
    submit(client, f"{one}do/propose/", act="return")
    submit(client, f"{one}do/refuse/")
    money.refresh_from_db()
    assert money.state == DifferenceState.OPEN
    submit(client, f"{HOSPITAL}difference/{twice.public_id}/do/dismiss/")
    twice.refresh_from_db()
    assert twice.state == DifferenceState.DISMISSED


def test_a_day_is_downloaded_and_that_is_recorded(
    client: Client, place: Desk, at: Channel, bank: Ledger
) -> None:
    attempt = paid_online(at, bank)
    people.at_work(client, place.account)
    where = f"{HOSPITAL}difference/statement/?day={DAY.isoformat()}&institution={place.institution}"
    answer = client.get(where)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert attempt.public_id in answer.content.decode("utf-8-sig")
    assert AuditEntry.objects.filter(action="statement.downloaded", subject_id=place.institution).exists()
    # The institution is one's own, whatever the address says.
    people.at_work(client, desk(2, Role.INSTITUTION_ADMIN).account)
    assert attempt.public_id not in client.get(where).content.decode("utf-8-sig")
    assert client.get(f"{HOSPITAL}difference/statement/?day=yesterday").status_code == 404


def test_what_is_owed_is_downloaded(client: Client, place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt, fee_fen=7))
    fetch(at, DAY)
    till = owed(place.institution, total_fen=900)
    services.record_till_payment(bill=till.bill_id, captured_fen=900, receipt="SJ1", actor=SYSTEM)
    people.at_work(client, place.account)
    shown = page(client, HOSPITAL + BOARD)
    assert shown.partition("这几天合计应结")[2].partition("</dl>")[0].count("¥") == 1
    answer = client.get(f"{HOSPITAL}difference/clearing/?day={DAY.isoformat()}")
    assert answer["Content-Disposition"].endswith(f'-{DAY.isoformat()}.csv"')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["way"], row["came_yuan"], row["owed_yuan"], row["stated_came_yuan"]) for row in rows] == [
        ("banktest", "12.00", "11.93", "12.00"),
        ("till", "9.00", "0.00", ""),
    ]
    assert AuditEntry.objects.filter(action="statement.downloaded").exists()
    people.at_work(client, people.staff(Role.WINDOW_CLERK, place.institution, username="cash"))
    assert client.get(f"{HOSPITAL}difference/clearing/?day={DAY.isoformat()}").status_code == 403


def test_a_hospital_hands_its_file_in_and_a_fault_is_told_by_its_line(
    client: Client, place: Desk, at: Channel, bank: Ledger
) -> None:
    attempt = paid_online(at, bank)
    people.at_work(client, place.account)
    head = "kind,bill_no,amount_yuan,booked_at\n"

    def sent(text: str) -> str:
        file = SimpleUploadedFile("his.csv", text.encode(), "text/csv")
        answer = submit(
            client,
            f"{HOSPITAL}statementfile/add/",
            institution=place.institution,
            day=DAY.isoformat(),
            file=file,
        )
        return str(answer.content.decode())

    wrong = f"{head}payment,{attempt.bill.number},12,2026-11-18T09:30:00\n"
    assert "第 2 行不符合格式" in sent(wrong)
    sent(wrong.replace(",12,", ",11.00,"))
    file = StatementFile.objects.get(party="hospital")
    assert (file.count, file.given_by) == (1, place.account.public_id)
    reconciling.reconcile_file(file=file.public_id, actor=SYSTEM)
    assert Difference.objects.get().kind == "amount"
    assert "已导入" in page(client, f"{HOSPITAL}statementfile/")


def test_a_channel_is_asked_again(client: Client, place: Desk, at: Channel, bank: Ledger) -> None:
    fetch(at, DAY)
    people.at_work(client, place.account)
    file = StatementFile.objects.get()
    submit(client, f"{HOSPITAL}statementfile/{file.public_id}/do/again/")
    file.refresh_from_db()
    assert file.next_try_at is not None
    with time_machine.travel(NOON + timedelta(days=1)):
        closing.close_days(actor=SYSTEM)
    assert "测试银行" in page(client, f"{HOSPITAL}dailyclosing/")
