"""What each channel owes: by day, on four levels, in closed days, and in files."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, transaction
from pytest_django import Settings

from institutions.rules import Role
from payments.errors import StatementUnreadable
from payments.models import Channel, DailyClosing, Difference
from payments.reconciliation import files
from payments.reconciliation.rules import ItemKind
from payments.selectors.books import check_books
from payments.selectors.clearing import Sums, clearing, levels
from payments.selectors.statements import Stated, statement_of
from payments.services import closing, statements
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk, paid
from tests.payments.paying import channel, tell
from tests.payments.stating import DAY, NEXT, NOON, fetch, line, paid_online, refund_line, refunded, state

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-11")]


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


def a_day(place: Desk, at: Channel, bank: Ledger) -> None:
    """Two payments at the bank, a refund, cash, and money of nobody; the bank states all but the cash."""
    first, second = paid_online(at, bank), paid_online(at, bank, total_fen=900)
    given = refunded(second, 400)
    paid(place, total_fen=500)
    tell(at, {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"})
    state(
        bank,
        DAY,
        line(first, fee_fen=7),
        line(second, fee_fen=5),
        line(first, number="elsewhere", channel_ref="B9", amount_fen=700, fee_fen=4),
        refund_line(given, fee_fen=-2),
    )
    fetch(at, DAY)


def test_what_each_channel_owes_is_what_its_statement_says(place: Desk, at: Channel, bank: Ledger) -> None:
    a_day(place, at, bank)
    by_bank, cash = clearing(actor=place.actor, first=DAY, last=DAY)
    assert (by_bank.provider, by_bank.sums, by_bank.fee_fen) == (CODE, Sums(3, 2_800, 1, 400), 14)
    assert by_bank.stated is not None
    assert (by_bank.stated.came_fen, by_bank.stated.went_fen) == (2_800, 400)
    assert (by_bank.owed_fen, by_bank.differences) == (2_800 - 400 - 14, 1)
    assert (cash.provider, cash.sums, cash.stated) == ("cash", Sums(1, 500, 0, 0), None)


def test_the_four_levels_agree(place: Desk, at: Channel, bank: Ledger) -> None:
    a_day(place, at, bank)
    found = levels(actor=place.actor, day=DAY)
    assert found.agree
    assert found.total == found.detail == Sums(4, 3_300, 1, 400)
    assert sorted(sums.came_fen for _app, sums in found.applications) == [500, 700, 2_100]
    assert levels(actor=desk(2).actor, day=DAY).total == Sums()


def test_a_day_is_closed_once_and_stays_as_it_was(place: Desk, at: Channel, bank: Ledger) -> None:
    a_day(place, at, bank)
    assert closing.close_days(actor=SYSTEM) == 0  # the day is not over
    with time_machine.travel(NOON + timedelta(days=1)):
        assert (closing.close_days(actor=SYSTEM), closing.close_days(actor=SYSTEM)) == (2, 0)
    row = DailyClosing.objects.get(provider=CODE)
    assert (row.gross_fen, row.refund_fen, row.stated_gross_fen, row.fee_fen, row.differences) == (
        2_800,
        400,
        2_800,
        14,
        1,
    )
    for change in ({"gross_fen": 1}, {"differences": 0}):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            DailyClosing.objects.update(**change)


def test_a_day_that_was_closed_otherwise_is_found(place: Desk, at: Channel) -> None:
    paid(place, total_fen=500)
    with transaction.atomic():
        DailyClosing.objects.create(
            institution=at.institution,
            provider="cash",
            day=DAY,
            payments=1,
            refunds=0,
            gross_fen=501,
            refund_fen=0,
            differences=0,
            closed_at=NOON,
        )
        [finding] = check_books()
        assert (finding.rule, finding.found, finding.wanted) == (
            "a closed day stays as it was closed",
            501,
            500,
        )
        transaction.set_rollback(True)


@pytest.mark.row("HI-06")
def test_the_bill_query_and_the_file_reconcile_to_zero(place: Desk, at: Channel, bank: Ledger) -> None:
    a_day(place, at, bank)
    rows = statement_of(actor=place.actor, institution=place.institution, day=DAY)
    content = files.written(rows)
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    def fen(text: str) -> int:
        return int(text.replace(".", ""))

    def net(kind: str, amount: int) -> int:
        return -amount if kind in {"refund", "suspense_returned"} else amount

    by_file = sum(net(each["kind"], fen(each["amount_yuan"])) for each in lines)
    by_query = sum(net(row.kind, row.amount_fen) for row in rows)
    assert by_file - by_query == 0
    assert by_query == levels(actor=place.actor, day=DAY).total.net_fen
    assert {each["amount_yuan"] for each in lines} == {"12.00", "9.00", "4.00", "5.00", "7.00"}
    assert sum(fen(each["fee_yuan"]) for each in lines) == 12
    assert statement_of(actor=desk(2).actor, institution=place.institution, day=DAY) == []


def test_no_cell_of_a_file_is_taken_for_a_formula() -> None:
    row = Stated("payment", NOON, "banktest", 1, payment_id="=1+1", receipt="@SUM(A1)", channel_ref="-2+3")
    [cells] = list(csv.DictReader(io.StringIO(files.written([row]).decode("utf-8-sig"))))
    assert (cells["payment_id"], cells["receipt_no"], cells["channel_ref"]) == ("'=1+1", "'@SUM(A1)", "'-2+3")


GOOD = "kind,bill_no,amount_yuan,booked_at,receipt_no\r\npayment,MZ1,12.05,2026-11-18T09:30:00,SJ1\r\n"


def test_a_hospitals_file_is_read_whole() -> None:
    [row] = files.read(("\ufeff" + GOOD).encode())
    assert (row.kind, row.bill_number, row.amount_fen, row.receipt) == (ItemKind.PAYMENT, "MZ1", 1_205, "SJ1")
    assert row.at.isoformat() == "2026-11-18T09:30:00+08:00"
    assert files.read(GOOD.splitlines()[0].encode()) == []


@pytest.mark.parametrize(
    ("old", "new", "line_number"),
    [
        ("12.05", "12.5", 2),
        ("12.05", "-12.05", 2),
        ("payment,", "sale,", 2),
        ("MZ1", "", 2),
        ("2026-11-18T", "yesterday ", 2),
        ("SJ1", "SJ1,more", 2),
        ("SJ1", "x" * 65, 2),
        ("bill_no", "invoice", 1),
    ],
)
def test_a_hospitals_file_with_a_fault_is_not_taken(old: str, new: str, line_number: int) -> None:
    with pytest.raises(StatementUnreadable) as refused:
        files.read(GOOD.replace(old, new).encode())
    assert refused.value.params["line"] == line_number


def test_an_operator_reconciles_a_day(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt, amount_fen=1))
    told = io.StringIO()
    with pytest.raises(CommandError):
        call_command("reconcile", "--day", DAY.isoformat(), stdout=told)
    assert "1 found, 0 healed, 1 open, 0 statements missing, 0 findings" in told.getvalue()
    assert Difference.objects.get().kind == "amount"
    state(bank, DAY, line(attempt))
    told = io.StringIO()
    call_command("reconcile", "--day", DAY.isoformat(), stdout=told)
    assert "0 found, 1 healed, 0 open" in told.getvalue()
    told = io.StringIO()
    call_command("reconcile", "--day", DAY.isoformat(), "--no-fetch", stdout=told)
    assert "0 found, 0 healed, 0 open" in told.getvalue()
    assert statements.ask_for_day(day=NEXT, channel="unknown", actor=SYSTEM) == []
