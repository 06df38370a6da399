"""Whatever is posted as a notice of the insurance is refused, or is one."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.insurance.base import Split, Standing
from payments.insurance.mobile import MobileCentre, envelope, setup
from payments.providers.base import Merchant
from payments.providers.errors import NoticeRefused
from tests.payments.insurance.test_envelope import (
    APP_ID,
    CENTRES,
    OURS,
    SECRET,
    public_of,
    read_setup,
    theirs,
)

CENTRE = MobileCentre()
MERCHANT = Merchant(
    public_id="m",
    provider=setup.CODE,
    number="H11010100001",
    base_url="http://127.0.0.1:9",
    values={"app_id": APP_ID, "centre_key": public_of(CENTRES)},
    secrets={"app_secret": SECRET, "private_key": OURS},
)
TOLD = {
    "payOrdId": "ORD1",
    "callType": "02",
    "medOrgOrd": "M0001",
    "traceTime": "20261120093000",
    "feeSumamt": "12.00",
    "ownPayAmt": "2.00",
    "psnAcctPay": "3.00",
    "fundPay": "7.00",
    "setlType": "ALL",
    "revsToken": "T",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["appId", "encData", "signData", "timestamp", "data", "code", "extra", "version"])


def posted(**changes: Any) -> bytes:
    return envelope.seal(theirs(read_setup()), TOLD | changes)


def test_a_notice_without_a_state_is_about_a_settled_order() -> None:
    said = CENTRE.read_notice(MERCHANT, {}, posted()).said
    assert (said.standing, said.split) == (Standing.SETTLED, Split(700, 300, 200))
    assert CENTRE.read_notice(MERCHANT, {}, posted(ordStas="3")).said.standing is Standing.OWN_PAID


@pytest.mark.parametrize(
    "changes",
    [
        {"payOrdId": ""},
        {"feeSumamt": "12.01"},
        {"feeSumamt": "12.001"},
        {"fundPay": ""},
        {"fundPay": "-7.00", "ownPayAmt": "16.00"},
        {"setlType": "SOME"},
        {"ordStas": {"a": "1"}},
        {"fundPay": ["7.00"]},
    ],
)
def test_signed_nonsense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(NoticeRefused):
        CENTRE.read_notice(MERCHANT, {}, posted(**changes))


def test_a_notice_that_names_no_application_is_refused() -> None:
    """What is empty is not signed: it could be meant for another application of the same centre."""
    message = json.loads(envelope.seal(theirs(read_setup()), TOLD, appId=""))
    del message["appId"]
    with pytest.raises(NoticeRefused) as refused:
        CENTRE.read_notice(MERCHANT, {}, json.dumps(message).encode())
    assert refused.value.code == "app_id"


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(NoticeRefused):
        CENTRE.read_notice(MERCHANT, {}, body)


def signed_members(message: dict[str, Any]) -> dict[str, Any]:
    """What the signature covers: ``extra`` and empty members are outside it."""
    return {name: value for name, value in message.items() if name != "extra" and value not in (None, "", [])}


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(MEMBERS, JSON, min_size=1, max_size=4))
def test_any_change_that_the_signature_covers_is_refused(changes: dict[str, Any]) -> None:
    message = json.loads(posted())
    changed = message | changes
    body = json.dumps(changed).encode()
    if signed_members(changed) == signed_members(message) and "data" not in changed:
        assert CENTRE.read_notice(MERCHANT, {}, body).said.order_id == "ORD1"
    else:
        with pytest.raises(NoticeRefused):
            CENTRE.read_notice(MERCHANT, {}, body)
