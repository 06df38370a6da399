"""Keeps each application's access token for all processes.

WeChat counts calls for tokens, and two programs that ask by themselves end each other's tokens
in the classic way; so one caller asks at a time, and everybody uses what it got. The token lies
in Valkey encrypted under a key made from the application's secret: who has that may ask WeChat
for a token anyway.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from foundation.carriers.errors import CarrierTimeout
from foundation.core import clock, http, redis
from gmcrypto import api
from gmcrypto.errors import DecryptionFailed

# From 5 minutes before its end WeChat gives the next token, and both work; one minute is spared
# for clocks that disagree.
RENEW_BEFORE_END_SECONDS = 240
# Longer than one call to WeChat may take, so that a lock outlives its holder's work.
LOCK_SECONDS = 15
WAIT_SECONDS = 6.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class FreshToken:
    """A token as WeChat gave it just now."""

    token: str
    seconds: int


@dataclass(frozen=True)
class _Kept:
    token: str
    renew_at: float


def access_token(*, appid: str, secret: str, fetch: Callable[[], FreshToken], refused: str = "") -> str:
    """The application's present access token.

    Args:
        appid: The application.
        secret: Its secret.
        fetch: Asks WeChat; called by one caller at a time among all processes.
        refused: A token that WeChat just called invalid or expired, which is not given again
            unless WeChat itself does.

    Raises:
        CarrierError: What `fetch` raises; CarrierTimeout if another caller's fetch takes too long.
    """
    gives_up_at = time.monotonic() + http.time_left(WAIT_SECONDS)
    while True:
        kept = _read(appid, secret)
        usable = kept is not None and kept.token != refused
        if kept is not None and usable and clock.now().timestamp() < kept.renew_at:
            return kept.token
        lock = redis.client().lock(redis.key("weixin-token-lock", appid), timeout=LOCK_SECONDS)
        if lock.acquire(blocking=False):
            try:
                return _renew(appid, secret, fetch, refused)
            finally:
                lock.release()
        if kept is not None and usable:
            # Somebody is getting the next one; this one works until then.
            return kept.token
        if time.monotonic() > gives_up_at:
            raise CarrierTimeout("weixin", "token_not_renewed")
        time.sleep(_POLL_SECONDS)


def _renew(appid: str, secret: str, fetch: Callable[[], FreshToken], refused: str) -> str:
    kept = _read(appid, secret)
    if kept is not None and kept.token != refused and clock.now().timestamp() < kept.renew_at:
        return kept.token
    fresh = fetch()
    usable_seconds = max(fresh.seconds - RENEW_BEFORE_END_SECONDS, fresh.seconds // 2)
    document = {"token": fresh.token, "renew_at": clock.now().timestamp() + usable_seconds}
    sealed = api.aead_encrypt(_key(secret), json.dumps(document).encode(), aad=appid.encode())
    redis.client().set(_place(appid), sealed, ex=max(1, fresh.seconds))
    return fresh.token


def _read(appid: str, secret: str) -> _Kept | None:
    sealed = redis.client().get(_place(appid))
    if not isinstance(sealed, bytes):
        return None
    try:
        document = json.loads(api.aead_decrypt(_key(secret), sealed, aad=appid.encode()))
    except DecryptionFailed:
        # The application's secret was changed: what was kept under the old one is worth nothing.
        return None
    return _Kept(document["token"], document["renew_at"])


def _key(secret: str) -> bytes:
    return api.hmac_sm3(secret.encode(), b"ehc.carriers.weixin-token.1")[:16]


def _place(appid: str) -> str:
    return redis.key("weixin-token", appid)
