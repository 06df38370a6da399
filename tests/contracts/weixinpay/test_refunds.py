"""Refunds at WeChat Pay over the wire: accepted, done, repeated, refused, abnormal, and sent elsewhere."""

from dataclasses import replace

import pytest

from foundation.core import http
from payments.providers.base import NoticeKind, Receiver, Refunded, RefundOrder, RefundSaid, Said
from payments.providers.errors import (
    BalanceTooLow,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    NoticeRefused,
    OrderChanged,
    OrderUnknown,
)
from tests.contracts.weixinpay.side import MCHID, PROVIDER, Shop, merchant, wait_until

ALGORITHMS = pytest.mark.parametrize("algorithms", ["RSA", "SM"])


@pytest.fixture(autouse=True)
def _no_pauses(shop: Shop) -> None:
    shop.behave(pace=0)


def asked(shop: Shop, refund: RefundOrder) -> Refunded:
    return PROVIDER.refund(shop.merchant, refund)


def stands(shop: Shop, refund: RefundOrder) -> Refunded:
    return PROVIDER.query_refund(shop.merchant, refund)


def told(shop: Shop, refund: RefundOrder) -> Refunded:
    """The refund as its notice tells it."""
    wait_until(lambda: any(each["number"] == refund.number for each in shop.tries("")))
    notices = [PROVIDER.read_notice(shop.merchant, each.headers, each.body) for each in shop.portal.asked]
    found = [each.said for each in notices if each.kind is NoticeKind.REFUND]
    said = next(each for each in found if each.number == refund.number)
    assert isinstance(said, Refunded)
    return said


@ALGORITHMS
@pytest.mark.row("FC-06")
def test_money_goes_back_and_is_told(shop: Shop, algorithms: str) -> None:
    shop.merchant = merchant(shop.sandbox, algorithms=algorithms)
    order, payment = shop.paid()
    refund = shop.return_of(order, payment, 234)
    answered = asked(shop, refund)
    assert (answered.number, answered.amount_fen) == (refund.number, 234)
    assert answered.channel_ref.startswith("50")
    wait_until(lambda: stands(shop, refund).state is RefundSaid.DONE)
    assert told(shop, refund) == stands(shop, refund)
    assert shop.query(order) == payment


def test_a_refund_of_another_merchant_is_not_heard(shop: Shop) -> None:
    shop.behave(callbacks="public_key")
    order, payment = shop.paid()
    refund = shop.return_of(order, payment, 234)
    asked(shop, refund)
    told(shop, refund)
    shop.merchant = replace(shop.merchant, number="1900000110")
    refused = []
    for each in shop.portal.asked:
        with pytest.raises(NoticeRefused) as raised:
            PROVIDER.read_notice(shop.merchant, each.headers, each.body)
        refused.append(raised.value.code)
    assert set(refused) == {"mchid"}
    assert len(refused) > 1  # the payment's, and the refund's


def test_accepted_is_not_done(shop: Shop) -> None:
    shop.behave(pace=1)
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    assert asked(shop, refund).state is RefundSaid.PROCESSING
    shop.age(order, 30)
    assert stands(shop, refund).state is RefundSaid.DONE


def test_the_same_number_gives_back_once(shop: Shop) -> None:
    order, payment = shop.paid()
    refund = shop.return_of(order, payment, 1_000)
    first = asked(shop, refund)
    for _ in range(3):
        assert asked(shop, refund).channel_ref == first.channel_ref
    with pytest.raises(OrderChanged):
        asked(shop, replace(refund, amount_fen=999))
    with pytest.raises(ChannelRefused):
        asked(shop, shop.return_of(order, payment, 235))
    assert asked(shop, shop.return_of(order, payment, 234)).amount_fen == 234


def test_a_lost_answer_is_asked_for_under_the_same_number(shop: Shop) -> None:
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    shop.sandbox.fault("weixinpay", "lost", path="/v3/refund")
    with pytest.raises(ChannelUnsure):
        asked(shop, refund)
    shop.sandbox.repair()
    assert stands(shop, refund).amount_fen == payment.amount_fen
    assert asked(shop, refund).channel_ref == stands(shop, refund).channel_ref


