"""Alipay's notices, as they come over the wire."""

import time
from dataclasses import replace
from typing import Any

import pytest

from payments.providers.alipay import Alipay
from payments.providers.base import (
    Merchant,
    NoticeKind,
    Payment,
    Refunded,
    RefundSaid,
    Said,
)
from payments.providers.errors import (
    ChannelRefused,
    NoticeRefused,
)
from tests.contracts.alipay.world import order, paid, place, refund_of, tampered
from tests.contracts.listener import Listener
from tests.sandbox_server import Sandbox


def test_a_finished_trade_is_no_second_payment_and_gives_nothing_back(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    made = paid(sandbox, plain, notify_url=listener.url)
    before = Alipay().query(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="finish")
    assert Alipay().query(plain, made) == before
    first, second = (Alipay().read_notice(plain, {}, body) for body in listener.wait(2))
    assert b"TRADE_FINISHED" in listener.posted[1]
    assert first.said == second.said == before
    with pytest.raises(ChannelRefused) as refused:
        Alipay().refund(plain, refund_of(made, 1))
    assert refused.value.code == "ACQ.TRADE_HAS_FINISHED"


@pytest.mark.row("FC-04")
def test_a_notice_tells_what_asking_tells(sandbox: Sandbox, merchant: Merchant, listener: Listener) -> None:
    made = paid(sandbox, merchant, notify_url=listener.url)
    notice = Alipay().read_notice(merchant, {}, listener.wait(1)[0])
    assert notice.kind is NoticeKind.PAYMENT
    assert notice.said == Alipay().query(merchant, made)
    assert Alipay().answer(accepted=True).body == b"success"
    assert Alipay().answer(accepted=False).body != b"success"


def test_a_notice_comes_again_with_its_number_until_success_is_read(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    listener.answers = [(500, b""), (200, b"SUCCESS!"), (302, b"success "), (200, b"success")]
    made = order(notify_url=listener.url)
    place(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="pay", way={"pace": 0.0003})
    notices = [Alipay().read_notice(plain, {}, body) for body in listener.wait(3)]
    assert len({notice.id for notice in notices}) == 1
    time.sleep(0.5)
    assert len(listener.posted) == 3


@pytest.mark.parametrize(
    ("way", "seen"), [({"copies": 3}, 3), ({"delay": 0.2}, 1), ({"drop": True}, 0)], ids=str
)
def test_notices_come_often_late_or_never_and_asking_heals(
    sandbox: Sandbox, plain: Merchant, listener: Listener, way: dict[str, Any], seen: int
) -> None:
    made = order(notify_url=listener.url)
    place(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="pay", way=way)
    found = [Alipay().read_notice(plain, {}, body) for body in listener.wait(seen)]
    assert len({notice.id for notice in found}) == min(1, seen)
    time.sleep(0.2)
    assert len(listener.posted) == seen
    assert Alipay().query(plain, made).state is Said.PAID


def test_a_wrong_amount_is_told_as_it_was_signed(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    made = order(notify_url=listener.url)
    place(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="pay", way={"wrongamount": True})
    said = Alipay().read_notice(plain, {}, listener.wait(1)[0]).said
    assert isinstance(said, Payment)
    assert said.amount_fen == made.amount_fen + 1


def test_a_refunds_notice_says_that_asking_is_worth_while(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    made = paid(sandbox, plain, notify_url=listener.url)
    refund = refund_of(made, 234)
    Alipay().refund(plain, refund)
    notice = Alipay().read_notice(plain, {}, listener.wait(2)[1])
    assert notice.kind is NoticeKind.REFUND
    assert isinstance(notice.said, Refunded)
    assert (notice.said.number, notice.said.state) == (refund.number, RefundSaid.PROCESSING)


def test_a_notice_that_is_not_alipays_or_not_ours_is_refused(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    paid(sandbox, plain, notify_url=listener.url)
    good = listener.wait(1)[0]
    others = [
        replace(plain, number="2088100000000009"),
        replace(plain, values=dict(plain.values) | {"app_id": "2021000000000009"}),
    ]
    bodies = [
        tampered(good, total_amount="0.01"),
        tampered(good, sign=""),
        tampered(good, sign="!"),
        tampered(good, sign_type="RSA"),
        good + b"&total_amount=0.01",
        b"",
        b"a",
        b"\xff=1",
        b"&".join(b"%d=1" % at for at in range(200)),
    ]
    for body in bodies:
        with pytest.raises(NoticeRefused):
            Alipay().read_notice(plain, {}, body)
    for other in others:
        with pytest.raises(NoticeRefused) as refused:
            Alipay().read_notice(other, {}, good)
        assert refused.value.code == "other_merchant"


def test_a_strangers_notice_is_refused(sandbox: Sandbox, plain: Merchant, listener: Listener) -> None:
    made = order(notify_url=listener.url)
    place(plain, made)
    sandbox.order("alipay/act", out_trade_no=made.number, act="pay", way={"badsign": True})
    with pytest.raises(NoticeRefused):
        Alipay().read_notice(plain, {}, listener.wait(1)[0])
