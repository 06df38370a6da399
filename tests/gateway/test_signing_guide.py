"""What docs/institutions/signing.md promises, computed from the page itself."""

import base64
import re
from pathlib import Path

import pytest

import gmcrypto
from foundation.core import clock
from foundation.gateway.authenticate import signed_text, verify
from foundation.gateway.caller import Caller
from foundation.gateway.credentials import Credential
from foundation.gateway.scopes import SCOPES
from tests.gateway.signing import sm3_hex

PAGE = (Path(__file__).parents[2] / "docs" / "institutions" / "signing.md").read_text("utf-8")


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    block = PAGE.split("```example\n")[1].split("```")[0]
    return {name: value.strip() for name, _, value in (line.partition(":") for line in block.splitlines())}


def text_of(example: dict[str, str], algorithm: str, kid: str) -> bytes:
    return signed_text(
        algorithm=algorithm,
        method=example["method"],
        path=example["path"],
        query=example["query"],
        client=example["client"],
        kid=kid,
        timestamp=example["timestamp"],
        nonce=example["nonce"],
        idempotency_key=example["idempotency-key"],
        body=example["body"].encode(),
    )


def credential(algorithm: str, secret: str = "", public_key: gmcrypto.PublicKey | None = None) -> Credential:
    return Credential(
        caller=Caller(1, "", "", frozenset(), "", "", 1),
        algorithm=algorithm,
        is_suspended=False,
        not_before=clock.now(),
        not_after=None,
        generation=0,
        loaded_at=0.0,
        secret=secret.encode(),
        public_key=public_key,
    )


def test_the_signed_text_is_the_one_that_is_printed(example: dict[str, str]) -> None:
    printed = re.search(r"```text\n(EHC1\n.*?)\n```", PAGE, re.DOTALL)
    assert printed
    assert text_of(example, "HMAC-SM3", example["hmac-key"]).decode() == printed[1]
    assert sm3_hex(example["body"].encode()) == example["body-sm3"]


def test_the_printed_hmac_verifies_and_a_changed_text_does_not(example: dict[str, str]) -> None:
    signature = base64.b64decode(example["hmac-signature"])
    text = text_of(example, "HMAC-SM3", example["hmac-key"])
    assert verify(credential("HMAC-SM3", example["hmac-secret"]), text, signature)
    assert not verify(credential("HMAC-SM3", example["hmac-secret"]), text + b"\n", signature)
    assert not verify(credential("HMAC-SM3", "another"), text, signature)


def test_the_printed_sm2_signature_verifies_and_a_changed_text_does_not(example: dict[str, str]) -> None:
    signature = base64.b64decode(example["sm2-signature"])
    public = gmcrypto.PublicKey(bytes.fromhex(example["sm2-public"]))
    text = text_of(example, "SM2-SM3", example["sm2-key"])
    assert verify(credential("SM2-SM3", public_key=public), text, signature)
    assert not verify(credential("SM2-SM3", public_key=public), text + b"\n", signature)
    private = gmcrypto.PrivateKey(bytes.fromhex(example["sm2-private"]))
    assert private.public_key == public


def test_the_page_lists_every_scope() -> None:
    assert set(re.findall(r"^\| `([a-z_]+:[a-z_]+)` \|", PAGE, re.MULTILINE)) == set(SCOPES)
