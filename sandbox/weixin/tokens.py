"""The stable access token and the JS-SDK ticket.

Normal mode gives the same token until 5 minutes before its end; then a new one, while the old
lives its last minutes. Forced mode ends the old token at once, at most 20 times a day, and
does nothing within 30 seconds of the last time.
"""

import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import store
from sandbox.outside import outside
from sandbox.store import DAY_SECONDS, Store
from sandbox.weixin.errors import WeixinRefusal, check_application, posted

TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCED_PER_DAY = 20
FORCED_APART_SECONDS = 30
# How long an ended token is still called "expired" and not "invalid".
REMEMBERED_SECONDS = 3600


async def stable_token(request: Request) -> Response:
    """The application's access token, in normal or forced mode."""
    body = await posted(request)
    if body.get("grant_type") != "client_credential":
        raise WeixinRefusal(40002)
    appid = check_application(request, body)
    forced = body.get("force_refresh", False)
    if not isinstance(forced, bool):
        raise WeixinRefusal(40097)
    state = store.of(request)
    async with state.lock(f"weixin:token:{appid}"):
        current = await state.get(f"weixin:token:{appid}")
        if forced:
            current = await _forced(state, appid, current)
        elif current is None or current["until"] - time.time() <= OVERLAP_SECONDS:
            current = await _new_token(state, appid)
    return JSONResponse(
        {"access_token": current["token"], "expires_in": max(1, round(current["until"] - time.time()))}
    )


async def _forced(state: Store, appid: str, current: dict[str, Any] | None) -> dict[str, Any]:
    now = time.time()
    if current is not None and now - current["forced_at"] < FORCED_APART_SECONDS and current["until"] > now:
        return current
    day = time.strftime("%Y%m%d", time.gmtime(now + 8 * 3600))
    if await state.increase(f"weixin:forced:{appid}:{day}", seconds=DAY_SECONDS) > FORCED_PER_DAY:
        raise WeixinRefusal(45009)
    if current is not None:
        await state.drop(f"weixin:access:{current['token']}")
    return await _new_token(state, appid, forced_at=now)


async def _new_token(state: Store, appid: str, forced_at: float = 0) -> dict[str, Any]:
    token = {
        "token": f"88_{secrets.token_urlsafe(100)}",
        "until": time.time() + TOKEN_SECONDS,
        "forced_at": forced_at,
    }
    await _keep(state, appid, token)
    return token


async def _keep(state: Store, appid: str, token: dict[str, Any]) -> None:
    await state.put(f"weixin:token:{appid}", token, TOKEN_SECONDS)
    await state.put(
        f"weixin:access:{token['token']}",
        {"appid": appid, "until": token["until"]},
        TOKEN_SECONDS + REMEMBERED_SECONDS,
    )


async def age(state: Store, appid: str, seconds: int) -> bool:
    """Make an application's present token older, for tests; whether there was one."""
    async with state.lock(f"weixin:token:{appid}"):
        current = await state.get(f"weixin:token:{appid}")
        if current is None:
            return False
        await _keep(state, appid, current | {"until": current["until"] - seconds})
        return True


async def check(request: Request) -> str:
    """The appid whose token the call carries."""
    token = request.query_params.get("access_token", "")
    if not token:
        raise WeixinRefusal(41001)
    known = await store.of(request).get(f"weixin:access:{token}")
    if known is None:
        raise WeixinRefusal(40001)
    if known["until"] <= time.time():
        raise WeixinRefusal(42001)
    return str(known["appid"])


async def ticket(request: Request) -> Response:
    """The JS-SDK ticket: the same one until its end."""
    appid = await check(request)
    if request.query_params.get("type") != "jsapi":
        raise WeixinRefusal(40097)
    state = store.of(request)
    fresh: dict[str, Any] = {
        "ticket": f"kgt8{secrets.token_urlsafe(60)}",
        "until": time.time() + TOKEN_SECONDS,
    }
    if not await state.put_once(f"weixin:ticket:{appid}", fresh, TOKEN_SECONDS):
        fresh = await state.get(f"weixin:ticket:{appid}") or fresh
    left = max(1, round(fresh["until"] - time.time()))
    return JSONResponse({"errcode": 0, "errmsg": "ok", "ticket": fresh["ticket"], "expires_in": left})


routes = [
    Route("/cgi-bin/stable_token", outside("weixin", stable_token), methods=["GET", "POST"]),
    Route("/cgi-bin/ticket/getticket", outside("weixin", ticket), methods=["GET"]),
]
