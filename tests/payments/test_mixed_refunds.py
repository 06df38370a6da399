"""Insurance and an own share that were settled, and go back; what the hospital takes off; the books."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from foundation.events.models import OutboxMessage
from payments import services
from payments.errors import ChannelInUse, InsuredPartWhole
from payments.insurance.base import Split
from payments.models import Refund
from payments.providers.base import RefundSaid
from payments.rules import (
    BillState,
    InsuranceState,
    RefundReason,
    RefundState,
    SettlementState,
)
from payments.selectors.books import check_books
from payments.services import asking, returning
from payments.services.charging import refund_by_hospital
from payments.services.insuring.setups import InsurerDetails
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import Mixed, come_to_rest, insured, paying, planned, round_now, setup
from tests.payments.owing import SYSTEM, Desk, balances, desk
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


# Giving back what was settled


def whole(place: Desk, office: Office) -> Mixed:
    mixed = paying(insured(place.institution))
    pay_own(mixed)
    office.settle(mixed.number)
    round_now()
    assert mixed.bill_state == BillState.PAID
    return mixed


@pytest.mark.row("FC-06")
def test_a_whole_refund_goes_leg_by_leg_to_where_it_came_from(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = whole(place, office)
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    assert Refund.objects.count() == 3
    own = Refund.objects.get(provider="banktest")
    returning.send_refund(refund=own.public_id)
    # The insurance goes back first.
    assert bank.refunds == {}
    come_to_rest()
    assert [one.split for one in office.back.values()] == [Split(700, 300, 0)]
    assert [one.amount_fen for one in bank.refunds.values()] == [200]
    assert balances() == {}
    assert mixed.order.state == InsuranceState.RETURNED


@pytest.mark.row("FC-06")
def test_a_part_is_taken_from_the_own_share_and_never_from_a_part_of_the_insurance(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = whole(place, office)
    services.refund_bill(bill=mixed.bill, amount_fen=150, reason=RefundReason.STAFF, actor=place.actor)
    with pytest.raises(InsuredPartWhole):
        services.refund_bill(bill=mixed.bill, amount_fen=51, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    assert office.back == {}
    assert balances() == {"insurer_fund": 700, "insurer_account": 300, "banktest": 50, "income": -1_050}
    services.refund_bill(bill=mixed.bill, amount_fen=1_050, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    assert balances() == {}


@pytest.mark.row("FC-06")
def test_an_insurer_that_gives_nothing_back_waits_for_somebody(
    place: Desk, office: Office, bank: Ledger
) -> None:
    mixed = whole(place, office)
    office.back_answer = RefundSaid.CLOSED
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    stuck = Refund.objects.filter(state=RefundState.ABNORMAL)
    assert {(row.provider, row.failure) for row in stuck} == {
        ("insurer_fund", "FAIL"),
        ("insurer_account", "FAIL"),
    }
    # Nobody waits for their own money because of it.
    assert Refund.objects.get(provider="banktest").state == RefundState.PAID
    office.back_answer = RefundSaid.DONE
    # Both parts are one for the insurer.
    one = stuck[0].public_id
    returning.send_again(refund=one, reason="医保局已处理", actor=place.actor)
    come_to_rest()
    assert balances() == {}


def test_an_odd_answer_that_gave_back_is_found_by_asking(place: Desk, office: Office) -> None:
    mixed = whole(place, office)
    office.back_answer = RefundSaid.ABNORMAL
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    assert balances() == {}


# What the hospital takes off


def test_a_reduction_is_a_leg_of_its_own(place: Desk, office: Office, bank: Ledger) -> None:
    mixed = paying(insured(place.institution, reduction_fen=50))
    assert mixed.legs() == {"fund": 700, "account": 300, "own": 150, "reduction": 50}
    assert bank.orders[mixed.own.public_id].amount_fen == 150
    pay_own(mixed)
    office.settle(mixed.number)
    round_now()
    assert balances() == {**PAID, "banktest": 150, "reduction": 50}
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    assert balances() == {}


def test_the_number_at_an_insurer_stays_once_it_was_used(place: Desk, office: Office) -> None:
    """What it paid is asked for, and goes back, under no other."""
    row = whole(place, office).order.setup
    details = InsurerDetails("H2", row.base_url, row.values)
    with pytest.raises(ChannelInUse):
        services.change_insurer_setup(setup=row.public_id, details=details, reason="改号", actor=SYSTEM)


def test_that_money_goes_back_is_told_once_for_all_parts(place: Desk, office: Office) -> None:
    mixed = paying(insured(place.institution, reduction_fen=50))
    pay_own(mixed)
    office.settle(mixed.number)
    round_now()
    before = OutboxMessage.objects.latest("pk").pk
    services.refund_bill(bill=mixed.bill, amount_fen=None, reason=RefundReason.STAFF, actor=place.actor)
    come_to_rest()
    told = OutboxMessage.objects.filter(topic__startswith="bill.", pk__gt=before)
    assert sorted((each.topic, each.payload.get("within", "")) for each in told) == [
        ("bill.insurance_returned.v1", ""),
        ("bill.refund_due.v1", ""),
        ("bill.refunded.v1", ""),
        ("bill.refunded.v1", "insurer_account"),
        ("bill.refunded.v1", "insurer_fund"),
        ("bill.refunded.v1", "reduction"),
    ]


def test_a_refund_of_the_till_leaves_the_insurance_to_give_back_its_own(place: Desk, office: Office) -> None:
    mixed = whole(place, office)
    refund_by_hospital(bill=mixed.bill, number="TF1", amount_fen=None, is_done=True, actor=SYSTEM)
    assert dict(Refund.objects.values_list("attempt__leg__kind", "state")) == {
        "own": RefundState.PAID,
        "fund": RefundState.DUE,
        "account": RefundState.DUE,
    }
    come_to_rest()
    assert mixed.order.state == InsuranceState.RETURNED
    assert balances() == {"banktest": 200, "till": -200}
    assert not check_books()


def test_a_reduction_counts_in_every_way_of_paying(place: Desk, bank: Ledger) -> None:
    online, cash, till = (insured(place.institution, reduction_fen=50) for _ in range(3))
    attempt = begun_online(online.bill_id)
    assert attempt.amount_fen == 1_150
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    round_now()
    receipt = services.pay_in_cash(bill=cash.bill_id, received_fen=1_200, actor=place.actor)
    assert receipt.change_fen == 50
    services.record_till_payment(bill=till.bill_id, captured_fen=1_150, receipt="SJ1", actor=SYSTEM)
    assert balances() == {
        "banktest": 1_150,
        "cash": 1_150,
        "till": 1_150,
        "reduction": 150,
        "income": -3_600,
    }


def test_a_reduction_that_leaves_nothing_to_pay_is_settled_at_the_window(place: Desk, office: Office) -> None:
    mixed = planned(insured(place.institution, reduction_fen=200))
    come_to_rest()
    assert mixed.order.failure == "nothing_own"
    assert mixed.state == SettlementState.UNDONE
    assert balances() == {}


# The books


@pytest.mark.row("FC-11")
@pytest.mark.parametrize(
    ("rule", "breach"),
    [
        ("an insurer paid what its order says", "fund_fen = fund_fen + 1"),
        ("no money of an insurer without its order", "state = 'ended'"),
        ("what an insurer gave back it gave back whole", "state = 'returned'"),
    ],
)
def test_a_breach_of_the_books_is_found(place: Desk, office: Office, rule: str, breach: str) -> None:
    whole(place, office)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE payments_insurance_order SET {breach}")
        assert rule in {finding.rule for finding in check_books()}
        transaction.set_rollback(True)
