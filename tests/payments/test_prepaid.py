"""Balances: topped up, spent in whole or in part, given back into, paid out to where they came from."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from pytest_django import Settings

from mpi import selectors as mpi
from payments import services
from payments.errors import (
    BalanceNotFound,
    BalanceStands,
    BalanceTooLittle,
    BalanceTooMuch,
    NotForPrepaid,
    PaymentUnderway,
    TopUpRange,
)
from payments.models import Channel, LedgerEntry, PaymentAttempt, PrepaidAccount, PrepaidDeposit, Refund
from payments.rules import BillState, PrepaidState, RefundReason, RefundState, SettlementState
from payments.selectors.books import check_books
from payments.services import asking, returning
from tests.payments.bank import CODE, Ledger
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed, person, row
from tests.payments.paying import begun, tell_paid
from tests.payments.saving import account_of, balance, begun_with_balance, settlement_of, spent, topped_up
from tests.payments.test_ledger import check_now

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-07")]


@pytest.fixture(autouse=True)
def books_hold() -> Iterator[None]:
    yield
    check_now()
    assert check_books() == []


def owes() -> dict[str, int]:
    """What is owed to each institution by the others."""
    rows = LedgerEntry.objects.filter(account="between").values("institution__public_id")
    return {one["institution__public_id"]: one["sum"] for one in rows.annotate(sum=Sum("amount_fen"))}


def test_cash_at_the_window_tops_a_balance_up(place: Desk) -> None:
    who = person()
    bill = topped_up(place, who)
    assert balance(who) == 10_000
    assert row(bill).state == BillState.PAID
    assert balances() == {"cash": 10_000, "prepaid": -10_000}


def test_a_top_up_by_a_channel_is_there_when_the_channel_says_so(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who = person()
    bill = services.open_top_up(
        account=account_of(who).public_id, institution=place.institution, amount_fen=5_000, actor=SYSTEM
    )
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    assert balance(who) == 0
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    tell_paid(at, attempt, notice="n2")
    assert balance(who) == 5_000
    assert balances() == {CODE: 5_000, "prepaid": -5_000}


def test_a_top_up_of_another_amount_goes_back_and_tops_nothing_up(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who = person()
    bill = services.open_top_up(
        account=account_of(who).public_id, institution=place.institution, amount_fen=5_000, actor=SYSTEM
    )
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id, 4_000)
    tell_paid(at, attempt, amount_fen=4_000)
    assert balance(who) == 0
    assert Refund.objects.get().reason == RefundReason.AMOUNT


def test_a_bill_is_paid_from_the_balance_at_once(place: Desk) -> None:
    who = person()
    topped_up(place, who)
    bill = owed(place.institution, person_pk=who)
    spent(bill)
    assert row(bill).state == BillState.PAID
    assert balance(who) == 8_800
    assert balances() == {"cash": 10_000, "prepaid": -8_800, "income": -1_200}


def test_more_than_is_there_is_not_taken(place: Desk) -> None:
    who = person()
    topped_up(place, who, 1_000)
    bill = owed(place.institution, person_pk=who)
    with pytest.raises(BalanceTooLittle):
        spent(bill, 1_200)
    assert (balance(who), row(bill).state) == (1_000, BillState.OPEN)


def test_what_was_topped_up_at_one_hospital_is_spent_at_another_and_owed_between_them(place: Desk) -> None:
    who, other = person(), desk(2)
    topped_up(place, who, 1_000)
    topped_up(other, who, 500)
    bill = owed(other.institution, person_pk=who)
    spent(bill)
    # Its own 500 first; 700 of what the first hospital has in its till.
    assert owes() == {place.institution: -700, other.institution: 700}
    services.refund_bill(bill=bill.bill_id, amount_fen=300, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert owes() == {place.institution: -400, other.institution: 400}
    assert balance(who) == 600
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert owes() == {place.institution: 0, other.institution: 0}
    assert balance(who) == 1_500


def test_a_part_from_the_balance_and_the_rest_by_the_channel(place: Desk, at: Channel, bank: Ledger) -> None:
    who = person()
    topped_up(place, who, 500)
    bill = owed(place.institution, person_pk=who)
    attempt = begun_with_balance(bill, 500)
    assert (attempt.amount_fen, balance(who), row(bill).state) == (700, 0, BillState.OPEN)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    assert row(bill).state == BillState.PAID
    assert settlement_of(attempt).state == SettlementState.SETTLED
    assert balances() == {"cash": 500, CODE: 700, "income": -1_200}


def test_a_second_press_takes_nothing_more_and_another_split_waits(place: Desk, at: Channel) -> None:
    who = person()
    topped_up(place, who, 1_000)
    bill = owed(place.institution, person_pk=who)
    first = begun_with_balance(bill, 500)
    assert begun_with_balance(bill, 500) == first
    assert balance(who) == 500
    with pytest.raises(PaymentUnderway):
        begun_with_balance(bill, 400)
    assert balance(who) == 500


def test_when_the_channel_fails_the_balance_has_its_part_back_at_once(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who = person()
    topped_up(place, who, 500)
    bill = owed(place.institution, person_pk=who)
    attempt = begun_with_balance(bill, 500)
    services.fail_attempt(attempt=attempt.public_id, failure="closed", actor=SYSTEM)
    assert balance(who) == 500
    assert settlement_of(attempt).state == SettlementState.UNDONE
    assert row(bill).state == BillState.OPEN
    # Money that comes after all is only a part of the bill, and goes back.
    asking.launch_attempt(attempt=attempt.public_id)
    services.confirm_attempt(attempt=attempt.public_id, captured_fen=700, channel_ref="late", actor=SYSTEM)
    assert Refund.objects.get(provider=CODE).state == RefundState.DUE
    assert balance(who) == 500


def test_giving_up_gives_the_part_back_at_once_while_the_channel_is_still_asked(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who = person()
    topped_up(place, who, 500)
    bill = owed(place.institution, person_pk=who)
    attempt = begun_with_balance(bill, 500)
    asking.launch_attempt(attempt=attempt.public_id)
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    assert balance(who) == 500
    assert settlement_of(attempt).state == SettlementState.UNDOING
    asking.ask_attempt(attempt=attempt.public_id)
    assert settlement_of(attempt).state == SettlementState.UNDONE


def test_a_refund_of_a_mixed_bill_goes_back_leg_by_leg(place: Desk, at: Channel, bank: Ledger) -> None:
    who = person()
    topped_up(place, who, 500)
    bill = owed(place.institution, person_pk=who)
    attempt = begun_with_balance(bill, 500)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert balance(who) == 500
    returning.send_refund(refund=Refund.objects.get(provider=CODE).public_id)
    assert row(bill).refunded_fen == 1_200
    assert balances() == {"cash": 500, "prepaid": -500}


def test_a_balance_goes_back_to_where_it_came_from_the_latest_first(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    who = person()
    topped_up(place, who, 1_000)
    bill = services.open_top_up(
        account=account_of(who).public_id, institution=place.institution, amount_fen=600, actor=SYSTEM
    )
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    refunds = services.pay_out(account=account_of(who).public_id, amount_fen=700, actor=SYSTEM)
    by_way = {one.provider: one.amount_fen for one in Refund.objects.filter(public_id__in=refunds)}
    assert by_way == {CODE: 600, "cash": 100}
    assert balance(who) == 900
    for refund in refunds:
        returning.send_refund(refund=refund)
    services.hand_out_refund(refund=Refund.objects.get(provider="cash").public_id, actor=place.actor)
    assert balances() == {"cash": 900, "prepaid": -900}
    with pytest.raises(BalanceTooLittle):
        services.pay_out(account=account_of(who).public_id, amount_fen=901, actor=SYSTEM)


def test_a_window_pays_out_only_what_was_topped_up_there(place: Desk) -> None:
    who, other = person(), desk(2)
    topped_up(place, who, 1_000)
    topped_up(other, who, 500)
    account = account_of(who).public_id
    with pytest.raises(BalanceTooLittle):
        services.pay_out(account=account, amount_fen=501, institution=other.institution, actor=other.actor)
    services.pay_out(account=account, institution=other.institution, actor=other.actor)
    assert balance(who) == 1_000


def test_a_top_up_that_was_spent_is_not_refunded_as_a_bill(place: Desk) -> None:
    who = person()
    bill = topped_up(place, who, 1_000)
    spent(owed(place.institution, person_pk=who, total_fen=400))
    with pytest.raises(BalanceTooLittle), transaction.atomic():
        services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    opened = services.refund_bill(
        bill=bill.bill_id, amount_fen=600, reason=RefundReason.STAFF, actor=place.actor
    )
    assert balance(who) == 0
    services.withdraw_refund(refund=opened[0], reason="点错了", actor=place.actor)
    assert balance(who) == 600


def test_a_stay_has_a_balance_of_its_own_for_its_hospital(place: Desk) -> None:
    who, other = person(), desk(2)
    stay = services.open_account(
        person_pk=who, institution=place.institution, visit="ZY0001", actor=place.actor
    )
    with pytest.raises(NotForPrepaid):
        services.open_top_up(account=stay, institution=other.institution, amount_fen=1_000, actor=SYSTEM)
    bill = services.open_top_up(account=stay, institution=place.institution, amount_fen=1_000, actor=SYSTEM)
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_000, actor=place.actor)
    topped_up(place, who, 500)
    with pytest.raises(BalanceTooLittle):
        spent(owed(other.institution, person_pk=who), 1_200)
    # Here the stay's own comes first, and the rest from the balance for every hospital.
    spent(owed(place.institution, person_pk=who))
    assert PrepaidAccount.objects.get(public_id=stay).balance_fen == 0
    assert balance(who) == 300


def test_limits(place: Desk, settings: Settings) -> None:
    who = person()
    account = account_of(who).public_id
    for amount in (99, 500_001):
        with pytest.raises(TopUpRange):
            services.open_top_up(
                account=account, institution=place.institution, amount_fen=amount, actor=SYSTEM
            )
    settings.PREPAID_BALANCE_MOST_FEN = 1_500
    services.open_top_up(account=account, institution=place.institution, amount_fen=1_000, actor=SYSTEM)
    with pytest.raises(BalanceTooMuch):
        services.open_top_up(account=account, institution=place.institution, amount_fen=501, actor=SYSTEM)


def test_nothing_is_spent_of_a_frozen_balance_and_what_comes_is_kept(place: Desk) -> None:
    who = person()
    topped_up(place, who, 2_000)
    account = account_of(who).public_id
    bill = owed(place.institution, person_pk=who)
    spent(bill)
    # It is of every hospital, and none of them stops it.
    with pytest.raises(BalanceNotFound):
        services.freeze_account(account=account, is_frozen=True, reason="有争议", actor=place.actor)
    services.freeze_account(account=account, is_frozen=True, reason="有争议", actor=SYSTEM)
    with pytest.raises(BalanceTooLittle):
        spent(owed(place.institution, person_pk=who, total_fen=100), 100)
    with pytest.raises(BalanceTooLittle):
        services.pay_out(account=account, actor=SYSTEM)
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert balance(who) == 2_000
    services.freeze_account(account=account, is_frozen=False, reason="已查清", actor=SYSTEM)
    services.pay_out(account=account, actor=SYSTEM)


def test_a_balance_ends_only_when_nothing_is_left_and_a_refund_opens_it_again(place: Desk) -> None:
    who = person()
    topped_up(place, who, 1_200)
    with pytest.raises(BalanceStands), transaction.atomic():
        services.close_accounts_of(person_pk=who, actor=SYSTEM)
    bill = owed(place.institution, person_pk=who)
    spent(bill)
    services.close_accounts_of(person_pk=who, actor=SYSTEM)
    assert account_of(who).state == PrepaidState.CLOSED
    services.refund_bill(bill=bill.bill_id, amount_fen=None, reason=RefundReason.CANCELLED, actor=SYSTEM)
    assert (account_of(who).state, balance(who)) == (PrepaidState.ACTIVE, 1_200)


def test_a_balance_does_not_top_itself_up(place: Desk) -> None:
    who = person()
    topped_up(place, who, 1_000)
    bill = services.open_top_up(
        account=account_of(who).public_id, institution=place.institution, amount_fen=500, actor=SYSTEM
    )
    with pytest.raises(NotForPrepaid):
        spent(bill)


# What no code of ours may do, tried by hand.
BY_HAND = [
    "UPDATE payments_prepaid_account SET balance_fen = balance_fen + 1",
    "UPDATE payments_prepaid_account SET balance_fen = -1",
    "UPDATE payments_prepaid_deposit SET left_fen = left_fen - 1",
    "UPDATE payments_prepaid_account SET state = 'closed'",
]


@pytest.mark.parametrize("said", BY_HAND)
def test_the_database_refuses_a_balance_that_the_ledger_does_not_know(place: Desk, said: str) -> None:
    topped_up(place, person(), 1_000)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(said)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


BREACHES = {
    "a balance is what the ledger says": "UPDATE payments_prepaid_account SET balance_fen = balance_fen + 1",
    "a balance is what is left of its deposits": "UPDATE payments_prepaid_deposit SET left_fen = 1",
    "a deposit is what was drawn, given back and left": "UPDATE payments_prepaid_deposit SET left_fen = 1",
    "a paid top-up is in its balance": "UPDATE payments_prepaid_deposit SET amount_fen = 9000",
    "what was paid from balances was drawn from deposits": "DELETE FROM payments_prepaid_draw",
    "every institution keeps what is left of what was topped up there": (
        "DELETE FROM payments_ledger_entry WHERE kind = 'debt'"
    ),
    "what institutions owe each other sums to zero": "DELETE FROM payments_ledger_entry WHERE kind = 'debt'",
    "what an institution is owed is what was drawn there of others": "DELETE FROM payments_prepaid_draw",
}


@pytest.mark.parametrize("name", BREACHES)
@pytest.mark.row("FC-11")
def test_a_breach_is_found(place: Desk, name: str) -> None:
    who, other = person(), desk(2)
    topped_up(place, who)
    spent(owed(other.institution, person_pk=who))
    assert not check_books()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET session_replication_role = replica")
        cursor.execute(BREACHES[name])
        assert name in {one.rule for one in check_books()}
        transaction.set_rollback(True)


def test_deposits_of_two_joined_persons_are_spent_together(place: Desk) -> None:
    first, second = person(), person("测试乙")
    topped_up(place, first, 700)
    topped_up(place, second, 700)
    mpi.anchors().filter(pk=second).update(survivor_id=first)
    spent(owed(place.institution, person_pk=first))
    left = PrepaidDeposit.objects.aggregate(sum=Sum("left_fen"))["sum"]
    assert left == 200
    assert PaymentAttempt.objects.filter(provider="prepaid").count() == 2