def test_a_second_refund_of_an_order_waits_a_minute(shop: Shop) -> None:
    shop.behave(pace=1)
    order, payment = shop.paid()
    asked(shop, shop.return_of(order, payment, 1))
    with pytest.raises(ChannelTemporary):
        asked(shop, shop.return_of(order, payment, 2))
    shop.age(order, 60)
    asked(shop, shop.return_of(order, payment, 2))


def test_an_order_is_refunded_fifty_times_at_most(shop: Shop) -> None:
    order, payment = shop.paid()
    for _ in range(50):
        asked(shop, shop.return_of(order, payment, 1))
    with pytest.raises(ChannelRefused):
        asked(shop, shop.return_of(order, payment, 1))


def test_what_the_account_does_not_cover_waits(shop: Shop) -> None:
    shop.behave(balance_fen=100)
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    with pytest.raises(BalanceTooLow):
        asked(shop, refund)
    with pytest.raises(OrderUnknown):
        stands(shop, refund)
    shop.behave(balance_fen=5_000)
    assert asked(shop, refund).amount_fen == payment.amount_fen


def test_after_a_year_nothing_goes_back(shop: Shop) -> None:
    order, payment = shop.paid()
    shop.age(order, 366 * 86_400)
    with pytest.raises(ChannelRefused):
        asked(shop, shop.return_of(order, payment))


def test_an_unpaid_order_has_nothing_to_give_back(shop: Shop) -> None:
    order, payment = shop.paid()
    unpaid, _ = shop.asked()
    with pytest.raises(OrderUnknown):
        asked(shop, replace(shop.return_of(unpaid, payment), channel_ref="42000" + "9" * 23))
    with pytest.raises(ChannelRefused):
        asked(shop, replace(shop.return_of(order, payment), total_fen=payment.amount_fen - 1, amount_fen=1))


@pytest.mark.parametrize(
    ("kind", "state"), [("abnormal", RefundSaid.ABNORMAL), ("closed", RefundSaid.CLOSED)]
)
def test_a_refund_can_fail(shop: Shop, kind: str, state: RefundSaid) -> None:
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    shop.sandbox.fault("weixinpay", kind)
    asked(shop, refund)
    wait_until(lambda: stands(shop, refund).state is state)
    assert told(shop, refund).state is state
    assert shop.query(order).state is Said.PAID


def test_what_a_closed_refund_held_can_be_asked_for_again(shop: Shop) -> None:
    order, payment = shop.paid()
    closed = shop.return_of(order, payment)
    asked(shop, closed)
    shop.sandbox.order("weixinpay/refunds", mchid=MCHID, number=closed.number, outcome="CLOSED")
    again = shop.return_of(order, payment)
    assert asked(shop, again).number == again.number


@ALGORITHMS
@pytest.mark.parametrize("has_public_key", [True, False])
def test_an_abnormal_refund_goes_to_another_card(shop: Shop, algorithms: str, has_public_key: bool) -> None:
    shop.merchant = merchant(shop.sandbox, algorithms=algorithms, has_public_key=has_public_key)
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    shop.sandbox.fault("weixinpay", "abnormal")
    there = asked(shop, refund)
    wait_until(lambda: stands(shop, refund).state is RefundSaid.ABNORMAL)
    card = Receiver(is_payer=True, bank="ICBC_DEBIT", account="6222000000001234", holder="测试人")
    PROVIDER.redirect_refund(shop.merchant, refund, there.channel_ref, card)
    wait_until(lambda: stands(shop, refund).state is RefundSaid.DONE)
    (known,) = shop.sandbox.show("weixinpay/orders", mchid=MCHID)["orders"]
    assert known["refunds"][0]["account"] == "ICBC_DEBIT1234"
    with pytest.raises(ChannelRefused):
        PROVIDER.redirect_refund(shop.merchant, refund, there.channel_ref, Receiver(is_payer=False))


def test_the_card_of_a_refund_is_shown_nowhere() -> None:
    shown = repr(Receiver(is_payer=True, bank="ICBC_DEBIT", account="6222000000001234", holder="测试人"))
    assert "6222" not in shown
    assert "测试人" not in shown


def test_asking_where_a_refund_stands_is_never_unsure(shop: Shop) -> None:
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    with pytest.raises(OrderUnknown):
        stands(shop, refund)
    shop.sandbox.fault("weixinpay", "hang")
    with http.within(0.5), pytest.raises(ChannelTemporary):
        stands(shop, refund)
