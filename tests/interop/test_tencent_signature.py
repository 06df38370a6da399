"""The platform's signature, with the vectors of the reference and the clients' own habits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop.dialects.tencent import envelope, signature
from interop.dialects.tencent.errors import BadBody


def parsed(common: dict[str, Any], req: dict[str, Any] | None = None) -> envelope.Envelope:
    return envelope.read(json.dumps({"commonIn": common, "req": req or {}}, ensure_ascii=False).encode())


REGISTER_COMMON = {
    "appToken": "TESTTOKEN",
    "requestId": "0123456789ABCDEF0123456789ABCDEF",
    "hospitalId": "99999",
    "timestamp": "1700000000",
    "channelNum": 1,
}
REGISTER_REQ = {
    "wechatCode": "TESTCODE",
    "name": "测试",
    "gender": "男",
    "nation": "汉族",
    "birthday": "2017-12-25",
    "idNumber": "11010020171225006X",
    "idType": "01",
    "address": "测试地址",
    "phone1": "13000000000",
    "phone2": "",
    "patid": "P0001",
    "clientInfo": {"userAgent": "UA", "referer": "R", "ip": "192.0.2.1"},
}


@pytest.mark.parametrize(
    ("common", "req", "secret", "expected"),
    [
        # Sample values of the vendor's documentation, as an open client's test has them.
        (
            {
                "hospitalId": "90003",
                "requestId": "DB4D975748A84309977EA25224C0F5CF",
                "timestamp": "1525392000",
                "appToken": "",
            },
            {"appId": "a1a2e0bde41574ad8ea9a4bb58022oop"},
            "8c8e763f443ef983ac33aef1c7085cfb",
            "TsccMUMTHfOiEovR2hMlRXcQqctRFmPbpPIZdxXCJ/o=",
        ),
        # The same client's test: a number zero is part of the text.
        ({"channelNum": 0}, {}, "secret", "izPY5tjxkXETiFSV03ck5ImGpUv2fvK8aHcFrDebzc4="),
        # The reference's own vectors: an inner object with sorted names, and a list of objects.
        (REGISTER_COMMON, REGISTER_REQ, "test-secret", "fmAF4hW48yUxuUH8uFygfsLELUlZ11N7DX4sz8/HE1c="),
        (
            {**REGISTER_COMMON, "timestamp": 1700000000, "channelNum": 0},
            {"healthCardItems": [{"idType": "01", "name": "测试"}]},
            "test-secret",
            "UIKGpSAy7R8EUuyYyUyxznViuHz3cZqlQ4AbD/eQGgs=",
        ),
    ],
)
def test_published_vectors(common: dict[str, Any], req: dict[str, Any], secret: str, expected: str) -> None:
    assert signature.sign(parsed(common, req), secret) == expected
    assert signature.verifies(parsed({**common, "sign": expected}, req), secret)


def test_inner_json_in_the_clients_own_order_verifies_too() -> None:
    req = {"clientInfo": {"userAgent": "UA", "ip": None, "referer": "R"}}
    own = signature.sign(parsed(REGISTER_COMMON, req), "s", inner=signature.as_received)
    assert own != signature.sign(parsed(REGISTER_COMMON, req), "s")
    assert signature.verifies(parsed({**REGISTER_COMMON, "sign": own}, req), "s")


def test_nulls_and_empty_texts_are_not_part_of_the_text() -> None:
    with_gaps = parsed({"a": "1", "b": "", "c": None}, {"d": ""})
    assert signature.signed_text(with_gaps, signature.as_received) == "a=1"


@given(st.text(min_size=1, max_size=20), st.integers(), st.booleans())
def test_any_change_of_a_value_breaks_the_signature(text: str, number: int, flag: bool) -> None:
    common = {"requestId": "R", "n": number, "flag": flag}
    signed = signature.sign(parsed(common, {"x": text}), "s")
    assert signature.verifies(parsed({**common, "sign": signed}, {"x": text}), "s")
    assert not signature.verifies(parsed({**common, "sign": signed}, {"x": text + "!"}), "s")
    assert not signature.verifies(parsed({**common, "n": number + 1, "sign": signed}, {"x": text}), "s")


@pytest.mark.parametrize("sign", [None, "", 7, ["x"], {"x": 1}, "签名", "A" * 44])
def test_a_sign_of_any_other_shape_is_just_wrong(sign: Any) -> None:
    assert not signature.verifies(parsed({"requestId": "R", "sign": sign}), "s")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{",
        b'{"commonIn": [], "req": {}}',
        b'{"commonIn": {}, "req": "x"}',
        b'{"commonIn": {"a": 1, "a": 2}, "req": {}}',
        b'{"commonIn": {"a": "1"}, "req": {"a": "2"}}',
        b'{"commonIn": {"a": NaN}, "req": {}}',
        b'{"commonIn": {"a": "\\ud800"}, "req": {}}',
        b'{"commonIn": {"a": ' + b"[" * 40 + b"]" * 40 + b'}, "req": {}}',
        b'{"commonIn": {"a": ' + b"[" * 100_000 + b'}, "req": {}}',
        b"commonIn=%7B%7D",
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(BadBody):
        envelope.read(body)


def test_historic_misspellings_are_read() -> None:
    fields = parsed({}, {"healthCardld": "AB"}).req
    assert fields.text("healthCardId") == "AB"
