"""The last part of a mixed payment arrives while somebody gives it up: with the lock, and without it."""

import pytest
from pytest_django import Settings

from payments import services
from payments.models import Bill, PaymentAttempt, Settlement
from payments.rules import BillState
from payments.selectors.books import check_books
from payments.services import settling
from tests.concurrency.waiting import overtaken
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import Insurer, Office
from tests.payments.insuring import Mixed, insured, paying, round_now, setup
from tests.payments.owing import SYSTEM, desk
from tests.payments.paying import channel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("FC-05")]


@pytest.fixture(autouse=True)
def office(settings: Settings) -> Office:
    settings.PAYMENT_PROVIDERS = [*settings.PAYMENT_PROVIDERS, "tests.payments.bank.Bank"]
    settings.PAYMENT_INSURERS = ["tests.payments.insurer.Insurer"]
    Bank.books, Insurer.office = Ledger(), Office()
    return Insurer.office


def almost_paid(office: Office) -> Mixed:
    """The insurance has paid, the own share has not."""
    place = desk()
    channel(place.institution)
    setup(place.institution)
    mixed = paying(insured(place.institution))
    office.settle(mixed.number)
    round_now()
    return mixed


def given_up_while_paid(mixed: Mixed) -> bool:
    own = mixed.own.public_id
    return overtaken(
        first=lambda: services.give_up(settlement=mixed.settlement, failure="payer", actor=SYSTEM),
        then=lambda: services.confirm_attempt(attempt=own, captured_fen=200, channel_ref="B1", actor=SYSTEM),
    )


def test_what_arrives_while_it_is_given_up_goes_back(office: Office) -> None:
    mixed = almost_paid(office)
    assert given_up_while_paid(mixed) is False
    bill = Bill.objects.get()
    assert (bill.state, bill.captured_fen, bill.refund_fen) == (BillState.OPEN, 1_200, 1_200)
    assert check_books() == []


def looking(attempt: PaymentAttempt) -> Settlement | None:
    """Reads how the settlement stands, and holds nothing: the usual mistake."""
    return Settlement.objects.get(legs=attempt.leg_id)


def test_without_the_lock_a_bill_is_paid_with_what_goes_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = almost_paid(office)
    monkeypatch.setattr(settling, "hold", looking)
    assert given_up_while_paid(mixed) is True
    bill = Bill.objects.get()
    # Paid, and the insurance's part of it is on its way back.
    assert (bill.state, bill.refund_fen) == (BillState.PAID, 1_000)
