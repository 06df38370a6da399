"""``python-alipay-sdk`` judges the signatures of both sides."""

from urllib.parse import parse_qsl

import alipay as judge
import pytest

from payments.providers.alipay import gateway, signing
from payments.providers.base import (
    Merchant,
)
from tests.contracts.alipay.world import APP_ID, PRIVATE, paid, registered
from tests.contracts.listener import Listener
from tests.sandbox_server import Sandbox


class Judge(judge.AliPay):  # type: ignore[misc]
    """The public library, sent to the sandbox."""

    def __init__(self, merchant: Merchant) -> None:
        super().__init__(
            APP_ID,
            app_private_key_string=merchant.secrets["app_private_key"],
            alipay_public_key_string=merchant.values["alipay_public_key"],
        )
        self._gateway = f"{merchant.base_url}/gateway.do"


def test_the_public_library_believes_the_sandbox(sandbox: Sandbox, plain: Merchant) -> None:
    made = paid(sandbox, plain)
    said = Judge(plain).api_alipay_trade_query(out_trade_no=made.number)
    assert (said["trade_status"], said["total_amount"]) == ("TRADE_SUCCESS", "12.34")
    gone = Judge(plain).api_alipay_trade_refund("12.34", out_trade_no=made.number, out_request_no="R1")
    assert gone["fund_change"] == "Y"


def test_the_public_library_signs_as_we_do(plain: Merchant) -> None:
    identity = signing.identity_of(plain)
    ours = gateway.signed(identity, "alipay.trade.query", {"out_trade_no": "甲 1/2"}, notify_url="")
    theirs = dict(parse_qsl(Judge(plain).sign_data({k: v for k, v in ours.items() if k != "sign"})))
    assert theirs == ours


def test_the_public_library_believes_the_sandboxs_notices(
    sandbox: Sandbox, plain: Merchant, listener: Listener
) -> None:
    paid(sandbox, plain, notify_url=listener.url)
    fields = dict(parse_qsl(listener.wait(1)[0].decode(), keep_blank_values=True))
    sign = fields.pop("sign")
    assert Judge(plain).verify(dict(fields), sign)
    assert not Judge(plain).verify(fields | {"total_amount": "0.01"}, sign)


def test_the_public_library_numbers_certificates_as_we_do(sandbox: Sandbox) -> None:
    merchant = registered(sandbox, "certificate")
    expected = judge.DCAliPay(
        APP_ID,
        app_private_key_string=PRIVATE,
        app_public_key_cert_string=merchant.values["app_cert"],
        alipay_public_key_cert_string=merchant.values["alipay_cert"],
        alipay_root_cert_string=merchant.values["alipay_root_cert"],
    )
    identity = signing.identity_of(merchant)
    assert identity.parameters["app_cert_sn"] == expected.app_cert_sn
    assert identity.parameters["alipay_root_cert_sn"] == expected.alipay_root_cert_sn


def test_the_signed_characters_are_found_as_they_stand() -> None:
    text = '{"alipay_trade_query_response": {"a":"\\/ {}}","b":{"c":[1,2]}} ,"sign":"x"}'
    assert signing.members(text)["alipay_trade_query_response"] == '{"a":"\\/ {}}","b":{"c":[1,2]}}'


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", '{"a":1,"a":2}', '{"a":1} x', '{"a" 1}', "{1:2}"])
def test_what_is_no_object_or_has_a_name_twice_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        signing.members(text)
