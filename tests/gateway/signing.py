"""A client's side of the signature, written apart from the server's from its description."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

import gmcrypto


def sm3_hex(data: bytes) -> str:
    return hashlib.new("sm3", data).hexdigest()


@dataclass
class Signer:
    client: str
    kid: str
    secret: str = ""
    private_key: gmcrypto.PrivateKey | None = None

    def headers(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: str = "",
        nonce: str = "",
        timestamp: int | None = None,
        idempotency_key: str = "",
    ) -> dict[str, Any]:
        """Headers by their WSGI names, as Django's test client takes them."""
        algorithm = "SM2-SM3" if self.private_key else "HMAC-SM3"
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        once = nonce or secrets.token_urlsafe(18)
        lines = ["EHC1", algorithm, method, path, query, self.client, self.kid, stamp, once]
        text = "\n".join([*lines, idempotency_key, sm3_hex(body)]).encode()
        if self.private_key:
            signature = gmcrypto.sign(self.private_key, text)
        else:
            signature = hmac.digest(self.secret.encode(), text, "sm3")
        headers = {
            "HTTP_EHC_CLIENT": self.client,
            "HTTP_EHC_KEY": self.kid,
            "HTTP_EHC_TIMESTAMP": stamp,
            "HTTP_EHC_NONCE": once,
            "HTTP_EHC_ALGORITHM": algorithm,
            "HTTP_EHC_SIGNATURE": base64.b64encode(signature).decode(),
        }
        if idempotency_key:
            headers["HTTP_IDEMPOTENCY_KEY"] = idempotency_key
        return headers
