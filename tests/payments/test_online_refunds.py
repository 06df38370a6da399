"""Money that goes back by the channel it came by."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from foundation.core import clock
from payments import services
from payments.errors import (
    RefundByChannel,
)
from payments.models import Channel
from payments.providers.base import RefundSaid
from payments.providers.errors import BalanceTooLow
from payments.rules import RefundState
from payments.selectors.books import check_books
from payments.services import returning
from payments.services.charging import refund_by_hospital
from tests.payments.bank import CODE, Ledger, unsure
from tests.payments.owing import SYSTEM, Desk, balances
from tests.payments.paying import (
    paid_online,
    refunded,
    refunds_now,
    tell,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank"), pytest.mark.row("FC-04")]


@pytest.mark.row("FC-06")
def test_money_goes_back_by_the_channel_and_never_over_the_counter(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place, 200)
    with pytest.raises(RefundByChannel):
        services.hand_out_refund(refund=refund.public_id, actor=place.actor)
    refunds_now()
    refund.refresh_from_db()
    assert (refund.state, refund.channel_ref) == (RefundState.PAID, f"R{refund.public_id}")
    assert balances() == {CODE: 1_000, "income": -1_000}


@pytest.mark.row("FC-06")
def test_a_refund_whose_answer_was_lost_is_asked_for_and_given_once(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.lost["refund"] = unsure()
    refunds_now()
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == (RefundState.SENT, "timeout")
    refunds_now()
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID
    assert len(bank.refunds) == 1


@pytest.mark.row("FC-06")
def test_a_refund_that_a_channel_is_at_is_not_given_back_at_the_till_as_well(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)

    def told(number: str, *, is_done: bool) -> None:
        refund_by_hospital(bill=bill, number=number, amount_fen=200, is_done=is_done, actor=SYSTEM)

    bank.refund_answer = RefundSaid.PROCESSING
    told("TF1", is_done=False)
    refunds_now()
    with pytest.raises(RefundByChannel):
        told("TF1", is_done=True)
    told("TF2", is_done=False)
    # Nobody had asked the channel for this one.
    for _time in range(2):
        told("TF2", is_done=True)
    assert balances() == {CODE: 1_200, "till": -200, "income": -800, "refunds_due": -200}
    assert not check_books()


@pytest.mark.row("FC-06")
def test_a_refund_that_never_arrived_is_sent_again_under_its_number(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.down["refund"] = BalanceTooLow(CODE, "NOT_ENOUGH")
    refunds_now()
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == (RefundState.SENT, "NOT_ENOUGH")
    refunds_now()
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID


@pytest.mark.row("FC-06")
def test_an_abnormal_refund_waits_for_somebody_and_is_sent_again(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.refund_answer = RefundSaid.ABNORMAL
    refunds_now()
    refund.refresh_from_db()
    assert (refund.state, refund.next_try_at) == (RefundState.ABNORMAL, None)
    assert balances() == {CODE: 1_200, "refunds_due": -1_200}
    bank.refund_states[refund.public_id] = RefundSaid.DONE
    returning.send_again(refund=refund.public_id, reason="已换卡", actor=place.actor)
    refunds_now()
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID
    assert balances() == {}


@pytest.mark.row("FC-06")
def test_a_refund_of_another_amount_is_looked_at_by_somebody(place: Desk, at: Channel, bank: Ledger) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place, 200)
    bank.lost["refund"] = unsure()
    refunds_now()
    bank.refunds[refund.public_id] = replace(bank.refunds[refund.public_id], amount_fen=199)
    refunds_now()
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == (RefundState.ABNORMAL, "amount")
    assert balances() == {CODE: 1_200, "income": -1_000, "refunds_due": -200}


@pytest.mark.row("FC-06")
def test_a_refund_is_waited_for_from_when_the_channel_was_last_asked(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    refund = refunded(bill, place)
    bank.refund_answer = RefundSaid.ABNORMAL
    refunds_now()
    with time_machine.travel(clock.now() + returning.PATIENCE + timedelta(hours=1)):
        returning.send_again(refund=refund.public_id, reason="账户已恢复", actor=place.actor)
        bank.refund_states[refund.public_id] = RefundSaid.PROCESSING
        refunds_now()
        refund.refresh_from_db()
        assert refund.state == RefundState.SENT
    with time_machine.travel(clock.now() + 2 * returning.PATIENCE + timedelta(hours=2)):
        refunds_now()
        refund.refresh_from_db()
        assert (refund.state, refund.failure) == (RefundState.ABNORMAL, "slow")


@pytest.mark.row("FC-06")
def test_a_refund_told_by_the_channel_and_asked_for_is_given_once(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    bank.refund_answer = RefundSaid.PROCESSING
    refund = refunded(bill, place)
    refunds_now()
    said = {
        "kind": "refund",
        "state": "done",
        "number": refund.public_id,
        "amount_fen": 1_200,
        "channel_ref": "R1",
    }
    for notice in ("r1", "r2"):
        assert tell(at, said, notice=notice) == 200
    bank.refund_states[refund.public_id] = RefundSaid.DONE
    refunds_now()
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID
    assert balances() == {}


@pytest.mark.row("FC-06")
def test_an_amount_of_a_refund_that_only_a_notice_tells_is_asked_for(
    place: Desk, at: Channel, bank: Ledger
) -> None:
    bill, _attempt = paid_online(place, at, bank)
    bank.refund_answer = RefundSaid.PROCESSING
    refund = refunded(bill, place)
    refunds_now()
    said = {"kind": "refund", "state": "done", "number": refund.public_id, "channel_ref": "R1"}
    assert tell(at, {**said, "amount_fen": 1_201}, notice="r1") == 200
    refund.refresh_from_db()
    assert refund.state == RefundState.SENT
    bank.refund_states[refund.public_id] = RefundSaid.DONE
    assert tell(at, {**said, "amount_fen": 1_201}, notice="r2") == 200
    refund.refresh_from_db()
    assert refund.state == RefundState.PAID
    assert balances() == {}
