"""Another centre that asks us, made by hand from the protocol's description."""

import hashlib
import json
import secrets
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client

import gmcrypto
from interop.models import Node
from interop.nodes import keys, services, wire
from tests.crossdomain.world import CENTRE, REASON

PATH = "/node/v1/verify"


@dataclass
class AnotherCentre:
    """Signs as ``node_id`` with a pair of its own."""

    node_id: str = "53010100001"
    may_read_full: bool = True
    kind: str = "peer"
    sign_key: gmcrypto.PrivateKey = field(default_factory=lambda: gmcrypto.generate_keypair()[0])
    seal_key: gmcrypto.PrivateKey = field(default_factory=lambda: gmcrypto.generate_keypair()[0])

    def join(self) -> Node:
        """Take this centre into our table."""
        node = services.add_node(
            node_id=self.node_id,
            name="外省卡管",
            kind=self.kind,
            base_url="http://127.0.0.1:9",
            may_read_full=self.may_read_full,
            actor=CENTRE,
            reason=REASON,
        )
        for use, key in (("sign", self.sign_key), ("seal", self.seal_key)):
            services.add_node_key(
                node=node.public_id,
                use=use,
                kid=f"{use}-1",
                public_key=key.public_key.raw.hex(),
                actor=CENTRE,
                reason=REASON,
            )
        return node

    def headers(self, body: bytes, *, path: str = PATH, **changes: str) -> dict[str, Any]:
        """Signed headers; a change is made after the signature."""
        values = {
            "sender": self.node_id,
            "receiver": changes.pop("receiver", settings.EHCAPPID),
            "kid": "sign-1",
            "timestamp": changes.pop("timestamp", str(int(time.time()))),
            "nonce": secrets.token_urlsafe(24),
        }
        text = "\n".join(("EHCN1", "request", "POST", path, *values.values(), _sm3(body)))
        values |= changes
        names = ("EHC-Node", "EHC-Node-To", "EHC-Key", "EHC-Timestamp", "EHC-Nonce")
        signature = gmcrypto.sign(self.sign_key, text.encode())
        found = dict(zip(names, values.values(), strict=True)) | {
            "EHC-Signature": b64encode(signature).decode()
        }
        return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in found.items()}

    def send(self, message: Any, headers: dict[str, Any] | None = None, *, path: str = PATH) -> Any:
        """Post; the response as Django gives it."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        headers = headers if headers is not None else self.headers(body, path=path)
        return Client().generic("POST", path, body, "application/json", **headers)

    def ask(self, code: str, *, request_id: str = "", detail: str = "full", **changes: Any) -> dict[str, Any]:
        """Ask about a code; the signed answer, checked, with what was sealed opened."""
        response = self.send(self.question(code, request_id=request_id, detail=detail) | changes)
        assert response.status_code == 200, response.content
        self.check(response)
        found: dict[str, Any] = json.loads(response.content)
        if "sealed" in found:
            found |= wire.unseal(
                found["sealed"], key=self.seal_key, sender=settings.EHCAPPID, receiver=self.node_id
            )
        return found

    def question(self, code: str, *, request_id: str = "", detail: str = "full") -> dict[str, Any]:
        """The message about a code."""
        return {
            "request_id": request_id or secrets.token_hex(32),
            "code": code,
            "issuer": settings.EHCAPPID,
            "detail": detail,
            "hops": [self.node_id],
            "budget_ms": 2000,
            "use": {
                "centre": self.node_id,
                "centre_name": "外省卡管",
                "institution": "W7",
                "institution_name": "外省第一医院",
                "scene": "0101012",
                "terminal": "T1",
            },
        }

    def check(self, response: Any) -> None:
        """The answer is signed by us, for this centre."""
        head = [response[name] for name in ("EHC-Node", "EHC-Node-To", "EHC-Key")]
        head += [response["EHC-Timestamp"], response["EHC-Nonce"]]
        text = "\n".join(("EHCN1", "response", "200", PATH, *head, _sm3(response.content)))
        signature = b64decode(response["EHC-Signature"])
        assert head[:2] == [settings.EHCAPPID, self.node_id]
        assert gmcrypto.verify(keys.signing_key().public_key, text.encode(), signature)


def _sm3(data: bytes) -> str:
    return hashlib.new("sm3", data).hexdigest()
