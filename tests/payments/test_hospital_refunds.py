"""What hospitals ask to be given back, or gave back: which money is meant, and what they do not hand out."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from payments import services
from payments.errors import (
    BillNotPaid,
    BillOfPlatform,
    RefundByChannel,
    RefundNumberTaken,
    RefundTooMuch,
)
from payments.models import Refund
from payments.rules import RefundReason, RefundState
from payments.selectors.books import check_books
from payments.services import asking, posting
from payments.services.charging import cancel_by_hospital, refund_by_hospital
from payments.types import Charge
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import come_to_rest, insured, paying, round_now, setup
from tests.payments.owing import SYSTEM, Desk, balances, desk, owed, paid, person, row
from tests.payments.paying import begun, channel
from tests.payments.posting import charged
from tests.payments.saving import balance, spent, topped_up

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-03")]


@pytest.fixture(autouse=True)
def office(settings: Settings) -> Iterator[Office]:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    Bank.books, Insurer.office = Ledger(), Office()
    yield Insurer.office
    assert check_books() == []


@pytest.fixture
def place() -> Desk:
    made = desk()
    channel(made.institution)
    return made


def ask(bill: str, number: str = "T1", amount_fen: int | None = None, *, is_done: bool = False) -> list[str]:
    return refund_by_hospital(bill=bill, number=number, amount_fen=amount_fen, is_done=is_done, actor=SYSTEM)


def paid_at_bank(bill: str) -> None:
    attempt = begun(bill)
    asking.launch_attempt(attempt=attempt.public_id)
    Bank.books.pay(attempt.public_id)
    asking.ask_attempt(attempt=attempt.public_id)


def paid_by_insurance(place: Desk, office: Office, **more: int) -> str:
    """Fund 700, account 300, own 200 or less."""
    setup(place.institution)
    mixed = paying(insured(place.institution, **more))
    Bank.books.pay(mixed.own.public_id)
    office.settle(mixed.number)
    round_now()
    assert mixed.bill_state == "paid"
    return mixed.bill


def test_what_came_too_late_is_not_what_the_hospital_asks_for(place: Desk) -> None:
    bill = charged(place.institution)
    for receipt in ("SJ1", "SJ2"):
        services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt=receipt, actor=SYSTEM)
    late = Refund.objects.get(reason=RefundReason.LATE)
    [asked] = ask(bill.bill_id, "T1", 1_200)
    assert asked != late.public_id
    assert row(bill).refund_fen == 2_400
    # The till says under a number of its own that it gave the other back.
    assert ask(bill.bill_id, "T2", 1_200, is_done=True) == [late.public_id]
    assert row(bill).refunded_fen == 1_200


@pytest.mark.parametrize("amount_fen", [None, 1_200])
def test_a_number_for_what_was_called_off_names_what_goes_back_already(
    place: Desk, office: Office, amount_fen: int | None
) -> None:
    bill = paid_by_insurance(place, office)
    services.call_off_bills(bills=[bill], reason=RefundReason.HOSPITAL, actor=SYSTEM)
    come_to_rest()
    assert len(ask(bill, "T1", amount_fen)) == 3
    assert len(ask(bill, "T1", 1_200)) == 3
    assert set(Refund.objects.values_list("hospital_ref", flat=True)) == {"T1"}
    with pytest.raises(RefundTooMuch):
        ask(bill, "T2")
    with pytest.raises(RefundTooMuch):
        ask(bill, "T2", 1)
    assert balances() == {}


def test_nothing_goes_back_of_what_was_not_paid(place: Desk) -> None:
    with pytest.raises(BillNotPaid):
        ask(charged(place.institution).bill_id)


def test_a_till_hands_out_nothing_that_an_insurance_paid(place: Desk, office: Office) -> None:
    bill = paid_by_insurance(place, office)
    ask(bill, "T1", 200, is_done=True)
    # The insurance gives its parts back itself, whatever the hospital says.
    ask(bill, "T2", is_done=True)
    states = dict(Refund.objects.values_list("provider", "state"))
    assert states == {
        "till": RefundState.PAID,
        "insurer_fund": RefundState.DUE,
        "insurer_account": RefundState.DUE,
    }
    come_to_rest()
    assert set(Refund.objects.values_list("state", flat=True)) == {RefundState.PAID}


def test_what_goes_into_a_balance_is_not_given_back_a_second_time_by_the_till(place: Desk) -> None:
    who = person()
    topped_up(place, who)
    bill = owed(place.institution, person_pk=who, reference="MZ1")
    spent(bill)
    with pytest.raises(RefundByChannel):
        ask(bill.bill_id, is_done=True)
    assert balance(who) == 8_800
    ask(bill.bill_id, "T1")
    assert balance(who) == 10_000
    with pytest.raises(RefundByChannel):
        ask(bill.bill_id, "T1", is_done=True)


def test_what_has_gone_by_its_channel_is_not_given_back_by_the_till(place: Desk) -> None:
    bill = charged(place.institution)
    paid_at_bank(bill.bill_id)
    ask(bill.bill_id, "T1", 200)
    come_to_rest(1)
    with pytest.raises(RefundByChannel):
        ask(bill.bill_id, "T1", 200, is_done=True)
    ask(bill.bill_id, "T2", 1_000, is_done=True)
    ask(bill.bill_id, "T2", 1_000, is_done=True)
    assert dict(Refund.objects.values_list("hospital_ref", "provider")) == {
        "T1": "banktest",
        "T2": "till",
    }


def test_what_the_hospital_took_off_goes_with_the_last_of_the_money(place: Desk) -> None:
    bill = services.open_bill(
        subject=("hospital.bill", "MZ1"),
        person_pk=person(),
        institution=place.institution,
        items=[Charge("示范检查", 1_200)],
        expires_at=None,
        reference="MZ1",
        reduction_fen=200,
        actor=SYSTEM,
    )
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_000, actor=place.actor)
    with pytest.raises(RefundTooMuch):
        ask(bill.bill_id, "T1", 1_100)
    ask(bill.bill_id, "T1", 400)
    ask(bill.bill_id, "T2", 600, is_done=True)
    for amount_fen in (600, 800):
        assert len(ask(bill.bill_id, "T2", amount_fen, is_done=True)) == 2
    with pytest.raises(RefundNumberTaken):
        ask(bill.bill_id, "T2", 700)
    come_to_rest(1)
    assert row(bill).refund_fen == 1_200
    assert balances() == {"cash": 1_000, "till": -600, "refunds_due": -400}


def test_what_the_platform_opened_is_not_the_hospitals_to_end(place: Desk) -> None:
    who = person()
    top_up = topped_up(place, who)
    booked = paid(place)
    for bill in (top_up, booked):
        with pytest.raises(BillOfPlatform):
            cancel_by_hospital(bill=bill.bill_id, actor=SYSTEM)
        with pytest.raises(BillOfPlatform):
            posting.refuse_posting(bill=bill.bill_id, refusal="X", actor=SYSTEM)
        with pytest.raises(BillOfPlatform):
            posting.confirm_posting(bill=bill.bill_id, receipt="S1", amount_fen=bill.total_fen, actor=SYSTEM)
    with pytest.raises(BillOfPlatform):
        ask(top_up.bill_id)
    assert balance(who) == 10_000
    assert not Refund.objects.exists()


def test_what_the_till_took_is_not_refused_as_if_it_was_paid_here(place: Desk) -> None:
    bill = charged(place.institution)
    services.record_till_payment(bill=bill.bill_id, captured_fen=1_200, receipt="SJ1", actor=SYSTEM)
    with pytest.raises(BillNotPaid):
        posting.refuse_posting(bill=bill.bill_id, refusal="X", actor=SYSTEM)
    assert not Refund.objects.exists()
