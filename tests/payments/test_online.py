"""Paying online: begun, told by the channel or asked for, given up."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from foundation.core import clock
from payments import services
from payments.errors import (
    PaymentUnderway,
)
from payments.models import Channel, PaymentAttempt, Settlement, Suspense
from payments.providers.base import Launch, Order, Said, Way
from payments.providers.errors import ChannelRefused
from payments.rules import AttemptState, BillState, SettlementState
from payments.selectors.paying import standing
from payments.services import asking, online, returning
from tests.payments.bank import CODE, Ledger, unsure
from tests.payments.owing import SYSTEM, Desk, balances, owed, row
from tests.payments.paying import (
    asked_now,
    begun,
    refunded,
    refunds_now,
    settlement_of,
    tell,
    tell_paid,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-04")]


def test_a_payment_told_by_the_channel_pays_the_bill_once(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    attempt.refresh_from_db()
    assert attempt.launch == {"kind": "code", "fields": {"text": f"bank:{attempt.public_id}"}}
    bank.pay(attempt.public_id)
    assert tell_paid(at, attempt) == 200
    assert tell_paid(at, attempt) == 200
    assert tell_paid(at, attempt, notice="n2") == 200
    assert row(bill).state == BillState.PAID
    assert settlement_of(attempt).state == SettlementState.SETTLED
    assert balances() == {CODE: 1_200, "income": -1_200}
    assert not Suspense.objects.exists()


def test_a_lost_notice_is_made_good_by_asking(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.OPEN
    bank.pay(attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.PAID


def test_an_order_whose_answer_was_lost_is_asked_for_and_not_given_up(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    bank.lost["order"] = unsure()
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.PAID


def test_an_order_is_the_same_in_every_repeat(place: Desk, at: Channel, bank: Ledger) -> None:
    """Also one whose settlement says no time: a channel takes a changed order for another."""
    attempt = begun(owed(place.institution).bill_id)
    Settlement.objects.update(expires_at=None)
    asked = []
    for _time in range(2):
        bank.orders.clear()
        bank.lost["order"] = unsure()
        asking.launch_attempt(attempt=attempt.public_id)
        asked.append(bank.orders[attempt.public_id])
    assert asked[0] == asked[1]


def test_a_refused_order_ends_the_payment_and_the_bill_can_be_paid_again(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    bank.down["order"] = ChannelRefused(CODE, "NO_AUTH")
    asking.launch_attempt(attempt=attempt.public_id)
    assert settlement_of(attempt).state == SettlementState.UNDONE
    again = begun(bill.bill_id)
    asking.launch_attempt(attempt=again.public_id)
    assert bank.orders.keys() == {again.public_id}


def test_one_worker_at_a_time_asks_for_a_code(place: Desk, at: Channel, bank: Ledger) -> None:
    """A channel may give another code to whoever asks again, and end the one before."""
    attempt = begun(owed(place.institution).bill_id)
    assert online.may_launch(attempt=attempt.public_id)
    asking.launch_attempt(attempt=attempt.public_id)
    assert not bank.orders
    with time_machine.travel(clock.now() + online.LAUNCH_LEASE):
        # The first one is gone.
        asking.launch_attempt(attempt=attempt.public_id)
    assert bank.orders
    assert not online.may_launch(attempt=attempt.public_id)


def test_an_address_that_is_good_no_longer_is_asked_for_again(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = begun(owed(place.institution).bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.orders.clear()
    asking.launch_attempt(attempt=attempt.public_id)
    assert not bank.orders
    PaymentAttempt.objects.update(launch_until=clock.now())
    assert standing(settlement_of(attempt)).launch is None
    asking.launch_attempt(attempt=attempt.public_id)
    assert bank.orders
    assert standing(settlement_of(attempt)).launch is not None


def test_nobody_asks_for_the_money_of_what_was_given_up(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = begun(owed(place.institution).bill_id)
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    asking.launch_attempt(attempt=attempt.public_id)
    assert not bank.orders


def test_an_order_that_is_just_being_asked_for_is_not_taken_for_unknown(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    """A scanned code takes the money at once: what is given up meanwhile is asked for again."""
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    assert online.may_launch(attempt=attempt.public_id)
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    asked_now()
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.STARTED
    bank.orders[attempt.public_id] = Order(
        attempt.public_id, clock.now(), Way.SCANS, 1_200, "", clock.now(), ""
    )
    bank.pay(attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.PAID


def test_a_refusal_after_an_answer_that_was_lost_is_not_yet_a_failure(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    """The channel may have acted the first time, and refuse for that very reason."""
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    bank.lost["order"] = unsure()
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    bank.down["order"] = ChannelRefused(CODE, "CODE_USED")
    asking.launch_attempt(attempt=attempt.public_id)
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.STARTED
    asked_now()
    assert row(bill).state == BillState.PAID


def test_a_notice_with_another_signature_is_refused_and_changes_nothing(place: Desk, at: Channel) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    assert tell_paid(at, attempt, secret="somebody's") == 400
    assert row(bill).state == BillState.OPEN


def test_money_for_nobody_stands_apart(place: Desk, at: Channel) -> None:
    for notice in ("n1", "n1", "n2"):
        said = {"number": "elsewhere", "amount_fen": 700, "channel_ref": "B9"}
        assert tell(at, said, notice=notice) == 200
    found = Suspense.objects.get()
    assert (found.amount_fen, found.number, found.told_by) == (700, "elsewhere", "notice")
    assert balances() == {CODE: 700, "suspense": -700}


def test_a_second_payment_of_one_order_stands_apart(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    tell_paid(at, attempt)
    tell_paid(at, attempt, notice="n2", channel_ref="other")
    assert row(bill).captured_fen == 1_200
    assert Suspense.objects.get().channel_ref == "other"


def test_another_amount_of_a_payment_that_was_recorded_is_no_further_money(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    tell_paid(at, attempt)
    bank.pay(attempt.public_id, 700)
    assert tell_paid(at, attempt, notice="n2", amount_fen=700) == 200
    assert not Suspense.objects.exists()
    assert balances() == {CODE: 1_200, "income": -1_200}


def test_a_notice_that_tells_no_result_is_a_reason_to_ask(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    assert tell_paid(at, attempt, state="waiting") == 200
    for each in asking.due_attempts():
        asking.ask_attempt(attempt=each)
    assert row(bill).state == BillState.PAID
    refund = refunded(bill.bill_id, place)
    bank.lost["refund"] = unsure()
    returning.send_refund(refund=refund.public_id)
    said = {"number": refund.public_id, "amount_fen": 0, "channel_ref": "", "kind": "refund"}
    assert tell(at, {**said, "state": "processing"}, notice="n2") == 200
    assert returning.due_refunds() == [refund.public_id]


def test_what_the_payer_is_known_by_is_in_no_representation(place: Desk, at: Channel, bank: Ledger) -> None:
    attempt = begun(owed(place.institution).bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    order = replace(bank.orders[attempt.public_id], payer={"openid": "oSecret", "auth_code": "134Secret"})
    launch = Launch("call", {"paySign": "Secret"})
    assert "Secret" not in f"{order!r}{launch!r}"


def test_a_wrong_amount_goes_back_and_the_bill_stays_open(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id, 1)
    tell_paid(at, attempt, amount_fen=1)
    assert row(bill).state == BillState.OPEN
    assert settlement_of(attempt).state == SettlementState.UNDOING
    refunds_now()
    assert settlement_of(attempt).state == SettlementState.UNDONE
    assert balances() == {}
    assert [one.amount_fen for one in bank.refunds.values()] == [1]


def test_an_amount_that_only_a_notice_tells_is_asked_for_before_it_counts(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    assert tell_paid(at, attempt, amount_fen=1_201) == 200
    assert (row(bill).captured_fen, row(bill).state) == (0, BillState.OPEN)
    bank.pay(attempt.public_id)
    bank.down["query"] = unsure()
    assert tell_paid(at, attempt, notice="n2", amount_fen=1_201) == 400
    assert tell_paid(at, attempt, notice="n2", amount_fen=1_201) == 200
    assert tell_paid(at, attempt, notice="n3", amount_fen=1_201) == 200
    assert row(bill).state == BillState.PAID
    assert balances() == {CODE: 1_200, "income": -1_200}
    assert not Suspense.objects.exists()


def test_a_code_that_was_given_up_before_anybody_opened_it_is_asked_for_until_its_time_is_over(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    """Alipay knows an order only from the scan on, and ends it by its time alone."""
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    del bank.states[attempt.public_id]
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    asked_now()
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.STARTED
    Settlement.objects.update(expires_at=clock.now() + timedelta(seconds=15))
    asked_now()
    attempt.refresh_from_db()
    assert attempt.next_ask_at is not None
    assert attempt.next_ask_at < clock.now() + timedelta(seconds=18)
    bank.pay(attempt.public_id)
    asked_now()
    assert row(bill).state == BillState.PAID


def test_a_code_that_nobody_opened_fails_when_its_time_is_over(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    attempt = begun(owed(place.institution).bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    del bank.states[attempt.public_id]
    Settlement.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    asked_now()
    attempt.refresh_from_db()
    assert (attempt.state, attempt.failure) == (AttemptState.FAILED, "unknown")


def test_a_second_press_finds_the_payment_and_another_payer_is_told(place: Desk, at: Channel) -> None:
    bill = owed(place.institution)
    first = begun(bill.bill_id)
    assert begun(bill.bill_id).pk == first.pk
    with pytest.raises(PaymentUnderway):
        begun(bill.bill_id, account="0other0000000000000000000p")


def test_giving_up_closes_the_order(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    assert settlement_of(attempt).state == SettlementState.UNDOING
    asked_now()
    assert bank.states[attempt.public_id] is Said.CLOSED
    attempt.refresh_from_db()
    assert attempt.state == AttemptState.FAILED
    assert settlement_of(attempt).state == SettlementState.UNDONE
    begun(bill.bill_id)


def test_what_was_paid_while_it_was_given_up_pays_the_bill(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    bank.pay(attempt.public_id)
    services.give_up(settlement=settlement_of(attempt).public_id, failure="payer", actor=SYSTEM)
    asked_now()
    assert row(bill).state == BillState.PAID
    assert settlement_of(attempt).state == SettlementState.SETTLED


def test_what_comes_after_the_bill_was_paid_otherwise_goes_back(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    services.pay_in_cash(bill=bill.bill_id, received_fen=1_200, actor=place.actor)
    bank.pay(attempt.public_id)
    asked_now()
    refunds_now()
    assert balances() == {"cash": 1_200, "income": -1_200}
    assert settlement_of(attempt).state == SettlementState.UNDONE


def test_an_order_that_nobody_pays_ends_with_its_time(place: Desk, at: Channel, bank: Ledger) -> None:
    bill = owed(place.institution)
    attempt = begun(bill.bill_id)
    asking.launch_attempt(attempt=attempt.public_id)
    Settlement.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    asked_now()
    assert bank.states[attempt.public_id] is Said.CLOSED
    assert settlement_of(attempt).state == SettlementState.UNDONE
