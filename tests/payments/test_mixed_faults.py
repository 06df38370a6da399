"""Insurance and an own share: processes that died, answers that were lost, steps that were done twice."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments import services
from payments.insurance.base import Split, Standing
from payments.models import PaymentAttempt
from payments.providers.base import Said
from payments.providers.errors import ChannelRefused
from payments.rules import (
    BillState,
    InsuranceState,
    RefundReason,
    SettlementState,
)
from payments.selectors.books import check_books
from payments.services import asking
from tests.payments.bank import Bank, Ledger
from tests.payments.bank import unsure as bank_unsure
from tests.payments.insurer import Insurer, Office, unsure
from tests.payments.insuring import Mixed, begun, come_to_rest, insured, paying, planned, round_now, setup
from tests.payments.owing import SYSTEM, Desk, balances, desk
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


# Crashes and answers that did not come


@pytest.mark.parametrize("call", ["upload", "settle"])
@pytest.mark.parametrize("when", ["lost", "down"])
def test_a_step_whose_answer_was_lost_is_done_again(
    place: Desk, office: Office, call: str, when: str
) -> None:
    mixed = begun(insured(place.institution))
    getattr(office, when)[call] = unsure()
    mixed.work()
    assert mixed.state == SettlementState.PLANNED
    assert mixed.order.state in (InsuranceState.NEW, InsuranceState.UPLOADED)
    round_now()
    assert mixed.order.state == InsuranceState.HELD
    assert len(office.bills) == 1


def test_settled_without_an_answer_is_found_by_asking(place: Desk, office: Office) -> None:
    office.split = Split(900, 300, 0)
    mixed = begun(insured(place.institution))
    office.lost["settle"] = unsure()
    mixed.work()
    assert mixed.bill_state == BillState.OPEN
    round_now()
    assert mixed.bill_state == BillState.PAID
    assert office.calls.count("settle") == 1


def test_settled_without_an_answer_and_too_late_goes_back(place: Desk, office: Office) -> None:
    office.split = Split(900, 300, 0)
    mixed = begun(insured(place.institution))
    office.lost["settle"] = unsure()
    mixed.work()
    services.cancel_bill(bill=mixed.bill, reason=RefundReason.CANCELLED, actor=SYSTEM)
    mixed.expire()
    come_to_rest()
    assert len(office.back) == 1
    assert balances() == {}


def test_a_lost_answer_to_taking_back_is_made_good(place: Desk, office: Office) -> None:
    mixed = planned(insured(place.institution))
    services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM)
    office.lost["revoke"] = unsure()
    round_now()
    assert mixed.state == SettlementState.UNDOING
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE


@pytest.mark.row("FC-06")
@pytest.mark.parametrize("when", ["lost", "down"])
def test_a_lost_answer_to_giving_back_gives_back_once(
    place: Desk, office: Office, bank: Ledger, when: str
) -> None:
    mixed = paying(insured(place.institution))
    office.settle(mixed.number)
    bank.states[mixed.own.public_id] = Said.FAILED
    getattr(office, when)["refund"] = unsure()
    come_to_rest()
    assert len(office.back) == 1
    assert mixed.state == SettlementState.UNDONE
    assert balances() == {}


def test_nothing_is_taken_for_failed_while_the_insurer_does_not_answer(place: Desk, office: Office) -> None:
    mixed = paying(insured(place.institution))
    pay_own(mixed)
    for _ in range(3):
        office.down["query"] = unsure()
        round_now()
    assert mixed.state == SettlementState.PAYING
    office.settle(mixed.number)
    round_now()
    assert mixed.bill_state == BillState.PAID


def test_the_own_order_whose_answer_was_lost_is_asked_for(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = planned(insured(place.institution))
    bank.lost["order"] = bank_unsure()
    mixed.confirm()
    pay_own(mixed)
    office.settle(mixed.number)
    round_now()
    assert mixed.bill_state == BillState.PAID


def test_a_channel_that_refuses_the_own_share_gives_the_bill_back_to_the_insurer(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = planned(insured(place.institution))
    bank.down["order"] = ChannelRefused("banktest", "NO_AUTH")
    mixed.confirm()
    come_to_rest()
    assert mixed.state == SettlementState.UNDONE
    assert office.orders[mixed.number].standing is Standing.REVOKED


def test_doing_every_step_twice_changes_nothing(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = begun(insured(place.institution))
    for _ in range(3):
        mixed.work()
    mixed.confirm()
    mixed.confirm()
    pay_own(mixed)
    office.settle(mixed.number)
    for _ in range(3):
        mixed.work()
        asking.ask_attempt(attempt=mixed.own.public_id)
    assert balances() == PAID
    assert PaymentAttempt.objects.count() == 3
