"""The envelope of the mobile-payment centre, with gmssl as an independent judge."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.core import clock
from gmcrypto import PrivateKey
from payments.insurance.mobile import envelope, setup
from payments.insurance.mobile.envelope import EnvelopeBroken
from payments.insurance.mobile.setup import Setup
from payments.providers.base import Merchant
from payments.providers.errors import ChannelMisconfigured
from tests.payments.insurance.judge import Judge

APP_ID, SECRET = "TESTAPPID0000000000000000000TEST", "TESTSECRET00000000000000000TEST!"
# Invented keys; gmssl cannot read public ones that begin with 0 or 4.
OURS = "4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e"
CENTRES = "1f2e3d4c5b6a79880716253443526170fedcba98765432100123456789abcdee"

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
FLAT = st.dictionaries(TEXT, TEXT, min_size=1, max_size=6)


def public_of(private: str) -> str:
    return PrivateKey(bytes.fromhex(private)).public_key.raw.hex()


def read_setup(private: str = OURS, centre: str = CENTRES, **values: str) -> Setup:
    merchant = Merchant(
        public_id="m",
        provider=setup.CODE,
        number="H11010100001",
        base_url="http://127.0.0.1:9",
        values={"app_id": APP_ID, "centre_key": public_of(centre), **values},
        secrets={"app_secret": SECRET, "private_key": private},
    )
    return setup.read(merchant)


def theirs(known: Setup) -> Setup:
    """The same conversation from the centre's side."""
    ours = PrivateKey(bytes.fromhex(OURS))
    return replace(known, private_key=PrivateKey(bytes.fromhex(CENTRES)), centre_key=ours.public_key)


def judge(known: Setup) -> Judge:
    return Judge(APP_ID, SECRET, CENTRES, public_of(OURS), known.uid)


def test_the_known_answer_of_the_encryption() -> None:
    """Source: our reference of the protocols, 9.1 (computed there for invented values, PKCS#7)."""
    known = read_setup()
    sealed = "1951B17E731321C84BA0B66BB4A622D17F039780917CC1CD49E9BE36A1443162"
    assert envelope._key(known) == b"49402A7451716C12"
    assert envelope.encrypt(known, '{"payOrdId":"T1"}') == sealed
    assert envelope.decrypt(known, sealed) == '{"payOrdId":"T1"}'
    assert judge(known).key == b"49402A7451716C12"
    assert judge(known).encrypt('{"payOrdId":"T1"}') == sealed


def test_the_signed_text_is_sorted_without_empty_and_unsigned_members() -> None:
    members = {
        "version": "2.0.1",
        "appId": "A",
        "timestamp": 1700000000000,
        "extra": "not signed",
        "signData": "not signed",
        "encData": "not signed",
        "empty": "",
        "success": True,
        "data": {"b": "2", "a": 1, "none": None, "list": [], "lines": [{"y": "", "x": "中"}], "zero": "0"},
    }
    assert envelope.signing_text(members, "S") == (
        'appId=A&data={"a":"1","b":"2","lines":[{"x":"中"}],"zero":"0"}&success=true'
        "&timestamp=1700000000000&version=2.0.1&key=S"
    )


@pytest.mark.parametrize("user_id", ["standard", "secret"])
def test_gmssl_and_we_read_each_other(user_id: str) -> None:
    known = read_setup(user_id=user_id)
    data = {"payOrdId": "ORD1", "userName": "林知秋", "idType": "01"}
    assert judge(known).accepts(envelope.seal(known, data)) == data
    head, said = envelope.open_envelope(known, judge(known).seal(data, code=0, message="成功"))
    assert (head["code"], said) == (0, data)


@settings(deadline=None, max_examples=60)
@given(FLAT)
def test_what_is_sealed_is_opened(data: dict[str, str]) -> None:
    known = read_setup()
    assert envelope.open_envelope(theirs(known), envelope.seal(known, data))[1] == data


@settings(deadline=None)
@given(st.dictionaries(TEXT, TEXT | st.none() | st.just("") | st.booleans() | st.integers(), max_size=6))
def test_the_signed_text_does_not_depend_on_order_or_empty_members(data: dict[str, Any]) -> None:
    text = envelope.signing_text({"data": data, "appId": "A"}, "S")
    turned = {name: data[name] for name in reversed(list(data))} | {"": None, "\uffffnone": ""}
    assert envelope.signing_text({"appId": "A", "data": turned, "encData": "x"}, "S") == text


