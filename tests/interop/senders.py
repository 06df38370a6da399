"""A hospital's system that sends events, written apart from the server's from its description."""

import base64
import hmac
import itertools
import time
from dataclasses import dataclass
from typing import Any

import orjson
from django.test import Client

import gmcrypto
from foundation.core import clock
from foundation.gateway import services as gateway
from tests.cards.world import CENTRE
from tests.interop.world import Place

PATH = "/api/v1/events"
_numbers = itertools.count(1)


def event(
    kind: str = "connection.test", *, seq: int = 1, aggregate: str = "test:1", **data: Any
) -> dict[str, Any]:
    """An event as a hospital writes it."""
    moment = clock.now().isoformat()
    return {
        "type": kind,
        "timestamp": moment,
        "data": {
            "event_id": data.pop("event_id", f"event-{next(_numbers):06d}"),
            "occurred_at": moment,
            "seq": seq,
            "aggregate": aggregate,
            **data,
        },
    }


@dataclass
class Sender:
    """Signs with a shared secret, or with a private key of SM2."""

    client: str
    secret: str = ""
    private_key: gmcrypto.PrivateKey | None = None

    def headers(
        self, body: bytes, *, message_id: str = "msg_000000001", at: int | None = None, version: str = "v1"
    ) -> dict[str, str]:
        stamp = str(int(time.time()) if at is None else at)
        text = f"{message_id}.{stamp}.".encode() + body
        return {
            "HTTP_EHC_CLIENT": self.client,
            "HTTP_WEBHOOK_ID": message_id,
            "HTTP_WEBHOOK_TIMESTAMP": stamp,
            "HTTP_WEBHOOK_SIGNATURE": self.signature(text, version),
        }

    def signature(self, text: bytes, version: str) -> str:
        if version == "v1sm2":
            assert self.private_key is not None
            made = gmcrypto.sign(self.private_key, text)
        else:
            key = base64.b64decode(self.secret.removeprefix("whsec_"))
            made = hmac.digest(key, text, {"v1": "sha256", "v1sm3": "sm3"}[version])
        return f"{version},{base64.b64encode(made).decode()}"

    def send(self, envelope: dict[str, Any] | bytes, path: str = PATH, **headers: Any) -> Any:
        body = envelope if isinstance(envelope, bytes) else orjson.dumps(envelope)
        signed = self.headers(
            body, **{name: headers.pop(name) for name in ("message_id", "at", "version") if name in headers}
        )
        content_type = headers.pop("content_type", "application/json")
        return Client(headers={"accept-language": "zh-hans"}).generic(
            "POST", path, body, content_type, **{**signed, **headers}
        )


def sender_of(place: Place) -> Sender:
    """The system of a hospital, with a key for events."""
    key = gateway.add_key(client=place.client, algorithm="WEBHOOK", actor=CENTRE)
    return Sender(client=place.client, secret=key.secret)
