"""What is believed, and what a wrong set-up looks like."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa as rsa_keys
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from payments.providers import online_provider
from payments.providers.alipay import Alipay, signing
from payments.providers.base import (
    Merchant,
    OnlineProvider,
    Said,
    Way,
)
from payments.providers.errors import (
    ChannelMisconfigured,
    ChannelTemporary,
    ChannelUnsure,
)
from tests.contracts.alipay.world import CODE_PAYS, PRIVATE, order, paid, place, refund_of
from tests.sandbox_server import Sandbox


def test_it_is_one_of_the_ways_of_paying() -> None:
    provider: OnlineProvider = Alipay()
    assert type(online_provider("alipay")) is Alipay
    assert {key.name for key in provider.keys if key.is_required} == {"app_id", "app_private_key"}
    assert {key.name for key in provider.keys if key.is_secret} == {"app_private_key"}


@pytest.mark.parametrize("kind", ["badsign", "garbage", "error", "outage"])
def test_an_answer_that_is_not_to_be_believed_settles_nothing(
    sandbox: Sandbox, merchant: Merchant, kind: str
) -> None:
    made = paid(sandbox, merchant)
    sandbox.fault("alipay", kind)
    with pytest.raises(ChannelTemporary):
        Alipay().query(merchant, made)
    with pytest.raises(ChannelUnsure):
        Alipay().refund(merchant, refund_of(made, 1))


def test_nobody_listening_means_that_nothing_was_asked(plain: Merchant) -> None:
    with pytest.raises(ChannelTemporary):
        place(replace(plain, base_url="http://127.0.0.1:1"), order())


@pytest.mark.parametrize(
    "broken",
    [
        {"values": {"app_id": "2021000000000009"}},
        {"values": {"alipay_public_key": ""}},
        {"values": {"alipay_public_key": "no key"}},
        {"secrets": {"app_private_key": "no key"}},
        {"secrets": {}},
    ],
    ids=str,
)
def test_a_merchant_that_is_set_up_wrong_is_told_apart(
    plain: Merchant, broken: dict[str, dict[str, str]]
) -> None:
    values = dict(plain.values) | broken.get("values", {})
    secrets = broken.get("secrets", plain.secrets)
    with pytest.raises(ChannelMisconfigured):
        place(replace(plain, values=values, secrets=secrets), order())


def test_a_key_that_alipay_does_not_know_is_told_apart(plain: Merchant) -> None:
    other = rsa_keys.generate_private_key(public_exponent=65537, key_size=2048)
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ChannelMisconfigured) as refused:
        place(replace(plain, secrets={"app_private_key": pem}), order())
    assert refused.value.code == "isv.invalid-signature"


def test_bare_keys_as_alipays_tool_writes_them_are_read(sandbox: Sandbox, plain: Merchant) -> None:
    def bare(pem: str) -> str:
        return "".join(pem.splitlines()[1:-1])

    values = dict(plain.values)
    values["alipay_public_key"] = bare(values["alipay_public_key"])
    merchant = replace(plain, values=values, secrets={"app_private_key": bare(PRIVATE)})
    assert Alipay().query(merchant, paid(sandbox, merchant)).state is Said.PAID


def test_no_secret_and_no_payer_is_logged_or_shown(
    sandbox: Sandbox, plain: Merchant, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    made = order(Way.SCANNED, payer={"auth_code": CODE_PAYS})
    with caplog.at_level("INFO"):
        place(plain, made)
    written = caplog.text + "".join(capsys.readouterr()) + repr(plain) + repr(signing.identity_of(plain))
    assert "/gateway.do" in written
    for secret in (CODE_PAYS, PRIVATE.splitlines()[2], "sign=", made.number):
        assert secret not in written
