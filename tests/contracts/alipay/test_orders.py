"""Alipay's client against the played gateway: orders, ends, refunds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.core import clock, http
from payments.providers.alipay import Alipay
from payments.providers.base import (
    Merchant,
    Payment,
    RefundSaid,
    Said,
    Way,
)
from payments.providers.errors import (
    BalanceTooLow,
    ChannelRefused,
    ChannelUnsure,
    OrderChanged,
    OrderPaid,
    OrderUnknown,
)
from tests.contracts.alipay.world import (
    CODE_AGREES,
    CODE_PAYS,
    CODE_POOR,
    CODE_UNSURE,
    CODE_WAITS,
    order,
    paid,
    pay,
    place,
    refund_of,
)
from tests.sandbox_server import Sandbox


@pytest.mark.row("FC-04")
def test_a_shown_code_is_paid_and_found(sandbox: Sandbox, merchant: Merchant) -> None:
    made = order()
    launch = place(merchant, made)
    assert launch.kind == "code"
    with pytest.raises(OrderUnknown):
        Alipay().query(merchant, made)
    pay(sandbox, launch)
    said = Alipay().query(merchant, made)
    assert (said.number, said.state, said.amount_fen) == (made.number, Said.PAID, 1_234)
    assert said.channel_ref
    assert said.paid_at is not None
    assert abs(said.paid_at - clock.now()) < timedelta(minutes=1)


def test_a_payer_in_alipay_gets_a_trade_to_pay(sandbox: Sandbox, plain: Merchant) -> None:
    made = order(Way.IN_ALIPAY, payer={"buyer_id": "2088000000000001"})
    launch = place(plain, made)
    assert launch.kind == "call"
    assert Alipay().query(plain, made) == Payment(made.number, Said.WAITING)
    again = place(plain, made)
    assert again.fields == launch.fields
    page = f"/alipay/cashier/{launch.fields['tradeNO']}"
    assert sandbox.http.post(page, data={"buyer": "2088000000000001"}).status_code == 200
    assert Alipay().query(plain, made).channel_ref == launch.fields["tradeNO"]
    with pytest.raises(OrderPaid):
        place(plain, made)


def test_a_browser_is_sent_to_the_cashier_and_back(sandbox: Sandbox, plain: Merchant) -> None:
    made = order(Way.BROWSER, return_url="http://127.0.0.1:8000/bills/?a=1")
    launch = place(plain, made)
    assert launch.kind == "redirect"
    page = sandbox.http.get(launch.fields["url"], follow_redirects=True)
    assert page.status_code == 200
    assert "确认付款" in page.text
    done = sandbox.http.post(str(page.url), data={})
    assert "http://127.0.0.1:8000/bills/?a=1&amp;" in done.text
    assert Alipay().query(plain, made).state is Said.PAID


def test_a_link_that_somebody_changed_shows_no_cashier(sandbox: Sandbox, plain: Merchant) -> None:
    url = place(plain, order(Way.BROWSER)).fields["url"]
    said = sandbox.http.get(url.replace("12.34", "00.01"))
    assert said.json()["alipay_trade_wap_pay_response"]["sub_code"] == "isv.invalid-signature"


def test_the_same_number_for_another_amount_is_refused(plain: Merchant) -> None:
    made = order()
    place(plain, made)
    place(plain, made)
    with pytest.raises(OrderChanged):
        place(plain, replace(made, amount_fen=1))


@pytest.mark.parametrize(
    ("code", "state"), [(CODE_PAYS, Said.PAID), (CODE_WAITS, Said.WAITING), (CODE_UNSURE, Said.PAID)]
)
def test_a_scanned_payer(plain: Merchant, code: str, state: Said) -> None:
    made = order(Way.SCANNED, payer={"auth_code": code})
    if code == CODE_UNSURE:
        with pytest.raises(ChannelUnsure):
            place(plain, made)
    else:
        assert place(plain, made).kind == "none"
    assert Alipay().query(plain, made).state is state


def test_a_scanned_payer_who_agrees_later_is_polled_for(plain: Merchant) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_AGREES})
    place(plain, made)
    states = [Alipay().query(plain, made).state for _ in range(3)]
    assert states == [Said.WAITING, Said.WAITING, Said.PAID]


def test_a_scanned_payer_who_never_agrees_is_cancelled(sandbox: Sandbox, plain: Merchant) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_WAITS})
    place(plain, made)
    for _ in range(2):
        Alipay().close(plain, made)
        assert Alipay().query(plain, made).state is Said.CLOSED
    calls = [each["fields"] for each in sandbox.show("requests")["requests"]]
    assert sum("alipay.trade.cancel" in each for each in calls) == 1


def test_what_is_paid_is_never_cancelled(plain: Merchant) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_PAYS})
    place(plain, made)
    with pytest.raises(OrderPaid):
        Alipay().close(plain, made)
    assert Alipay().query(plain, made).state is Said.PAID


@pytest.mark.parametrize("code", [CODE_POOR, "2899", ""])
def test_a_payer_who_cannot_pay_is_refused(plain: Merchant, code: str) -> None:
    with pytest.raises(ChannelRefused):
        place(plain, order(Way.SCANNED, payer={"auth_code": code}))


def test_closing_ends_what_is_not_paid(sandbox: Sandbox, plain: Merchant) -> None:
    made = order(Way.IN_ALIPAY, payer={"buyer_id": "2088000000000001"})
    place(plain, made)
    Alipay().close(plain, made)
    Alipay().close(plain, made)
    assert Alipay().query(plain, made) == Payment(made.number, Said.CLOSED)
    unscanned = order()
    place(plain, unscanned)
    Alipay().close(plain, unscanned)
    done = paid(sandbox, plain)
    with pytest.raises(OrderPaid):
        Alipay().close(plain, done)


def test_an_unpaid_trade_is_closed_when_its_time_is_over(sandbox: Sandbox, plain: Merchant) -> None:
    made = order(Way.IN_ALIPAY, payer={"buyer_id": "2088000000000001"})
    launch = place(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="expire")
    page = sandbox.http.post(f"/alipay/cashier/{launch.fields['tradeNO']}", data={})
    assert "已经关闭" in page.text
    assert Alipay().query(plain, made).state is Said.CLOSED


@pytest.mark.row("FC-04")
def test_money_goes_back_in_parts_and_never_twice(sandbox: Sandbox, merchant: Merchant) -> None:
    made = paid(sandbox, merchant)
    first = refund_of(made, 234)
    with pytest.raises(OrderUnknown):
        Alipay().query_refund(merchant, first)
    done = Alipay().refund(merchant, first)
    assert (done.state, done.amount_fen) == (RefundSaid.DONE, 234)
    again = Alipay().refund(merchant, first)
    assert (again.state, again.amount_fen) == (RefundSaid.DONE, 234)
    assert Alipay().query_refund(merchant, first).amount_fen == 234
    with pytest.raises(OrderChanged):
        Alipay().refund(merchant, replace(first, amount_fen=235))
    assert Alipay().refund(merchant, refund_of(made, 1_000)).amount_fen == 1_000
    with pytest.raises(ChannelRefused):
        Alipay().refund(merchant, refund_of(made, 1))
    # A trade that was refunded in full is closed, and was paid.
    assert Alipay().query(merchant, made).state is Said.PAID


def test_a_refund_whose_answer_is_lost_is_unsure_and_safe_to_repeat(
    sandbox: Sandbox, plain: Merchant
) -> None:
    made = paid(sandbox, plain)
    refund = refund_of(made, 500)
    sandbox.fault("alipay", "lost")
    with http.within(1.0), pytest.raises(ChannelUnsure):
        Alipay().refund(plain, refund)
    sandbox.repair()
    assert Alipay().refund(plain, refund).state is RefundSaid.DONE
    trades = sandbox.show("alipay/trades")["trades"]
    assert [each["fen"] for each in trades[0]["refunds"].values()] == [500]


def test_a_merchant_without_balance_is_told_so(sandbox: Sandbox, plain: Merchant) -> None:
    made = paid(sandbox, plain)
    sandbox.fault("alipay", "poor")
    with pytest.raises(BalanceTooLow):
        Alipay().refund(plain, refund_of(made, 1))
