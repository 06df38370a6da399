"""Bills paid in parts: what insurers pay is cleared with them, and nothing is counted that did not come."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from pytest_django import Settings

from institutions.rules import Role
from payments.models import Channel, DailyClosing
from payments.selectors.books import check_books
from payments.selectors.clearing import Sums, clearing, levels
from payments.selectors.statements import statement_of
from payments.services import asking, closing
from payments.services.insuring.comparing import compare_order, due_comparisons
from tests.payments.bank import CODE, Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import insured, paying, round_now, setup
from tests.payments.owing import SYSTEM, Desk, desk, owed, person
from tests.payments.paying import channel
from tests.payments.saving import begun_with_balance, spent, topped_up
from tests.payments.stating import DAY, NOON, paid_online, refunded

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-11")]


@pytest.fixture(autouse=True)
def bank(settings: Settings) -> Iterator[Ledger]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    Bank.books, Insurer.office = Ledger(), Office()
    with time_machine.travel(NOON):
        yield Bank.books
        assert check_books() == []


@pytest.fixture
def place() -> Desk:
    return desk(role=Role.INSTITUTION_ADMIN)


@pytest.fixture
def at(place: Desk) -> Channel:
    return channel(place.institution)


def came(where: Desk) -> dict[str, int]:
    """What came on the day, by the way of paying."""
    rows = clearing(actor=where.actor, first=DAY, last=DAY)
    return {row.provider: row.sums.came_fen for row in rows}


def stated(where: Desk) -> list[tuple[str, int]]:
    rows = statement_of(actor=where.actor, institution=where.institution, day=DAY)
    return sorted((row.way, row.amount_fen) for row in rows)


@pytest.mark.row("FC-07")
def test_what_is_taken_from_a_balance_came_when_it_was_topped_up(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who, other = person(), desk(2, Role.INSTITUTION_ADMIN)
    topped_up(place, who)
    spent(owed(place.institution, person_pk=who))
    spent(owed(other.institution, person_pk=who))
    rest = begun_with_balance(owed(place.institution, person_pk=who), 400)
    asking.launch_attempt(attempt=rest.public_id)
    bank.pay(rest.public_id)
    asking.ask_attempt(attempt=rest.public_id)
    assert came(place) == {CODE: 800, "cash": 10_000}
    assert stated(place) == [(CODE, 800), ("cash", 10_000)]
    found = levels(actor=place.actor, day=DAY)
    assert (found.agree, found.total) == (True, Sums(2, 10_800, 0, 0))
    # What the other hospital is owed is owed by this one, and by no channel.
    assert (came(other), stated(other), levels(actor=other.actor, day=DAY).total) == ({}, [], Sums())


def test_insurers_are_cleared_beside_channels_and_what_is_taken_off_is_not(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    setup(place.institution)
    mixed = paying(insured(place.institution, reduction_fen=50))
    bank.pay(mixed.own.public_id)
    Insurer.office.settle(mixed.number)
    round_now()
    assert came(place) == {CODE: 150, "insurer_fund": 700, "insurer_account": 300}
    assert stated(place) == [(CODE, 150), ("insurer_account", 300), ("insurer_fund", 700)]
    found = levels(actor=place.actor, day=DAY)
    assert (found.agree, found.total) == (True, Sums(3, 1_150, 0, 0))
    with time_machine.travel(NOON + timedelta(days=1)):
        assert closing.close_days(actor=SYSTEM) == 0  # neither the bank nor the insurer has stated the day
        for order in due_comparisons():
            compare_order(order=order, actor=SYSTEM)
        assert closing.close_days(actor=SYSTEM) == 2
    closed = DailyClosing.objects.filter(channel=None).values_list("provider", "gross_fen")
    assert sorted(closed) == [("insurer_account", 300), ("insurer_fund", 700)]


def test_a_channel_that_nobody_knows_any_more_keeps_its_days(
    place: Desk, at: Channel, bank: Ledger, settings: Settings
) -> None:
    refunded(paid_online(at, bank), 300)
    settings.PAYMENT_PROVIDERS = settings.PAYMENT_PROVIDERS[:-1]
    [row] = clearing(actor=place.actor, first=DAY, last=DAY)
    assert (row.provider, row.channel_pk, row.sums) == (CODE, at.pk, Sums(1, 1_200, 1, 300))
    assert CODE in row.label
