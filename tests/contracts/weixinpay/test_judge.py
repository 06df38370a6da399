"""The library ``wechatpayv3``, written by others, as the merchant: what it takes and reads is WeChat Pay."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from wechatpayv3 import WeChatPayType

from foundation.core import clock
from payments.providers.base import Way
from payments.providers.weixinpay.files import BEIJING
from payments.providers.weixinpay.signing import SUITES
from payments.providers.weixinpay.statements import read_trades
from tests.contracts.weixinpay.side import MCHID, OPENID, PROVIDER, Shop, wait_until

KINDS: Mapping[WeChatPayType, tuple[str, dict[str, Any]]] = {
    WeChatPayType.JSAPI: ("prepay_id", {"payer": {"openid": OPENID}}),
    WeChatPayType.MINIPROG: ("prepay_id", {"payer": {"openid": OPENID}}),
    WeChatPayType.NATIVE: ("code_url", {}),
    WeChatPayType.H5: (
        "h5_url",
        {"scene_info": {"payer_client_ip": "203.0.113.9", "h5_info": {"type": "Wap"}}},
    ),
}


def asked(answer: tuple[int, str], status: int = 200) -> dict[str, object]:
    code, message = answer
    assert code == status, message
    return dict(json.loads(message)) if message else {}


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_for_orders(shop: Shop, kind: WeChatPayType) -> None:
    name, more = KINDS[kind]
    number = shop.wanted().number
    answer = shop.judge(kind=kind).pay(
        description="门诊缴费", out_trade_no=number, amount={"total": 1_234}, **more
    )
    assert asked(answer)[name]


def test_it_asks_closes_and_is_refused(shop: Shop) -> None:
    library, order = shop.judge(), shop.asked()[0]
    assert asked(library.query(out_trade_no=order.number))["trade_state"] == "NOTPAY"
    assert asked(library.close(order.number), 204) == {}
    assert asked(library.query(out_trade_no=order.number))["trade_state"] == "CLOSED"
    assert asked(library.query(out_trade_no="UNKNOWN123"), 404)["code"] == "ORDER_NOT_EXIST"


def test_it_sees_what_our_client_did_and_our_client_what_it_did(shop: Shop) -> None:
    library = shop.judge()
    order, payment = shop.paid(way=Way.SCANS)
    said = asked(library.query(transaction_id=payment.channel_ref))
    assert said["out_trade_no"] == order.number
    refund = shop.return_of(order, payment, 1_000)
    answer = asked(
        library.refund(
            out_refund_no=refund.number,
            transaction_id=payment.channel_ref,
            reason=refund.reason,
            amount={"refund": 1_000, "total": payment.amount_fen, "currency": "CNY"},
        )
    )
    assert PROVIDER.query_refund(shop.merchant, refund).channel_ref == answer["refund_id"]
    assert asked(library.query_refund(refund.number))["out_refund_no"] == refund.number


def test_it_opens_the_platform_certificates(shop: Shop) -> None:
    library = shop.judge_by_certificates()
    assert len(library._core._certificates) == 2
    assert asked(library.query(out_trade_no=shop.asked()[0].number))["trade_state"] == "NOTPAY"


def test_it_refuses_answers_of_a_stranger(shop: Shop) -> None:
    order, _ = shop.asked()
    shop.sandbox.fault("weixinpay", "badsign")
    with pytest.raises(Exception, match="failed to verify the signature"):
        shop.judge().query(out_trade_no=order.number)


def test_what_we_encrypt_opens_with_the_key_of_weixin_and_what_it_encrypts_too(shop: Shop) -> None:
    library, suite = shop.judge(), SUITES["RSA"]
    # The merchant's own pair stands in for WeChat's, whose private half only the sandbox has.
    ours = library._core._private_key.public_key()
    assert library.decrypt(suite.seal(ours, "测试人")) == "测试人"


def test_it_sends_an_abnormal_refund_elsewhere(shop: Shop) -> None:
    shop.behave(pace=0)
    library = shop.judge()
    order, payment = shop.paid()
    refund = shop.return_of(order, payment)
    shop.sandbox.fault("weixinpay", "abnormal")
    there = PROVIDER.refund(shop.merchant, refund)
    wait_until(lambda: asked(library.query_refund(refund.number))["status"] == "ABNORMAL")
    answer = library.abnormal_refund(
        refund_id=there.channel_ref,
        out_refund_no=refund.number,
        type="USER_BANK_CARD",
        bank_type="ICBC_DEBIT",
        bank_account="6222000000001234",
        real_name="测试人",
    )
    asked(answer)
    (known,) = shop.sandbox.show("weixinpay/orders", mchid=MCHID)["orders"]
    assert known["refunds"][0]["account"] == "ICBC_DEBIT1234"


def test_it_downloads_the_same_bill(shop: Shop) -> None:
    shop.behave(bills="ready")
    shop.paid()
    day = clock.now().astimezone(BEIJING).date()
    library = shop.judge()
    offered = asked(library.trade_bill(day.isoformat()))
    code, packed = library.download_bill(str(offered["download_url"]))
    assert code == 200
    plain = gzip.decompress(packed)
    assert hashlib.sha1(plain).hexdigest() == offered["hash_value"]
    assert read_trades(date.fromisoformat(day.isoformat()), plain) == PROVIDER.statement(shop.merchant, day)
