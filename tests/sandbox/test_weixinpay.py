"""The played WeChat Pay by itself: its keys, its console, its pages, and whom it hears."""

import time
from typing import Any

import pytest

from payments.providers.weixinpay import certificates
from payments.providers.weixinpay.signing import SUITES, request_text
from sandbox import config
from sandbox.weixinpay import keys
from tests.sandbox_server import Sandbox

MCHID = "1900000109"
ALGORITHMS = pytest.mark.parametrize("algorithms", ["RSA", "SM"])


def set_up(sandbox: Sandbox, algorithms: str = "RSA") -> dict[str, Any]:
    return sandbox.show(f"weixinpay/merchants/{MCHID}", algorithms=algorithms)


def authorization(made: dict[str, Any], path: str, *, method: str = "GET", **changes: str) -> str:
    """The header of a merchant, written by hand; `changes` make it wrong."""
    suite = SUITES[made["values"]["algorithms"]]
    given = {"timestamp": str(int(time.time())), "nonce_str": "n" * 32, **changes}
    text = request_text(method, path, given["timestamp"], given["nonce_str"], b"")
    fields = {
        "mchid": MCHID,
        "serial_no": made["values"]["serial_no"],
        "signature": suite.sign(made["secrets"]["private_key"], text),
        **given,
    }
    return f"{suite.scheme} " + ",".join(f'{name}="{value}"' for name, value in fields.items())


@ALGORITHMS
def test_keys_are_the_same_in_every_process(sandbox: Sandbox, algorithms: str) -> None:
    made = set_up(sandbox, algorithms)
    assert made["secrets"]["private_key"] == keys.private_pem(algorithms, keys.merchant_key(MCHID))
    assert made["values"]["public_key"] == keys.public_pem(algorithms, keys.PUBLIC_KEY)
    assert len(made["secrets"]["api_v3_key"]) == 32
    assert made["values"] == set_up(sandbox, algorithms)["values"]


@ALGORITHMS
def test_certificates_name_their_serials_and_keys(sandbox: Sandbox, algorithms: str) -> None:
    old, new = (certificates.read(each) for each in set_up(sandbox, algorithms)["certificates"])
    assert old.ends_at < new.ends_at
    for found, name in ((old, keys.OLD_CERTIFICATE), (new, keys.CERTIFICATE)):
        assert found.serial == keys.serial(algorithms, name)
        assert found.key == keys.public_der(algorithms, name)


@ALGORITHMS
def test_a_merchant_is_heard_by_its_signature(sandbox: Sandbox, algorithms: str) -> None:
    path = "/v3/certificates"
    header = authorization(set_up(sandbox, algorithms), path)
    assert sandbox.http.get(path, headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "1600000000"},
        {"timestamp": "now"},
        {"mchid": "1900000110"},
        {"mchid": "2"},
        {"serial_no": "5A"},
        {"signature": "AAAA"},
        {"extra": "1"},
    ],
)
def test_nobody_else_is(sandbox: Sandbox, changes: dict[str, str]) -> None:
    path = "/v3/certificates"
    header = authorization(set_up(sandbox), path, **changes)
    answer = sandbox.http.get(path, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
    assert answer.headers["request-id"].endswith("-268443699")


def test_a_signature_covers_path_and_query(sandbox: Sandbox) -> None:
    header = authorization(set_up(sandbox), "/v3/certificates")
    answer = sandbox.http.get("/v3/certificates?algorithm_type=SM2", headers={"Authorization": header})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "body", [{"mchid": "12"}, {"mchid": MCHID, "pace": "1"}, {"mchid": MCHID, "other": 1}]
)
def test_a_behaviour_that_is_none_is_refused(sandbox: Sandbox, body: dict[str, Any]) -> None:
    answer = sandbox.http.post("/console/api/weixinpay/merchants", json=body)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["weixinpay/merchants/7", f"weixinpay/merchants/{MCHID}?algorithms=DES"])
def test_there_is_no_set_up_for_nobody(sandbox: Sandbox, path: str) -> None:
    assert sandbox.http.get(f"/console/api/{path}").status_code == 400


def test_the_console_says_what_is_not_there(sandbox: Sandbox) -> None:
    for path, body in (
        ("age", {"mchid": MCHID, "number": "none-such"}),
        ("refunds", {"mchid": MCHID, "number": "none-such", "outcome": "CLOSED"}),
        ("notices", {"id": "EV-none"}),
    ):
        assert sandbox.http.post(f"/console/api/weixinpay/{path}", json=body).status_code == 404
    body = {"mchid": MCHID, "number": "none-such", "outcome": "LOST"}
    assert sandbox.http.post("/console/api/weixinpay/refunds", json=body).status_code == 400


@pytest.mark.parametrize(
    "address", ["/console/weixinpay", f"/console/weixinpay?mchid={MCHID}", "/weixinpay/scan"]
)
def test_the_pages_open_without_anything_there(sandbox: Sandbox, address: str) -> None:
    assert sandbox.http.get(address).status_code == 200


@pytest.mark.parametrize(
    "address", ["/weixinpay/cashier", "/weixinpay/h5", "/weixinpay/cashier?mixTradeNo=1"]
)
def test_the_cashier_opens_for_nothing(sandbox: Sandbox, address: str) -> None:
    assert sandbox.http.get(address).status_code == 400


@pytest.mark.parametrize("pace", ["-1", "2", "fast"])
def test_a_pace_that_is_none_ends_the_start(monkeypatch: pytest.MonkeyPatch, pace: str) -> None:
    monkeypatch.setenv("SANDBOX_ALLOW", "1")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("SANDBOX_PAYMENT_PACE", pace)
    with pytest.raises(config.SandboxRefuses):
        config.load()
