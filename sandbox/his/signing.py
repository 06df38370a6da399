"""Signatures between hospital and platform, as a hospital's programmer writes them from the documents."""

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Mapping

from starlette.requests import Request

from sandbox import store
from sandbox.answers import RestRefusal, same_secret
from sandbox.his.hospitals import Hospital
from sandbox.national import sm2

WINDOW_SECONDS = 300
_DIGESTS = {"v1": "sha256", "v1sm3": "sm3"}


def webhook_headers(
    keys: Mapping[str, str], *, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers of Standard Webhooks, with a signature of each key."""
    text = _text(message_id, str(timestamp), body)
    signatures = (f"{version},{_encoded(_signature(version, key, text))}" for version, key in keys.items())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def webhook_objection(
    headers: Mapping[str, str], body: bytes, checks: Iterable[Mapping[str, str]]
) -> tuple[str, list[str]]:
    """Why a message is not the platform's, empty if it is; and the versions of the signatures that fit."""
    message_id, timestamp, given = (
        headers.get(f"webhook-{part}", "") for part in ("id", "timestamp", "signature")
    )
    if not message_id or not given or not timestamp.isdecimal():
        return "headers_missing", []
    if abs(time.time() - int(timestamp[:12])) > WINDOW_SECONDS:
        return "out_of_time", []
    text = _text(message_id, timestamp, body)
    fitting = [
        version
        for version, _, encoded in (each.partition(",") for each in given.split())
        for check in checks
        if check["version"] == version and _fits(version, check["key"], text, encoded)
    ]
    return ("" if fitting else "signature_wrong"), fitting


async def require_platform(request: Request, hospital: Hospital) -> None:
    """Refuse a question that is not signed by the platform (``EHC1``), now, for the first time."""
    given = {part: request.headers.get(f"ehc-{part}", "") for part in ("client", "key", "timestamp", "nonce")}
    if not hospital.caller_secret or (given["client"], given["key"]) != (
        hospital.caller,
        hospital.caller_key,
    ):
        raise RestRefusal(401, "caller_unknown", "EHC-Client and EHC-Key name nobody known here.")
    moment = given["timestamp"]
    if not moment.isdecimal() or abs(time.time() - int(moment[:12])) > WINDOW_SECONDS:
        raise RestRefusal(401, "timestamp_outside_window", "EHC-Timestamp must be within 300 s.")
    lines = (
        "EHC1",
        "HMAC-SM3",
        request.method,
        request.url.path,
        request.url.query,
        given["client"],
        given["key"],
        moment,
        given["nonce"],
        request.headers.get("idempotency-key", ""),
        hashlib.new("sm3", await request.body()).hexdigest(),
    )
    expected = hmac.digest(hospital.caller_secret.encode(), "\n".join(lines).encode(), "sm3")
    if not same_secret(request.headers.get("ehc-signature", ""), _encoded(expected)):
        raise RestRefusal(401, "signature_invalid", "EHC-Signature does not fit the call.")
    if not await store.of(request).put_once(f"his:nonce:{given['nonce']}", {}, 2 * WINDOW_SECONDS):
        raise RestRefusal(401, "nonce_used", "EHC-Nonce was used before.")


def _text(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _signature(version: str, key: str, text: bytes) -> bytes:
    if version == "v1sm2":
        return sm2.sign(key, text)
    secret = base64.b64decode(key.removeprefix("whsec_"))
    return hmac.digest(secret, text, _DIGESTS[version])


def _fits(version: str, key: str, text: bytes, encoded: str) -> bool:
    try:
        signature = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    if version == "v1sm2":
        return sm2.verifies(key, text, signature)
    return hmac.compare_digest(_signature(version, key, text), signature)


def _encoded(signature: bytes) -> str:
    return base64.b64encode(signature).decode()
