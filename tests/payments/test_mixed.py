"""Insurance and an own share in one settlement: all of it, or nothing, in every order of events."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django import Settings

from payments import services
from payments.errors import (
    InsuranceNotOffered,
    PaymentUnderway,
    SplitNotReady,
    WayNotOffered,
)
from payments.insurance.base import Split, Standing
from payments.models import LedgerEntry, Refund
from payments.providers.base import Said
from payments.rules import (
    BillState,
    InsuranceState,
    RefundReason,
    RefundState,
    SettlementState,
)
from payments.selectors.books import check_books
from payments.services.insuring.setups import switch_insurer_setup
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import Mixed, begun, come_to_rest, insured, paying, planned, round_now, setup
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed
from tests.payments.paying import begun as begun_online
from tests.payments.paying import channel

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-05")]

PAID = {"insurer_fund": 700, "insurer_account": 300, "banktest": 200, "income": -1_200}


@pytest.fixture(autouse=True)
def office(settings: Settings) -> Iterator[Office]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    Bank.books, Insurer.office = Ledger(), Office()
    yield Insurer.office
    assert check_books() == []


@pytest.fixture
def bank(office: Office) -> Ledger:
    return Bank.books


@pytest.fixture
def place() -> Desk:
    made = desk()
    channel(made.institution)
    setup(made.institution)
    return made


def pay_own(mixed: Mixed, amount_fen: int | None = None) -> None:
    Bank.books.pay(mixed.own.public_id, amount_fen)


@pytest.mark.row("FC-02")
def test_the_split_is_known_before_anybody_pays(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = planned(insured(place.institution))
    assert mixed.state == SettlementState.PLANNED
    assert mixed.legs() == {"fund": 700, "account": 300, "own": 200}
    assert bank.orders == {}
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize("first", ["own", "insurance"])
def test_both_parts_pay_the_bill_whichever_comes_first(place: Desk, office: Office, first: str) -> None:
    mixed = paying(insured(place.institution))
    for part in ("own", "insurance") if first == "own" else ("insurance", "own"):
        assert mixed.bill_state == BillState.OPEN
        if part == "own":
            pay_own(mixed)
        else:
            office.settle(mixed.number)
        round_now()
        assert check_books() == []
    assert (mixed.bill_state, mixed.state) == (BillState.PAID, SettlementState.SETTLED)
    assert mixed.order.state == InsuranceState.SETTLED
    assert balances() == PAID


def test_the_bank_is_asked_for_the_own_share_alone(place: Desk, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    assert bank.orders[mixed.own.public_id].amount_fen == 200
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    come_to_rest()


@pytest.mark.row("FC-02")
def test_without_an_own_share_the_bill_is_settled_at_once(place: Desk, office: Office, bank: Ledger) -> None:
    office.split = Split(900, 300, 0)
    mixed = planned(insured(place.institution))
    assert (mixed.bill_state, mixed.state) == (BillState.PAID, SettlementState.SETTLED)
    assert bank.orders == {}
    assert balances() == {"insurer_fund": 900, "insurer_account": 300, "income": -1_200}


def test_nothing_from_the_insurance_is_told_and_the_bill_can_be_paid_otherwise(
    place: Desk, office: Office
) -> None:
    office.split = Split(0, 0, 1_200)
    bill = insured(place.institution)
    mixed = planned(bill)
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert mixed.order.failure == "nothing_insured"
    assert office.orders[mixed.number].standing is Standing.REVOKED
    begun_online(bill.bill_id)


# The second leg fails


def test_the_insurance_fails_after_the_own_share_was_paid(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    pay_own(mixed)
    round_now()
    office.fail(mixed.number)
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert [one.amount_fen for one in bank.refunds.values()] == [200]
    assert office.back == {}
    assert balances() == {}


def test_the_own_share_fails_after_the_insurance_paid(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    office.settle(mixed.number)
    round_now()
    assert balances() == {"insurer_fund": 700, "insurer_account": 300, "settling": -1_000}
    bank.states[mixed.own.public_id] = Said.FAILED
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    [giving] = office.back.values()
    assert giving.split == Split(700, 300, 0)
    assert mixed.order.state == InsuranceState.RETURNED
    assert balances() == {}


def test_the_own_share_fails_before_the_insurance_paid(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    bank.states[mixed.own.public_id] = Said.FAILED
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert office.orders[mixed.number].standing is Standing.REVOKED
    assert mixed.order.state == InsuranceState.ENDED
    assert balances() == {}


@pytest.mark.parametrize("arrived", ["nothing", "own", "insurance"])
def test_what_is_not_whole_in_time_goes_back(place: Desk, office: Office, bank: Ledger, arrived: str) -> None:
    mixed = paying(insured(place.institution))
    if arrived == "own":
        pay_own(mixed)
    if arrived == "insurance":
        office.settle(mixed.number)
    round_now()
    mixed.expire()
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert balances() == {}
    assert bool(office.back) is (arrived == "insurance")
    assert bool(bank.refunds) is (arrived == "own")
    if arrived != "insurance":
        assert office.orders[mixed.number].standing is Standing.REVOKED


def test_a_split_that_nobody_confirms_is_taken_back(place: Desk, office: Office) -> None:
    bill = insured(place.institution)
    mixed = planned(bill)
    mixed.expire()
    with pytest.raises(SplitNotReady):
        mixed.confirm()
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert office.orders[mixed.number].standing is Standing.REVOKED
    again = planned(bill)
    assert again.state == SettlementState.PLANNED


def test_a_bill_that_was_called_off_is_not_paid_any_more(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = planned(insured(place.institution))
    services.cancel_bill(bill=mixed.bill, reason=RefundReason.HOSPITAL, actor=SYSTEM)
    with pytest.raises(SplitNotReady):
        mixed.confirm()
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert office.orders[mixed.number].standing is Standing.REVOKED
    assert bank.orders == {}


def test_giving_up_takes_everything_back(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    assert mixed.state == SettlementState.UNDOING
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert bank.states[mixed.own.public_id] is Said.CLOSED
    assert office.orders[mixed.number].standing is Standing.REVOKED


def test_an_own_payment_after_everything_was_undone_goes_back(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = paying(insured(place.institution))
    number = mixed.own.public_id
    bank.states[number] = Said.FAILED
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    pay_own(mixed)
    services.confirm_attempt(attempt=number, captured_fen=200, channel_ref="late", actor=SYSTEM)
    come_to_rest()
    assert mixed.bill_state == BillState.OPEN
    assert Refund.objects.get().state == RefundState.PAID
    assert balances() == {}


def test_the_insurance_pays_while_it_is_given_up(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    office.settle(mixed.number)
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert len(office.back) == 1
    assert balances() == {}


def test_what_the_insurer_took_back_by_itself_is_not_asked_back_again(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = paying(insured(place.institution))
    office.become(mixed.number, Standing.SETTLED, "4")
    round_now()
    office.become(mixed.number, Standing.REVOKED, "13")
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert office.back == {}
    assert balances() == {}


def test_another_split_than_was_shown_is_not_paid(place: Desk, office: Office) -> None:
    mixed = paying(insured(place.institution))
    office.orders[mixed.number] = replace(office.orders[mixed.number], split=Split(600, 300, 300))
    office.settle(mixed.number)
    pay_own(mixed)
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert balances() == {}


def test_a_wrong_own_amount_undoes_both(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution))
    office.settle(mixed.number)
    pay_own(mixed, 199)
    come_to_rest()
    assert (mixed.bill_state, mixed.state) == (BillState.OPEN, SettlementState.UNDONE)
    assert balances() == {}


def test_a_bill_paid_at_the_window_meanwhile_gives_both_back(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = paying(insured(place.institution))
    services.pay_in_cash(bill=mixed.bill, received_fen=1_200, actor=place.actor)
    office.settle(mixed.number)
    pay_own(mixed)
    come_to_rest()
    assert balances() == {"cash": 1_200, "income": -1_200}
    assert mixed.state == SettlementState.UNDONE


# Refused


def test_a_permission_that_has_ended_ends_the_try_and_a_new_one_goes_on(place: Desk, office: Office) -> None:
    bill = insured(place.institution)
    mixed = begun(bill, permission="ended")
    mixed.work()
    assert (mixed.state, mixed.order.failure) == (SettlementState.UNDONE, "permission")
    assert planned(bill).state == SettlementState.PLANNED


def test_insurance_is_offered_only_where_everything_is_there(place: Desk, office: Office) -> None:
    with pytest.raises(InsuranceNotOffered):
        begun(owed(place.institution))
    bill = insured(place.institution)
    with pytest.raises(InsuranceNotOffered):
        begun(insured(desk(2).institution))
    there = setup(desk(3).institution)
    with pytest.raises(WayNotOffered):
        begun(insured(there.institution.public_id))
    switch_insurer_setup(setup=there.public_id, is_on=False, reason="测试", actor=SYSTEM)
    with pytest.raises(InsuranceNotOffered):
        begun(insured(there.institution.public_id))
    assert begun(bill).state == SettlementState.PLANNED


def test_one_payment_of_a_bill_at_a_time(place: Desk) -> None:
    bill = insured(place.institution)
    mixed = begun(bill)
    assert begun(bill).settlement == mixed.settlement
    with pytest.raises(PaymentUnderway):
        begun(bill, account="0other0000000000000000000p")
    with pytest.raises(PaymentUnderway):
        begun_online(bill.bill_id)
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    # The insurer may still hold it.
    with pytest.raises(PaymentUnderway):
        begun(bill)
    come_to_rest()
    begun(bill)
