"""Statements of channels and hospitals: asked for, taken once, kept in versions."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from pytest_django import Settings

from payments import services, tasks
from payments.models import Channel, StatementFile, StatementLine
from payments.providers.errors import ChannelTemporary, StatementBroken, StatementNotReady
from payments.reconciliation.rules import FileState
from payments.services import statements
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.owing import SYSTEM, Desk, desk
from tests.payments.paying import channel
from tests.payments.stating import DAY, NEXT, NOON, booked, fetch, hand_in, line, paid_online, state

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-10")]


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    Bank.books = Ledger()
    with time_machine.travel(NOON):
        yield Bank.books


@pytest.fixture
def place() -> Desk:
    return desk()


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


def ask_due() -> None:
    """The clock's round, with its questions asked at once."""
    statements.plan_statements()
    for file in statements.due_statements():
        tasks.fetch_statement(file)


def the_file() -> StatementFile:
    return StatementFile.objects.get(day=DAY, is_current=True)


def test_a_statement_is_asked_for_from_the_channels_hour_on(at: Channel) -> None:
    with time_machine.travel(NOON + timedelta(hours=21)):  # nine in the morning
        assert statements.plan_statements() == 0
    with time_machine.travel(NOON + timedelta(hours=23)):
        assert (statements.plan_statements(), statements.plan_statements()) == (1, 0)
        assert statements.due_statements() == [the_file().public_id]
        # It is leased: a second worker gets none.
        assert statements.due_statements() == []


def test_a_statement_that_is_not_ready_is_asked_for_again(at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    bank.statements[DAY] = StatementNotReady(CODE, "creating")
    with time_machine.travel(NOON + timedelta(days=1)) as clock:
        ask_due()
        assert (the_file().state, the_file().failure) == (FileState.WAITING, "creating")
        clock.shift(timedelta(minutes=21))
        state(bank, DAY, line(attempt))
        ask_due()
    row = the_file()
    assert (row.state, row.count, row.gross_fen, row.tries) == (FileState.HERE, 1, 1_200, 1)
    assert row.digest
    assert StatementLine.objects.get().number == attempt.public_id


def test_an_empty_day_is_closed_as_empty(at: Channel) -> None:
    fetch(at, DAY)
    assert (the_file().state, the_file().next_try_at) == (FileState.EMPTY, None)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        (StatementBroken(CODE, "totals"), FileState.BROKEN),
        (ChannelTemporary(CODE, "down"), FileState.WAITING),
    ],
)
def test_a_file_that_is_wrong_is_not_taken_and_asked_for_again(
    at: Channel, bank: Ledger, said: StatementBroken, stands: FileState
) -> None:
    bank.statements[DAY] = said
    fetch(at, DAY)
    row = the_file()
    assert (row.state, row.tries) == (stands, 1)
    assert row.next_try_at is not None
    assert not StatementLine.objects.exists()


def test_the_same_file_again_changes_nothing_and_another_is_another_version(
    at: Channel, bank: Ledger
) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt))
    fetch(at, DAY)
    before = list(StatementLine.objects.values())
    fetch(at, DAY)
    assert list(StatementLine.objects.values()) == before
    state(bank, DAY, line(attempt, fee_fen=7))
    fetch(at, DAY)
    assert [(row.version, row.is_current, row.fee_fen) for row in StatementFile.objects.order_by("pk")] == [
        (1, False, 0),
        (2, True, 7),
    ]
    assert StatementLine.objects.count() == 2
    # What was stated is not unsaid by a day that is suddenly empty.
    del bank.statements[DAY]
    fetch(at, DAY)
    assert the_file().version == 2


def test_a_statement_that_is_here_is_not_asked_for_without_end(at: Channel, bank: Ledger) -> None:
    fetch(at, DAY)
    statements.ask_again(file=the_file().public_id, reason="复核", actor=SYSTEM)
    bank.statements[DAY] = StatementNotReady(CODE, "creating")
    assert [statements.fetch_statement(file=file) for file in statements.due_statements()] == ["empty"]
    row = the_file()
    assert (row.state, row.tries) == (FileState.EMPTY, 1)
    assert row.next_try_at is not None
    assert row.next_try_at >= NOON + statements.AGAIN


def test_a_hospital_hands_in_what_it_booked(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = paid_online(at, bank)
    hand_in(place.institution, DAY, booked(attempt))
    hand_in(place.institution, DAY, booked(attempt))
    row = StatementFile.objects.get()
    assert (row.version, row.count, row.gross_fen, row.given_by) == (1, 1, 1_200, SYSTEM.id)
    hand_in(place.institution, DAY)
    assert StatementFile.objects.get(is_current=True).version == 1
    hand_in(place.institution, DAY, booked(attempt, amount_fen=1_100))
    assert StatementFile.objects.get(is_current=True).version == 2
    hand_in(place.institution, NEXT)
    assert StatementFile.objects.get(day=NEXT).state == FileState.EMPTY


def test_a_channel_that_is_off_is_asked_for_days_on_which_something_happened(
    at: Channel, bank: Ledger
) -> None:
    paid_online(at, bank)
    services.switch_channel(channel=at.public_id, is_on=False, reason="停用", actor=SYSTEM)
    with time_machine.travel(NOON + timedelta(days=3)):
        assert statements.plan_statements() == 1
    assert the_file().state == FileState.WAITING


def test_a_channel_that_nobody_knows_any_more_is_not_asked(
    at: Channel, bank: Ledger, settings: Settings
) -> None:
    attempt = paid_online(at, bank)
    state(bank, DAY, line(attempt))
    with time_machine.travel(NOON + timedelta(days=1)) as clock:
        statements.plan_statements()
        known = settings.PAYMENT_PROVIDERS
        settings.PAYMENT_PROVIDERS = known[:-1]
        ask_due()
        assert (the_file().state, the_file().failure) == (FileState.WAITING, "provider_unknown")
        clock.shift(timedelta(days=2))
        assert statements.plan_statements() == 0
        settings.PAYMENT_PROVIDERS = known
        ask_due()
    assert the_file().state == FileState.HERE
