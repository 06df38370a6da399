"""UnionPay's client against the played gateway, 5.1.0: orders, ends, refunds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.core import clock, http
from payments.providers.base import (
    Merchant,
    RefundSaid,
    Said,
    Way,
)
from payments.providers.errors import (
    ChannelRefused,
    ChannelUnsure,
    OrderPaid,
    OrderUnknown,
)
from payments.providers.unionpay import UnionPay, gateway
from tests.contracts.unionpay.world import (
    CODE_AGREES,
    CODE_PAYS,
    CODE_POOR,
    CODE_STAYS,
    CODE_UNSURE,
    order,
    paid,
    place,
    refund_of,
)
from tests.sandbox_server import Sandbox


@pytest.mark.row("FC-04")
def test_a_shown_code_is_paid_and_found_by_number_and_time(sandbox: Sandbox, merchant: Merchant) -> None:
    made = order()
    launch = place(merchant, made)
    assert launch.kind == "code"
    with pytest.raises(OrderUnknown):
        UnionPay().query(merchant, made)
    sandbox.http.post(launch.fields["text"], data={})
    said = UnionPay().query(merchant, made)
    assert (said.number, said.state, said.amount_fen) == (made.number, Said.PAID, 1_234)
    assert said.channel_ref
    assert said.paid_at is not None
    assert abs(said.paid_at - clock.now()) < timedelta(minutes=1)
    with pytest.raises(OrderUnknown):
        UnionPay().query(merchant, replace(made, asked_at=made.asked_at - timedelta(seconds=1)))


def test_the_code_of_an_order_is_told_once(merchant: Merchant) -> None:
    made = order()
    place(merchant, made)
    with pytest.raises(gateway.OrderRepeated):
        place(merchant, made)


def test_a_code_whose_time_is_over_is_not_paid(sandbox: Sandbox, merchant: Merchant) -> None:
    made = order(expires_at=clock.now() - timedelta(seconds=1))
    page = place(merchant, made).fields["text"]
    assert "已失效" in sandbox.http.post(page, data={}).text
    UnionPay().close(merchant, made)
    with pytest.raises(OrderUnknown):
        UnionPay().query(merchant, made)


@pytest.mark.parametrize(
    ("code", "states"),
    [
        (CODE_PAYS, [Said.PAID]),
        (CODE_AGREES, [Said.WAITING, Said.WAITING, Said.PAID]),
        (CODE_STAYS, [Said.WAITING] * 3),
        (CODE_POOR, [Said.FAILED]),
    ],
)
def test_a_scanned_payer(merchant: Merchant, code: str, states: list[Said]) -> None:
    made = order(Way.SCANNED, payer={"auth_code": code})
    assert place(merchant, made).kind == "none"
    assert place(merchant, made).kind == "none"
    assert [UnionPay().query(merchant, made).state for _ in states] == states


def test_an_unsure_answer_is_no_failure(merchant: Merchant) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_UNSURE})
    with pytest.raises(ChannelUnsure):
        place(merchant, made)
    assert UnionPay().query(merchant, made).state is Said.PAID


def test_a_code_that_is_none_is_refused(merchant: Merchant) -> None:
    with pytest.raises(ChannelRefused) as refused:
        place(merchant, order(Way.SCANNED, payer={"auth_code": "1"}))
    assert refused.value.code == "88"


def test_what_stays_open_is_reversed_and_what_is_paid_is_not(sandbox: Sandbox, merchant: Merchant) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_STAYS})
    place(merchant, made)
    for _ in range(2):
        UnionPay().close(merchant, made)
        assert UnionPay().query(merchant, made).state is Said.FAILED
    done, _said = paid(sandbox, merchant)
    with pytest.raises(OrderPaid):
        UnionPay().close(merchant, done)


@pytest.mark.row("FC-04")
def test_money_goes_back_in_parts_and_never_twice(sandbox: Sandbox, merchant: Merchant) -> None:
    made, said = paid(sandbox, merchant)
    first = refund_of(made, said, 234)
    with pytest.raises(OrderUnknown):
        UnionPay().query_refund(merchant, first)
    assert UnionPay().refund(merchant, first).state is RefundSaid.PROCESSING
    for _ in range(2):
        again = UnionPay().refund(merchant, first)
        assert (again.state, again.amount_fen) == (RefundSaid.DONE, 234)
    UnionPay().refund(merchant, refund_of(made, said, 1_000))
    with pytest.raises(ChannelRefused):
        UnionPay().refund(merchant, refund_of(made, said, 1))
    with pytest.raises(ChannelRefused):
        UnionPay().refund(merchant, refund_of(made, said, 1, channel_ref="1"))


def test_a_refund_takes_its_time(sandbox: Sandbox, merchant: Merchant) -> None:
    made, said = paid(sandbox, merchant)
    sandbox.fault("unionpay", "slow")
    refund = refund_of(made, said, 500)
    UnionPay().refund(merchant, refund)
    states = [UnionPay().query_refund(merchant, refund).state for _ in range(3)]
    assert states == [RefundSaid.PROCESSING, RefundSaid.PROCESSING, RefundSaid.DONE]


def test_a_refund_whose_answer_is_lost_is_safe_to_repeat(sandbox: Sandbox, merchant: Merchant) -> None:
    made, said = paid(sandbox, merchant)
    refund = refund_of(made, said, 500)
    sandbox.fault("unionpay", "lost")
    with http.within(1.0), pytest.raises(ChannelUnsure):
        UnionPay().refund(merchant, refund)
    sandbox.repair()
    assert UnionPay().refund(merchant, refund).amount_fen == 500
    kept = sandbox.show("unionpay/transactions")["transactions"]
    assert [each["fen"] for each in kept if each["txn_type"] == "04"] == [500]
