"""Orders at WeChat Pay over the wire: asked for, launched, paid, asked about, closed, and what is refused."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from foundation.core import clock, http
from payments.providers import online_provider
from payments.providers.base import Merchant, OnlineProvider, Order, RedirectsRefunds, Said, Way
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    OrderChanged,
    OrderPaid,
    OrderUnknown,
)
from payments.providers.weixinpay.signing import launch_text
from tests.contracts.weixinpay.side import MCHID, OPENID, PROVIDER, Shop, changed, merchant
from tests.sandbox_server import Sandbox
from tests.sdk.flaky import HANG_UP, Answer, Flaky

ALGORITHMS = pytest.mark.parametrize("algorithms", ["RSA", "SM"])


def test_it_is_one_of_the_ways_of_paying() -> None:
    provider: OnlineProvider = PROVIDER
    redirects: RedirectsRefunds = PROVIDER
    assert type(online_provider("weixinpay")) is type(PROVIDER)
    assert callable(redirects.redirect_refund)
    required = {key.name for key in provider.keys if key.is_required}
    assert required == {"appid", "serial_no", "private_key", "api_v3_key"}
    assert {key.name for key in provider.keys if key.is_secret} == {"private_key", "api_v3_key"}


def may_pay(shop: Shop, order: Order, **how: str) -> bool:
    """Whether the payer's WeChat lets the payer pay, and does it."""
    body = {"mchid": MCHID, "number": order.number, **how}
    answer = shop.sandbox.http.post("/console/api/weixinpay/pay", json=body)
    assert answer.status_code in {200, 409}
    return answer.status_code == 200


@ALGORITHMS
@pytest.mark.parametrize("way", [Way.IN_WEIXIN, Way.MINI_PROGRAM])
@pytest.mark.row("FC-04")
def test_an_order_inside_weixin_is_launched_and_paid(shop: Shop, algorithms: str, way: Way) -> None:
    shop.merchant = merchant(shop.sandbox, algorithms=algorithms)
    order, launch = shop.asked(way=way)
    assert launch.kind == "call"
    assert shop.query(order).state is Said.WAITING
    page = shop.sandbox.http.get("/weixinpay/cashier", params=dict(launch.fields))
    assert "¥12.34" in page.text
    shop.pay(order)
    said = shop.query(order)
    assert (said.state, said.amount_fen, said.number) == (Said.PAID, 1_234, order.number)
    assert said.channel_ref.startswith("42000")
    assert said.paid_at is not None
    assert clock.now() - said.paid_at < timedelta(minutes=1)


def test_the_launch_is_signed_over_four_lines(shop: Shop) -> None:
    _, launch = shop.asked()
    fields = launch.fields
    signed = [fields[name] for name in ("appId", "timeStamp", "nonceStr", "package")]
    assert fields["package"].startswith("prepay_id=wx")
    assert fields["signType"] == "RSA"
    assert fields["paySign"] == shop.judge().sign(signed)
    assert launch_text(*signed) == ("\n".join(signed) + "\n").encode()


@pytest.mark.parametrize("changed", ["timeStamp", "nonceStr", "package", "paySign"])
def test_a_launch_that_was_changed_opens_no_cashier(shop: Shop, changed: str) -> None:
    _, launch = shop.asked()
    fields = dict(launch.fields) | {changed: launch.fields[changed] + "0"}
    assert shop.sandbox.http.get("/weixinpay/cashier", params=fields).status_code == 400


def test_an_order_in_another_browser_is_a_way_to_go(shop: Shop) -> None:
    order, launch = shop.asked(way=Way.BROWSER, return_url="http://127.0.0.1:8000/bills/1/?a=1&b=2")
    assert launch.kind == "redirect"
    assert parse_qs(urlsplit(launch.fields["url"]).query)["redirect_url"] == [
        "http://127.0.0.1:8000/bills/1/?a=1&b=2"
    ]
    assert launch.expires_at is not None
    assert launch.expires_at - clock.now() <= timedelta(minutes=5)
    assert "¥12.34" in shop.sandbox.http.get(launch.fields["url"]).text
    shop.age(order, 301)
    assert shop.sandbox.http.get(launch.fields["url"]).status_code == 200
    assert not may_pay(shop, order)


def test_a_code_to_scan_is_worth_nothing_once_there_is_a_newer_one(shop: Shop) -> None:
    order, launch = shop.asked(way=Way.SCANS)
    newer = PROVIDER.order(shop.merchant, order)
    assert launch.kind == newer.kind == "code"
    old, new = (each.fields["text"] for each in (launch, newer))
    assert old.startswith("weixin://wxpay/bizpayurl?pr=")
    assert "二维码已失效" in shop.sandbox.http.get("/weixinpay/scan", params={"text": old}).text
    assert "确认支付" in shop.sandbox.http.get("/weixinpay/scan", params={"text": new}).text


