"""The signature ``EHC1``.

Eleven lines joined by newlines: ``EHC1``, algorithm, method, path, query string, client, key,
timestamp, nonce, idempotency key (may be empty), and the lower-case SM3 of the body.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

SCHEME = "EHC1"


class Signer(Protocol):
    """Signs; a bank's or a device's key is used by writing one of these."""

    algorithm: str

    def __call__(self, text: bytes) -> bytes:
        """The signature over a text: 32 bytes for ``HMAC-SM3``, DER for ``SM2-SM3``."""


class HmacSigner:
    """Signs with a shared secret."""

    algorithm = "HMAC-SM3"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        hashlib.new("sm3")  # says at once if this Python's OpenSSL has no SM3

    def __call__(self, text: bytes) -> bytes:
        """HMAC-SM3 under the secret as it was shown."""
        return hmac.digest(self._secret, text, "sm3")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs."""

    client_id: str
    key_id: str
    signer: Signer = field(repr=False)
    new_nonce: Callable[[], str] = lambda: secrets.token_urlsafe(18)

    def headers(
        self, *, method: str, path: str, query: str, body: bytes, timestamp: int, idempotency_key: str
    ) -> Mapping[str, str]:
        """The headers of one try; every try has a nonce of its own."""
        nonce = self.new_nonce()
        text = "\n".join(
            (
                SCHEME,
                self.signer.algorithm,
                method,
                path,
                query,
                self.client_id,
                self.key_id,
                str(timestamp),
                nonce,
                idempotency_key,
                hashlib.new("sm3", body).hexdigest(),
            )
        )
        headers = {
            "EHC-Client": self.client_id,
            "EHC-Key": self.key_id,
            "EHC-Timestamp": str(timestamp),
            "EHC-Nonce": nonce,
            "EHC-Algorithm": self.signer.algorithm,
            "EHC-Signature": base64.b64encode(self.signer(text.encode())).decode(),
        }
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return headers