@settings(deadline=None)
@given(FLAT, FLAT)
def test_two_contents_never_have_one_signed_text(one: dict[str, str], other: dict[str, str]) -> None:
    same = envelope.signing_text({"data": one}, "S") == envelope.signing_text({"data": other}, "S")
    assert same == (one == other)


@pytest.mark.parametrize("padding", ["pkcs7", "zero"])
@pytest.mark.parametrize("stamp", ["milliseconds", "digits"])
def test_regional_forms_are_settings(padding: str, stamp: str) -> None:
    known = read_setup(padding=padding, timestamp=stamp, version="1.0.0")
    body = envelope.seal(known, {"a": "0123456789abcd"})
    message = json.loads(body)
    assert (len(message["timestamp"]), message["version"]) == (14 if stamp == "digits" else 13, "1.0.0")
    assert envelope.open_envelope(theirs(known), body)[1] == {"a": "0123456789abcd"}


def changed(body: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    message = json.loads(body)
    change(message)
    return json.dumps(message).encode()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(code=1), "signature"),
        (lambda m: m.update(added="x"), "signature"),
        (lambda m: m.update(appId="TESTAPPID0000000000000000000TESU"), "signature"),
        (lambda m: m.update(signData="AA=="), "signature"),
        (lambda m: m.pop("signData"), "signature"),
        (lambda m: m.pop("encData"), "signature"),
        (lambda m: m.update(data={"payOrdId": "ORD2"}), "encrypted"),
        (lambda m: m.update(encData="00" * 16), "encrypted"),
        (lambda m: m.update(encData="zz"), "encrypted"),
        (lambda m: m.update(encData=["1"]), "encrypted"),
    ],
)
def test_a_changed_envelope_is_not_opened(change: Callable[[dict[str, Any]], object], reason: str) -> None:
    known = read_setup()
    body = envelope.seal(theirs(known), {"payOrdId": "ORD1"}, code="0")
    with pytest.raises(EnvelopeBroken, match=reason):
        envelope.open_envelope(known, changed(body, change))


def test_a_member_that_stands_twice_is_not_opened() -> None:
    known = read_setup()
    body = envelope.seal(theirs(known), {"payOrdId": "ORD1"}, code="0")
    with pytest.raises(EnvelopeBroken, match="not_json"):
        envelope.open_envelope(known, b'{"code":"0",' + body[1:])


def test_a_strangers_envelope_is_not_opened() -> None:
    known = read_setup()
    with pytest.raises(EnvelopeBroken, match="signature"):
        envelope.open_envelope(known, envelope.seal(known, {"payOrdId": "ORD1"}))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_early_envelope_is_not_opened(minutes: int) -> None:
    known = read_setup()
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        body = envelope.seal(theirs(known), {"payOrdId": "ORD1"})
        assert clock.now() == now
        envelope.open_envelope(known, body)
    with time_machine.travel(now + timedelta(minutes=minutes), tick=False):
        with pytest.raises(EnvelopeBroken, match="timestamp"):
            envelope.open_envelope(known, body)


def test_a_set_up_that_cannot_work_says_what_is_wrong() -> None:
    for values, code in [
        ({"app_id": "short"}, "app_id"),
        ({"centre_key": "00" * 64}, "centre_key"),
        ({"centre_key": "nonsense!"}, "centre_key"),
        ({"timestamp": "seconds"}, "timestamp"),
        ({"padding": "none"}, "padding"),
        ({"codes": "1=nothing"}, "codes"),
    ]:
        with pytest.raises(ChannelMisconfigured) as wrong:
            read_setup(**values)
        assert wrong.value.code == code
    with pytest.raises(ChannelMisconfigured) as wrong:
        read_setup(private="00")
    assert wrong.value.code == "private_key"


def test_keys_are_read_in_every_form_that_vendors_hand_out() -> None:
    key = PrivateKey(bytes.fromhex(OURS))
    raw = key.to_raw()
    for text in (raw.hex(), raw.hex().upper(), base64.b64encode(b"\0" + raw).decode(), key.to_pem()):
        assert read_setup(private=text).private_key.public_key == key.public_key
    centre = PrivateKey(bytes.fromhex(CENTRES)).public_key
    for point in (b"\x04" + centre.raw, centre.raw):
        assert read_setup(centre_key=base64.b64encode(point).decode()).centre_key == centre
    assert read_setup(centre_key=centre.to_pem()).centre_key == centre


def test_no_secret_is_in_what_is_printed() -> None:
    known = read_setup(user_id="secret")
    assert SECRET not in repr(known)
    assert OURS not in repr(known)
