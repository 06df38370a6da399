"""What is signed between card centres, and the envelope of what is personal.

Both directions are signed with SM2-SM3, and an answer is bound to the nonce of its question.
Nothing here knows a table, a key store or HTTP beyond the names of headers.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gmcrypto
from gmcrypto.errors import GmCryptoError

SCHEME = "EHCN1"
WINDOW_SECONDS = 300
NONCE_SECONDS = 2 * WINDOW_SECONDS

_SEAL_DOMAIN = "EHCN1 sealed"
_KEY_BYTES = 16


class MalformedEnvelope(Exception):
    """The sealed part cannot be opened: it is damaged, or made for somebody else."""


@dataclass(frozen=True, slots=True)
class Head:
    """The signed headers of a message.

    Attributes:
        sender: EHCAPPID of who signs.
        receiver: EHCAPPID of who is meant; a message for one centre is none for another.
        kid: Which of the sender's keys signs.
        timestamp: Unix seconds.
        nonce: Of the question; its answer repeats it.
    """

    sender: str
    receiver: str
    kid: str
    timestamp: str
    nonce: str

    def headers(self, signature: bytes) -> dict[str, str]:
        """As they are sent."""
        return {
            "EHC-Node": self.sender,
            "EHC-Node-To": self.receiver,
            "EHC-Key": self.kid,
            "EHC-Timestamp": self.timestamp,
            "EHC-Nonce": self.nonce,
            "EHC-Signature": base64.b64encode(signature).decode(),
        }


def question_text(head: Head, path: str, body: bytes) -> bytes:
    """The bytes that a question's signature covers."""
    return _text("request", "POST", path, head, body)


def answer_text(head: Head, status: int, path: str, body: bytes) -> bytes:
    """The bytes that an answer's signature covers."""
    return _text("response", str(status), path, head, body)


def _text(way: str, what: str, path: str, head: Head, body: bytes) -> bytes:
    digest = gmcrypto.sm3(body).hex()
    parts = (head.sender, head.receiver, head.kid, head.timestamp, head.nonce)
    return "\n".join((SCHEME, way, what, path, *parts, digest)).encode("utf-8", "replace")


def fresh_nonce() -> str:
    """A nonce for one question."""
    return secrets.token_urlsafe(24)


def seal(
    content: Mapping[str, Any], *, key: gmcrypto.PublicKey, kid: str, sender: str, receiver: str
) -> dict[str, str]:
    """Encrypt an object for its receiver: a fresh SM4 key, wrapped with the receiver's SM2 key."""
    secret = secrets.token_bytes(_KEY_BYTES)
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    return {
        "key_id": kid,
        "key": base64.b64encode(gmcrypto.encrypt(key, secret)).decode(),
        "data": base64.b64encode(
            gmcrypto.aead_encrypt(secret, plain, aad=_context(kid, sender, receiver))
        ).decode(),
    }


def unseal(
    sealed: Mapping[str, Any], *, key: gmcrypto.PrivateKey, sender: str, receiver: str
) -> dict[str, Any]:
    """Open what ``seal`` made.

    Raises:
        MalformedEnvelope: Whatever is wrong with it.
    """
    try:
        secret = gmcrypto.decrypt(key, _bytes(sealed, "key"))
        plain = gmcrypto.aead_decrypt(
            secret, _bytes(sealed, "data"), aad=_context(str(sealed["key_id"]), sender, receiver)
        )
        content = json.loads(plain)
    except (GmCryptoError, KeyError, ValueError, RecursionError) as exc:
        raise MalformedEnvelope from exc
    if not isinstance(content, dict):
        raise MalformedEnvelope
    return content


def _context(kid: str, sender: str, receiver: str) -> bytes:
    return "\n".join((_SEAL_DOMAIN, sender, receiver, kid)).encode()


def _bytes(sealed: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(str(sealed[name]), validate=True)
    except binascii.Error as exc:
        raise MalformedEnvelope from exc
