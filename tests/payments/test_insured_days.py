"""The fourth side: insurers are asked order by order, once the day is over, whether they say what we say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from institutions.rules import Role
from payments.insurance.base import Split, Standing
from payments.models import Difference, InsuranceOrder, PaymentAttempt, Refund
from payments.providers.errors import ChannelTemporary
from payments.reconciliation.rules import Act, DifferenceState
from payments.rules import RefundReason, RefundState
from payments.selectors.books import check_books
from payments.selectors.clearing import Cleared, Sums, clearing
from payments.services import adjusting, closing
from payments.services.insuring.comparing import compare_order, due_comparisons
from payments.services.owing import owe_back
from tests.institutions import people
from tests.payments.bank import Bank, Ledger
from tests.payments.insurer import CODE, Insurer, Office
from tests.payments.insuring import Mixed, come_to_rest, insured, paying, planned, setup
from tests.payments.owing import SYSTEM, Desk, desk
from tests.payments.paying import channel
from tests.payments.stating import DAY, NEXT, NOON, live

pytestmark = [pytest.mark.django_db, pytest.mark.row("FC-11")]
MORNING = NOON + timedelta(hours=23)


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
    made = desk(role=Role.INSTITUTION_ADMIN)
    channel(made.institution)
    setup(made.institution)
    return made


def paid(place: Desk, bank: Ledger) -> Mixed:
    """A bill that an insurance and its payer have paid."""
    mixed = paying(insured(place.institution))
    bank.pay(mixed.own.public_id)
    Insurer.office.settle(mixed.number)
    come_to_rest(1)
    assert mixed.state == "settled"
    return mixed


def compare(*, hours: int = 23) -> None:
    """The clock's rounds of comparing at an hour after noon of the day."""
    with time_machine.travel(NOON + timedelta(hours=hours)):
        for order in due_comparisons():
            compare_order(order=order, actor=SYSTEM)


def rows(place: Desk) -> dict[str, Cleared]:
    return {row.provider: row for row in clearing(actor=place.actor, first=DAY, last=NEXT)}


def test_an_order_is_asked_for_once_its_day_is_over(place: Desk, bank: Ledger) -> None:
    paid(place, bank)
    Insurer.office.calls.clear()
    compare(hours=9)
    assert Insurer.office.calls == []
    assert (rows(place)["insurer_fund"].file_state, rows(place)["insurer_fund"].stated) == ("waiting", None)
    with time_machine.travel(MORNING):
        # Its day stays open until the insurer was asked.
        assert closing.close_days(actor=SYSTEM) == 0
        assert len(due_comparisons()) == 1
        assert due_comparisons() == []
    compare(hours=24)
    assert Insurer.office.calls == ["query"]
    assert not Difference.objects.exists()
    fund, account = rows(place)["insurer_fund"], rows(place)["insurer_account"]
    assert (fund.stated, account.stated) == (Sums(came_fen=700), Sums(came_fen=300))
    with time_machine.travel(MORNING):
        assert closing.close_days(actor=SYSTEM) == 2
    compare(hours=48)
    assert Insurer.office.calls == ["query"]


def test_an_insurer_that_does_not_answer_is_asked_again(place: Desk, bank: Ledger) -> None:
    paid(place, bank)
    Insurer.office.down["query"] = ChannelTemporary(CODE, "down")
    compare()
    assert InsuranceOrder.objects.get().compared_at is None
    compare(hours=24)
    assert InsuranceOrder.objects.get().compared_at is not None


def test_what_went_back_on_both_sides_agrees(place: Desk, bank: Ledger) -> None:
    mixed = paid(place, bank)
    bill = mixed.order.bill
    with time_machine.travel(NOON + timedelta(days=1)):
        owe_back(bill=bill, amount_fen=None, reason=RefundReason.STAFF, actor=SYSTEM)
        come_to_rest()
    compare(hours=23)
    compare(hours=48)
    assert not Difference.objects.exists()
    row = next(
        row for row in clearing(actor=place.actor, first=NEXT, last=NEXT) if row.provider == "insurer_fund"
    )
    assert (row.sums, row.stated) == (Sums(0, 0, 1, 700), Sums(went_fen=700))


def test_what_an_insurer_took_back_by_itself_is_told_at_once_and_recorded_by_two_people(
    place: Desk, bank: Ledger
) -> None:
    mixed = paid(place, bank)
    Insurer.office.become(mixed.number, Standing.GIVEN_BACK, "8")
    compare()
    compare(hours=25)
    assert live() == [("state", Act.RECORD_REFUND)]
    row = Difference.objects.get()
    assert (row.party, row.ours_fen, row.theirs_fen, row.by_files) == ("insurance", 1_000, 0, False)
    second = people.actor(people.staff(Role.INSTITUTION_ADMIN, place.institution, username="second"))
    adjusting.propose(difference=row.public_id, act=Act.RECORD_REFUND, reason="医保已退", actor=place.actor)
    adjusting.approve(difference=row.public_id, reason="同意", actor=second)
    assert Refund.objects.count() == 2
    come_to_rest()
    assert set(Refund.objects.values_list("state", "provider")) == {
        (RefundState.PAID, "insurer_fund"),
        (RefundState.PAID, "insurer_account"),
    }
    # The insurer had given it back: nobody asked it to give it back once more.
    assert Insurer.office.back == {}
    compare(hours=72)
    assert [one.state for one in Difference.objects.all()] == [DifferenceState.DONE]


def test_another_split_and_an_order_that_the_insurer_does_not_know(place: Desk, bank: Ledger) -> None:
    other, unknown = paid(place, bank), paid(place, bank)
    office = Insurer.office.orders
    office[other.number] = replace(office[other.number], split=Split(600, 400, 200))
    gone = office.pop(unknown.number)
    compare()
    assert live() == [("amount", Act.LOOK), ("missing_channel", Act.LOOK)]
    # It is asked for again every hour, and heals.
    office[other.number] = replace(office[other.number], split=Split(700, 300, 200))
    office[unknown.number] = gone
    compare(hours=25)
    assert live() == []
    assert {one.state for one in Difference.objects.all()} == {DifferenceState.HEALED}


def test_a_settlement_of_which_nobody_heard_is_recorded_and_goes_back(place: Desk, bank: Ledger) -> None:
    mixed = planned(insured(place.institution))
    mixed.expire()
    come_to_rest()
    assert mixed.order.state == "ended"
    Insurer.office.become(mixed.number, Standing.SETTLED, "6")
    compare()
    with time_machine.travel(MORNING + timedelta(hours=1)):
        come_to_rest()
    assert PaymentAttempt.objects.filter(provider="insurer_fund", state="captured").exists()
    assert set(Refund.objects.values_list("state", flat=True)) == {RefundState.PAID}
    compare(hours=50)
    assert not Difference.objects.exists()


def test_staff_see_what_the_insurer_says(place: Desk, bank: Ledger, client: Client) -> None:
    mixed = paid(place, bank)
    Insurer.office.become(mixed.number, Standing.GIVEN_BACK, "8")
    compare()
    people.at_work(client, place.account)
    row = Difference.objects.get()
    shown = client.get(f"/institution/payments/difference/{row.public_id}/change/").content.decode()
    sides = shown.partition("各方怎么说")[2]
    assert mixed.order.order_ref in sides
    assert "医保" in sides
    board = client.get(f"/institution/payments/difference/board/?day={DAY.isoformat()}").content.decode()
    assert "已逐笔核对" in board
    assert board.count(f'?day={DAY.isoformat()}">1</a>') == 1
