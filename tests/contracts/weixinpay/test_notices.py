"""Notices of WeChat Pay over the wire: told, told again, late, lost, forged, and under changing keys."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from foundation.core import clock
from payments.providers.base import Notice, NoticeKind, Payment, Said
from payments.providers.errors import NoticeRefused
from tests.contracts.weixinpay.side import MCHID, PROVIDER, Shop, changed, merchant, wait_until
from tests.sdk.flaky import Answer, Asked

LADDER = 16


def read(shop: Shop, asked: Asked) -> Notice:
    return PROVIDER.read_notice(shop.merchant, asked.headers, asked.body)


@pytest.mark.parametrize("algorithms", ["RSA", "SM"])
@pytest.mark.parametrize("callbacks", ["public_key", "certificate"])
@pytest.mark.row("FC-04")
def test_a_payment_is_told_under_either_key(shop: Shop, algorithms: str, callbacks: str) -> None:
    shop.merchant = merchant(shop.sandbox, algorithms=algorithms)
    shop.behave(callbacks=callbacks)
    order, _ = shop.paid()
    (asked,) = shop.heard()
    by_id = asked.headers["wechatpay-serial"].startswith("PUB_KEY_ID_")
    assert by_id is (callbacks == "public_key")
    notice = read(shop, asked)
    assert notice.kind is NoticeKind.PAYMENT
    assert notice.said == shop.query(order)
    assert notice.id.startswith("EV-")


def test_while_keys_change_notices_come_under_both(shop: Shop) -> None:
    shop.behave(callbacks="mixed")
    for _ in range(12):
        shop.paid()
    serials = {read(shop, asked) and asked.headers["wechatpay-serial"] for asked in shop.heard(12)}
    assert len(serials) == 2


def test_a_merchant_with_certificates_alone_reads_them(shop: Shop) -> None:
    shop.merchant = merchant(shop.sandbox, has_public_key=False)
    shop.behave(callbacks="certificate")
    order, _ = shop.paid()
    assert read(shop, shop.heard()[0]).said == shop.query(order)
    asked = [each for each in shop.sandbox.show("requests")["requests"] if each["path"] == "/v3/certificates"]
    assert len(asked) == 1


def test_a_merchant_without_any_certificate_reads_the_public_key_only(shop: Shop) -> None:
    shop.behave(callbacks="certificate", certificates=False)
    shop.paid()
    with pytest.raises(NoticeRefused) as refused:
        read(shop, shop.heard()[0])
    assert refused.value.code == "key_unknown"


def test_strangers_do_not_make_us_ask_for_certificates_again_and_again(shop: Shop) -> None:
    shop.paid()
    asked = shop.heard()[0]
    forged = replace(asked, headers=asked.headers | {"wechatpay-serial": "5ABC"})
    for _ in range(5):
        with pytest.raises(NoticeRefused):
            read(shop, forged)
    calls = [each for each in shop.sandbox.show("requests")["requests"] if each["path"] == "/v3/certificates"]
    assert len(calls) == 1


def test_the_answer_is_what_weixin_waits_for(shop: Shop) -> None:
    assert PROVIDER.answer(accepted=True).status == 204
    refused = PROVIDER.answer(accepted=False)
    assert 400 <= refused.status < 600
    assert json.loads(refused.body)["code"] == "FAIL"


def test_what_is_not_taken_comes_again_until_it_is(shop: Shop) -> None:
    shop.behave(pace=0.0001)
    shop.portal.script[:] = [Answer(500, b""), Answer(401, b""), Answer(200, b"")]
    order, _ = shop.paid()
    heard = shop.heard(3)
    assert len({read(shop, asked).id for asked in heard}) == 1
    assert len({asked.headers["wechatpay-nonce"] for asked in heard}) == 3
    wait_until(lambda: len(shop.tries(order.number)) == 3)
    assert [each["status"] for each in shop.tries(order.number)] == [500, 401, 200]


def test_what_is_never_taken_is_told_sixteen_times(shop: Shop) -> None:
    shop.behave(pace=0.000001)
    shop.portal.script[:] = [Answer(503, b"")]
    order, _ = shop.paid()
    wait_until(lambda: len(shop.tries(order.number)) == LADDER)
    assert shop.query(order).state is Said.PAID


def test_a_lost_notice_leaves_the_question(shop: Shop) -> None:
    shop.sandbox.fault("weixinpay", "drop")
    order, payment = shop.paid()
    wait_until(lambda: bool(shop.tries(order.number)))
    assert not shop.portal.asked
    assert payment.state is Said.PAID


def test_a_notice_may_come_twice_and_late(shop: Shop) -> None:
    shop.sandbox.fault("weixinpay", "duplicate")
    shop.sandbox.fault("weixinpay", "late", milliseconds=200)
    shop.paid()
    first, second = (read(shop, asked) for asked in shop.heard(2))
    assert first == second


@pytest.mark.parametrize("callbacks", ["public_key", "certificate"])
def test_a_probe_is_refused(shop: Shop, callbacks: str) -> None:
    shop.behave(callbacks=callbacks)
    shop.sandbox.fault("weixinpay", "probe")
    shop.paid()
    probe, real = shop.heard(2)
    assert probe.headers["wechatpay-signature"].startswith("WECHATPAY/SIGNTEST/")
    with pytest.raises(NoticeRefused) as refused:
        read(shop, probe)
    assert refused.value.code == "signature_wrong"
    assert read(shop, real).kind is NoticeKind.PAYMENT


def test_a_notice_of_a_stranger_is_refused(shop: Shop) -> None:
    shop.sandbox.fault("weixinpay", "badnotice")
    shop.paid()
    with pytest.raises(NoticeRefused):
        read(shop, shop.heard()[0])


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_notice_of_another_time_is_refused(shop: Shop, minutes: int) -> None:
    shop.paid()
    asked = shop.heard()[0]
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
        with pytest.raises(NoticeRefused) as refused:
            read(shop, asked)
    assert refused.value.code == "out_of_time"


@pytest.mark.parametrize("part", ["signature", "timestamp", "nonce", "serial"])
def test_a_notice_without_its_headers_is_refused(shop: Shop, part: str) -> None:
    shop.paid()
    asked = shop.heard()[0]
    headers = {name: value for name, value in asked.headers.items() if name != f"wechatpay-{part}"}
    with pytest.raises(NoticeRefused):
        read(shop, replace(asked, headers=headers))


def test_every_changed_byte_is_noticed(shop: Shop) -> None:
    shop.paid()
    asked = shop.heard()[0]
    for place in range(0, len(asked.body), 37):
        changed = bytearray(asked.body)
        changed[place] ^= 1
        with pytest.raises(NoticeRefused):
            read(shop, replace(asked, body=bytes(changed)))


def test_a_notice_under_another_api_key_does_not_open(shop: Shop) -> None:
    shop.behave(callbacks="public_key")
    shop.paid()
    asked = shop.heard()[0]
    shop.merchant = changed(shop.merchant, api_v3_key="0" * 32)
    with pytest.raises(NoticeRefused) as refused:
        read(shop, asked)
    assert refused.value.code == "seal"


@pytest.mark.parametrize("what", ["mchid", "appid"])
def test_a_notice_for_another_merchant_or_application_is_refused(shop: Shop, what: str) -> None:
    shop.behave(callbacks="public_key")
    shop.paid()
    asked = shop.heard()[0]
    if what == "mchid":
        shop.merchant = replace(shop.merchant, number="1900000110")
    else:
        shop.merchant = changed(shop.merchant, appid="wxother", mini_appid="")
    with pytest.raises(NoticeRefused) as refused:
        read(shop, asked)
    assert refused.value.code == what


def test_a_notice_of_other_algorithms_is_refused(shop: Shop) -> None:
    shop.paid()
    asked = shop.heard()[0]
    shop.merchant = merchant(shop.sandbox, algorithms="SM")
    with pytest.raises(NoticeRefused) as refused:
        read(shop, asked)
    assert refused.value.code == "algorithms"


@pytest.mark.parametrize("wrong", ["api_v3_key", "public_key", "algorithms"])
def test_a_set_up_that_is_no_key_reads_nothing(shop: Shop, wrong: str) -> None:
    shop.paid()
    asked = shop.heard()[0]
    shop.merchant = changed(shop.merchant, **{wrong: "nothing"})
    with pytest.raises(NoticeRefused):
        read(shop, asked)


def test_another_amount_is_told_as_it_is(shop: Shop) -> None:
    shop.sandbox.fault("weixinpay", "wrongamount")
    order, payment = shop.paid()
    said = read(shop, shop.heard()[0]).said
    assert isinstance(said, Payment)
    assert (said.amount_fen, payment.amount_fen) == (order.amount_fen + 1, order.amount_fen)


def test_a_payer_who_paid_another_amount_is_believed(shop: Shop) -> None:
    order, _ = shop.asked()
    shop.pay(order, amount=1)
    assert shop.query(order).amount_fen == 1


def test_an_earlier_notice_can_be_told_again(shop: Shop) -> None:
    order, _ = shop.paid()
    shop.heard()
    wait_until(lambda: bool(shop.tries(order.number)))
    shop.sandbox.order("weixinpay/notices", id=shop.tries(order.number)[0]["id"], way={"copies": 2})
    assert len({read(shop, asked).id for asked in shop.heard(3)}) == 1


def test_the_library_reads_the_same(shop: Shop) -> None:
    shop.behave(callbacks="public_key")
    order, payment = shop.paid()
    asked = shop.heard()[0]
    said = shop.judge().callback(asked.headers, asked.body)
    assert said["resource"]["out_trade_no"] == order.number
    assert said["resource"]["mchid"] == MCHID
    assert said["resource"]["amount"]["total"] == payment.amount_fen
    assert said["id"] == read(shop, asked).id


def test_the_library_reads_the_same_by_certificates(shop: Shop) -> None:
    shop.behave(callbacks="certificate")
    order, _ = shop.paid()
    asked = shop.heard()[0]
    said = shop.judge_by_certificates().callback(asked.headers, asked.body)
    assert said["resource"]["out_trade_no"] == order.number


def test_the_library_refuses_the_same_probe(shop: Shop) -> None:
    shop.behave(callbacks="public_key")
    shop.sandbox.fault("weixinpay", "probe")
    shop.paid()
    probe = shop.heard(2)[0]
    assert shop.judge().callback(probe.headers, probe.body) is None
