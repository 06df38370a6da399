"""Calls that are signed with a shared key, as several of the played systems ask for."""

import hashlib
import hmac
import time

from starlette.requests import Request

from sandbox import store
from sandbox.answers import RestRefusal, same_secret

WINDOW_SECONDS = 300


def signed_text(path: str, app: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """What the caller signs: the call, who, when, once, and the digest of the body."""
    digest = hashlib.new("sm3", body).hexdigest()
    return "\n".join(("POST", path, app, timestamp, nonce, digest)).encode("utf-8", "replace")


async def authenticate(request: Request, system: str, known_app: str, key: str) -> None:
    """Refuse a call that is not signed by the known application, now, for the first time."""
    app, timestamp, nonce, signature = (
        request.headers.get(f"x-{part}", "") for part in ("app-id", "timestamp", "nonce", "signature")
    )
    if app != known_app:
        raise RestRefusal(401, "app_unknown", "X-App-Id names no application known here.")
    if (
        not (timestamp.isascii() and timestamp.isdigit())
        or abs(time.time() - int(timestamp[:12])) > WINDOW_SECONDS
    ):
        raise RestRefusal(401, "timestamp_outside_window", "X-Timestamp must be within 300 s of the present.")
    if not 16 <= len(nonce) <= 64:
        raise RestRefusal(401, "nonce_invalid", "X-Nonce must have 16 to 64 characters.")
    text_to_sign = signed_text(request.url.path, app, timestamp, nonce, await request.body())
    if not same_secret(signature, hmac.new(key.encode(), text_to_sign, "sm3").hexdigest()):
        raise RestRefusal(401, "signature_invalid", "X-Signature does not fit the call.")
    if not await store.of(request).put_once(f"{system}:nonce:{nonce}", {}, 2 * WINDOW_SECONDS):
        raise RestRefusal(401, "nonce_used", "X-Nonce was used before.")