def test_the_cashier_takes_the_money_and_leads_back(shop: Shop) -> None:
    order, launch = shop.asked()
    back = "http://127.0.0.1:8000/bills/1/"
    page = shop.sandbox.http.get("/weixinpay/cashier", params={**launch.fields, "back": back})
    token = launch.fields["package"].removeprefix("prepay_id=")
    assert token in page.text
    pressed = {"token": token, "back": back, "press": "pay"}
    done = shop.sandbox.http.post("/weixinpay/cashier", data=pressed)
    assert "支付成功" in done.text
    assert back in done.text
    assert shop.query(order).state is Said.PAID
    assert shop.sandbox.http.post("/weixinpay/cashier", data=pressed).status_code == 400


@pytest.mark.parametrize("back", ["https://elsewhere.example/", "javascript:alert(1)", "http://["])
def test_the_cashier_leads_to_no_stranger(shop: Shop, back: str) -> None:
    _, launch = shop.asked()
    token = launch.fields["package"].removeprefix("prepay_id=")
    pressed = {"token": token, "back": back, "press": "cancel"}
    done = shop.sandbox.http.post("/weixinpay/cashier", data=pressed)
    assert "返回商家" not in done.text


def test_asking_again_with_the_same_order_is_safe(shop: Shop) -> None:
    order, launch = shop.asked()
    again = PROVIDER.order(shop.merchant, order)
    assert again.fields["package"] == launch.fields["package"]
    shop.age(order, 7_200)
    assert PROVIDER.order(shop.merchant, order).fields["package"] != launch.fields["package"]


@pytest.mark.parametrize("change", [{"amount_fen": 1_235}, {"title": "挂号"}])
def test_a_number_stands_for_one_order(shop: Shop, change: dict[str, object]) -> None:
    order, _ = shop.asked()
    with pytest.raises(OrderChanged) as refused:
        PROVIDER.order(shop.merchant, replace(order, **change))  # type: ignore[arg-type]
    assert refused.value.reason == "268498688"


def test_a_paid_order_is_neither_asked_for_again_nor_closed(shop: Shop) -> None:
    order, _ = shop.paid()
    with pytest.raises(OrderPaid):
        PROVIDER.order(shop.merchant, order)
    with pytest.raises(OrderPaid):
        PROVIDER.close(shop.merchant, order)


def test_closing_can_be_repeated(shop: Shop) -> None:
    order, _ = shop.asked()
    for _ in range(2):
        PROVIDER.close(shop.merchant, order)
    assert shop.query(order).state is Said.CLOSED
    assert not may_pay(shop, order)


def test_an_unpaid_order_closes_by_itself_after_seven_days(shop: Shop) -> None:
    order, _ = shop.asked()
    shop.age(order, 7 * 86_400)
    assert shop.query(order).state is Said.CLOSED


@pytest.mark.parametrize("seconds", [7_200, 1_801])
def test_an_old_order_is_not_paid(shop: Shop, seconds: int) -> None:
    order, _ = shop.asked()
    shop.age(order, seconds)
    assert not may_pay(shop, order)


def test_an_order_is_paid_by_who_asked_for_it(shop: Shop) -> None:
    order, _ = shop.asked()
    assert not may_pay(shop, order, openid="oSomebodyElse")
    shop.pay(order, openid=OPENID)


def test_an_unknown_order_is_told_apart(shop: Shop) -> None:
    order = shop.wanted()
    with pytest.raises(OrderUnknown):
        shop.query(order)
    with pytest.raises(OrderUnknown):
        PROVIDER.close(shop.merchant, order)


def other_key(sandbox: Sandbox) -> str:
    return str(sandbox.show("weixinpay/merchants/1900000999")["secrets"]["private_key"])


@pytest.mark.parametrize("wrong", ["private_key", "serial_no", "appid"])
def test_a_wrong_key_number_or_application_is_our_own_mistake(shop: Shop, wrong: str) -> None:
    text = other_key(shop.sandbox) if wrong == "private_key" else "5A"
    shop.merchant = changed(shop.merchant, **{wrong: text})
    with pytest.raises(ChannelMisconfigured):
        shop.asked()


@pytest.mark.parametrize("wrong", ["private_key", "api_v3_key", "algorithms"])
def test_a_set_up_that_is_no_key_is_said_to_be_wrong(shop: Shop, wrong: str) -> None:
    shop.merchant = changed(merchant(shop.sandbox, has_public_key=False), **{wrong: "nothing"})
    with pytest.raises(ChannelMisconfigured):
        shop.asked()


