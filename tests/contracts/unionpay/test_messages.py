"""UnionPay's messages: what is believed, and what a wrong set-up looks like."""

import base64
import hashlib
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from foundation.core import clock
from payments.providers import online_provider
from payments.providers.base import (
    Merchant,
    NoticeKind,
    OnlineProvider,
    Order,
    Refunded,
    RefundSaid,
)
from payments.providers.errors import (
    ChannelMisconfigured,
    ChannelTemporary,
    ChannelUnsure,
    NoticeRefused,
)
from payments.providers.unionpay import UnionPay, gateway, signing, told
from tests.contracts.listener import Listener
from tests.contracts.unionpay.world import (
    KEY,
    NUMBER,
    order,
    paid,
    place,
    refund_of,
    tampered,
)
from tests.sandbox_server import Sandbox


def test_it_is_one_of_the_ways_of_paying() -> None:
    provider: OnlineProvider = UnionPay()
    assert type(online_provider("unionpay")) is UnionPay
    assert {key.name for key in provider.keys if key.is_secret} == {"sign_key"}


@pytest.mark.row("FC-04")
def test_notices_tell_what_asking_tells(sandbox: Sandbox, merchant: Merchant, listener: Listener) -> None:
    made, said = paid(sandbox, merchant, notify_url=listener.url)
    notice = UnionPay().read_notice(merchant, {}, listener.wait(1)[0])
    assert (notice.kind, notice.said) == (NoticeKind.PAYMENT, said)
    refund = refund_of(made, said, 234)
    UnionPay().refund(merchant, refund)
    back = UnionPay().read_notice(merchant, {}, listener.wait(2)[1])
    assert back.kind is NoticeKind.REFUND
    assert isinstance(back.said, Refunded)
    assert (back.said.number, back.said.state, back.said.amount_fen) == (refund.number, RefundSaid.DONE, 234)
    assert back.id != notice.id
    assert UnionPay().answer(accepted=True).status == 200
    assert UnionPay().answer(accepted=False).status == 500


def test_a_notice_comes_five_times_at_most(sandbox: Sandbox, merchant: Merchant, listener: Listener) -> None:
    listener.answers = [(500, b"")]
    made = order(notify_url=listener.url)
    place(merchant, made)
    sandbox.order("unionpay/act", order_id=made.number, act="pay", way={"pace": 0.0003})
    notices = [UnionPay().read_notice(merchant, {}, body) for body in listener.wait(5)]
    assert len({notice.id for notice in notices}) == 1
    ends = time.monotonic() + 60
    while len(tries_of(sandbox, made)) < 5:
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert len(tries_of(sandbox, made)) == len(listener.posted) == 5


def tries_of(sandbox: Sandbox, made: Order) -> list[dict[str, Any]]:
    """The console's record of an order's notices; those of earlier tests may still be on their way."""
    told = sandbox.show("notices", system="unionpay")["told"]
    return [each for each in told if made.number in each["about"]]


def test_a_notice_that_is_not_unionpays_or_not_ours_is_refused(
    sandbox: Sandbox, merchant: Merchant, listener: Listener
) -> None:
    paid(sandbox, merchant, notify_url=listener.url)
    good = listener.wait(1)[0]
    bodies = [
        tampered(good, txnAmt="1"),
        tampered(good, signature=""),
        tampered(good, signMethod="11"),
        tampered(good, signPubKeyCert="no certificate"),
        tampered(good, signPubKeyCert=merchant.values["sign_cert"]),
        good + b"&txnAmt=1",
        b"",
        b"\xff=1",
    ]
    for body in bodies:
        with pytest.raises(NoticeRefused):
            UnionPay().read_notice(merchant, {}, body)
    with pytest.raises(NoticeRefused) as refused:
        UnionPay().read_notice(replace(merchant, number="777290058100009"), {}, good)
    assert refused.value.code == "other_merchant"
    with time_machine.travel(clock.now() + timedelta(days=400)), pytest.raises(NoticeRefused):
        UnionPay().read_notice(merchant, {}, good)


def test_a_certificate_of_the_same_authority_in_another_name_does_not_count(
    sandbox: Sandbox, merchant: Merchant, listener: Listener
) -> None:
    made = order(notify_url=listener.url)
    place(merchant, made)
    sandbox.order("unionpay/act", order_id=made.number, act="pay", way={"badsign": True})
    with pytest.raises(NoticeRefused):
        UnionPay().read_notice(merchant, {}, listener.wait(1)[0])
    # Nor does one of our own, with which we sign ourselves.
    identity = signing.identity_of(merchant)
    fields = {"merId": NUMBER, "signPubKeyCert": merchant.values["sign_cert"]}
    assert not identity.believes(signing.signed(identity, fields))


@pytest.mark.parametrize("kind", ["badsign", "garbage", "error", "outage"])
def test_an_answer_that_is_not_to_be_believed_settles_nothing(
    sandbox: Sandbox, merchant: Merchant, kind: str
) -> None:
    made, said = paid(sandbox, merchant)
    sandbox.fault("unionpay", kind)
    with pytest.raises(ChannelTemporary):
        UnionPay().query(merchant, made)
    with pytest.raises(ChannelUnsure):
        UnionPay().refund(merchant, refund_of(made, said, 1))


def test_a_merchant_that_is_set_up_wrong_is_told_apart(merchant: Merchant) -> None:
    other = rsa_keys.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    broken = [
        replace(merchant, secrets={"sign_key": pem}),
        replace(merchant, secrets={}),
        replace(merchant, values=dict(merchant.values) | {"root_cert": ""}),
        replace(merchant, number="777290058100009"),
    ]
    for each in broken[:3]:
        with pytest.raises(ChannelMisconfigured):
            place(each, order())
    with pytest.raises(ChannelMisconfigured) as refused:
        place(broken[3], order())
    assert refused.value.code == "11"


def test_the_signature_is_over_a_digest_of_the_sorted_fields(merchant: Merchant) -> None:
    """Written out as UnionPay's kit does it: SHA-256 in hex, and RSA with SHA-256 over those letters."""
    identity = signing.identity_of(merchant)
    signed = signing.signed(identity, {"b": "2", "a": "1", "empty": "", "C": "3"})
    text = f"C=3&a=1&b=2&certId={signed['certId']}"
    assert "empty" not in signed
    KEY.public_key().verify(
        base64.b64decode(signed["signature"]),
        hashlib.sha256(text.encode()).hexdigest().encode(),
        PKCS1v15(),
        SHA256(),
    )


def test_an_answer_is_read_with_signs_of_equality_and_brackets_in_its_values() -> None:
    assert gateway.parsed("a=b=&c={x=1&y=2}&d=[1&2]e&f=") == {
        "a": "b=", "c": "{x=1&y=2}", "d": "[1&2]e", "f": "",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "a", "=1", "a=1&a=2", "a=1&b"])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        gateway.parsed(text)


def test_a_time_without_a_year_is_that_after_the_order() -> None:
    evening = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert told.traced("0101000005", evening) == datetime(2026, 12, 31, 16, 0, 5, tzinfo=UTC)
    assert told.traced("1231235959", evening) == evening
    assert told.traced("1399999999", evening) is None
