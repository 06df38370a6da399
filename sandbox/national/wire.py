"""The protocol between card centres, read a second time: docs/institutions/nodes.md."""

import base64
import binascii
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.national import sm2

WINDOW_SECONDS = 300
_NONCE_BYTES, _TAG_BYTES = 12, 16


class WireError(Exception):
    """A message that does not keep to the protocol; the text is the code of the refusal."""


@dataclass(frozen=True)
class Head:
    """The signed headers."""

    sender: str
    receiver: str
    kid: str
    timestamp: str
    nonce: str

    @classmethod
    def fresh(cls, sender: str, receiver: str, kid: str, nonce: str = "") -> "Head":
        """A head of this moment; an answer repeats its question's nonce."""
        return cls(sender, receiver, kid, str(int(time.time())), nonce or secrets.token_urlsafe(24))

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> tuple["Head", bytes]:
        """Head and signature of a message."""
        names = ("ehc-node", "ehc-node-to", "ehc-key", "ehc-timestamp", "ehc-nonce")
        head = cls(*(headers.get(name, "") for name in names))
        if not all((head.sender, head.receiver, head.kid, head.nonce)) or not head.timestamp.isdigit():
            raise WireError("signature_missing")
        try:
            return head, base64.b64decode(headers.get("ehc-signature", ""), validate=True)
        except binascii.Error as exc:
            raise WireError("signature_missing") from exc

    @property
    def is_of_now(self) -> bool:
        """Whether the time is within the window."""
        return abs(time.time() - int(self.timestamp[:12])) <= WINDOW_SECONDS

    def text(self, way: str, what: str, path: str, body: bytes) -> bytes:
        """The signed text: ``way`` is request or response, ``what`` the method or the status."""
        digest = hashlib.new("sm3", body).hexdigest()
        lines = ("EHCN1", way, what, path, self.sender, self.receiver, self.kid, self.timestamp, self.nonce)
        return "\n".join((*lines, digest)).encode()

    def headers(self, signature: bytes) -> dict[str, str]:
        """As they are sent."""
        return {
            "EHC-Node": self.sender,
            "EHC-Node-To": self.receiver,
            "EHC-Key": self.kid,
            "EHC-Timestamp": self.timestamp,
            "EHC-Nonce": self.nonce,
            "EHC-Signature": base64.b64encode(signature).decode(),
            "Content-Type": "application/json",
        }


def seal(content: Mapping[str, Any], *, kid: str, public: str, sender: str, receiver: str) -> dict[str, str]:
    """Encrypt for a receiver: SM4-GCM under a fresh key, which SM2 wraps."""
    secret, nonce = secrets.token_bytes(16), secrets.token_bytes(_NONCE_BYTES)
    encryptor = Cipher(algorithms.SM4(secret), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(_context(sender, receiver, kid))
    plain = json.dumps(content, ensure_ascii=False).encode()
    data = nonce + encryptor.update(plain) + encryptor.finalize() + encryptor.tag
    return {
        "key_id": kid,
        "key": base64.b64encode(sm2.wrap(public, secret)).decode(),
        "data": base64.b64encode(data).decode(),
    }


def unseal(sealed: Mapping[str, Any], *, private: str, sender: str, receiver: str) -> dict[str, Any]:
    """Open what was sealed for us."""
    try:
        data = base64.b64decode(str(sealed["data"]), validate=True)
        secret = sm2.unwrap(private, base64.b64decode(str(sealed["key"]), validate=True))
        tag = data[-_TAG_BYTES:]
        decryptor = Cipher(algorithms.SM4(secret), modes.GCM(data[:_NONCE_BYTES], tag)).decryptor()
        decryptor.authenticate_additional_data(_context(sender, receiver, str(sealed["key_id"])))
        plain = decryptor.update(data[_NONCE_BYTES:-_TAG_BYTES]) + decryptor.finalize()
        content = json.loads(plain)
    except (KeyError, ValueError, InvalidTag, sm2.Sm2Error) as exc:
        raise WireError("sealed_not_readable") from exc
    if not isinstance(content, dict):
        raise WireError("sealed_not_readable")
    return content


def _context(sender: str, receiver: str, kid: str) -> bytes:
    return "\n".join(("EHCN1 sealed", sender, receiver, kid)).encode()