def test_a_way_that_weixin_has_not_is_refused(shop: Shop) -> None:
    with pytest.raises(ChannelRefused):
        shop.asked(way=Way.IN_ALIPAY)
    with pytest.raises(ChannelRefused):
        shop.asked(payer={})


@pytest.mark.parametrize(
    ("code", "ordering", "asking"),
    [
        ("SYSTEM_ERROR", ChannelUnsure, ChannelTemporary),
        ("BANK_ERROR", ChannelUnsure, ChannelTemporary),
        ("FREQUENCY_LIMITED", ChannelTemporary, ChannelTemporary),
        ("NO_AUTH", ChannelMisconfigured, ChannelMisconfigured),
        ("RULE_LIMIT", ChannelRefused, ChannelRefused),
    ],
)
def test_refusals_are_sorted(
    shop: Shop, code: str, ordering: type[ChannelError], asking: type[ChannelError]
) -> None:
    order = shop.wanted()
    shop.sandbox.fault("weixinpay", "code", code=code)
    with pytest.raises(ChannelError) as refused:
        PROVIDER.order(shop.merchant, order)
    assert type(refused.value) is ordering
    assert refused.value.code == code
    with pytest.raises(ChannelError) as refused:
        shop.query(order)
    assert type(refused.value) is asking


@pytest.mark.parametrize("kind", ["error", "outage", "garbage", "badsign", "lost"])
def test_what_may_have_been_done_is_unsure_until_it_is_asked_for(shop: Shop, kind: str) -> None:
    order = shop.wanted()
    shop.sandbox.fault("weixinpay", kind)
    with pytest.raises(ChannelUnsure):
        PROVIDER.order(shop.merchant, order)
    shop.sandbox.repair()
    if kind in {"badsign", "lost"}:
        assert shop.query(order).state is Said.WAITING
    else:
        with pytest.raises(OrderUnknown):
            shop.query(order)


def test_no_answer_in_time_is_unsure_for_what_acts_only(shop: Shop) -> None:
    order = shop.wanted()
    shop.sandbox.fault("weixinpay", "hang")
    with http.within(0.5), pytest.raises(ChannelUnsure):
        PROVIDER.order(shop.merchant, order)
    with http.within(0.5), pytest.raises(ChannelTemporary):
        shop.query(order)


def test_where_nobody_listens_nothing_was_done(shop: Shop) -> None:
    shop.merchant = replace(shop.merchant, base_url="http://127.0.0.1:9")
    with pytest.raises(ChannelTemporary):
        shop.asked()


def test_a_connection_that_breaks_is_unsure(shop: Shop) -> None:
    broken = Flaky([HANG_UP])
    shop.merchant = replace(shop.merchant, base_url=broken.url)
    try:
        with pytest.raises(ChannelUnsure):
            shop.asked()
    finally:
        broken.stop()


@pytest.mark.parametrize("status", [403, 404, 200, 302])
def test_an_answer_that_is_not_weixins_says_nothing(shop: Shop, status: int) -> None:
    proxy = Flaky([Answer(status, b"<html>blocked</html>")])
    shop.merchant = replace(shop.merchant, base_url=proxy.url)
    try:
        with pytest.raises(ChannelUnsure):
            shop.asked()
        with pytest.raises(ChannelTemporary):
            shop.query(shop.wanted())
    finally:
        proxy.stop()


def test_nothing_of_keys_and_payers_is_logged_or_shown(
    shop: Shop, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level("INFO"):
        order, _ = shop.asked()
        shop.query(order)
    written = caplog.text + "".join(capsys.readouterr()) + repr(shop.merchant)
    assert "/v3/pay/transactions/jsapi" in written
    secrets = (shop.merchant.secrets["api_v3_key"], "PRIVATE KEY", OPENID, "signature=")
    assert not [each for each in secrets if each in written]


def test_our_signature_is_the_one_that_the_library_makes(shop: Shop) -> None:
    listener = Flaky([Answer(500, b"")])
    there: Merchant = replace(shop.merchant, base_url=listener.url)
    try:
        with pytest.raises(ChannelUnsure):
            PROVIDER.order(there, shop.wanted())
    finally:
        listener.stop()
    (asked,) = listener.asked
    scheme, _, rest = asked.headers["authorization"].partition(" ")
    given = dict(part.split("=", 1) for part in rest.split(","))
    values = {name: text.strip('"') for name, text in given.items()}
    lines = [asked.method, asked.path, values["timestamp"], values["nonce_str"], asked.body.decode()]
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert values["signature"] == shop.judge().sign(lines)
    assert asked.headers["wechatpay-serial"] == shop.merchant.values["public_key_id"]
