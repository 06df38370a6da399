"""The client of WeChat's servers: sign-in of the mini-program and of the official account.

WeChat answers HTTP 200 with ``errcode``; what the codes mean for us:

    40029, 40163               one-time code unknown, too old, used     WeixinCodeRejected
    40226                      user blocked by risk control             WeixinUserBlocked
    40002 40013 40125 40164
    41002 41004                our appid, secret or address             CarrierMisconfigured
    -1, 45009, 45011           busy, daily or minute limit              CarrierTemporary
    40001, 40014, 42001        access token old: renewed, tried once more, then CarrierTemporary
    any other                                                           CarrierRefused

A session_key opens a user's encrypted data; nothing here needs it, so it is dropped on arrival.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from django.conf import settings

from foundation.carriers import weixin_token
from foundation.carriers.errors import (
    CarrierError,
    CarrierMisconfigured,
    CarrierRefused,
    CarrierTemporary,
    WeixinCodeRejected,
    WeixinSnapshotUser,
    WeixinUserBlocked,
    unreached,
)
from foundation.core import http
from foundation.core.breaker import CircuitBreaker

SYSTEM = "weixin"
TIMEOUT_SECONDS = 5.0
# For all calls of one sign-in together: the resident waits for them.
SIGN_IN_SECONDS = 3.0
OLD_TOKEN = frozenset({40001, 40014, 42001})
_ERRORS: Mapping[int, type[CarrierError]] = {
    40029: WeixinCodeRejected,
    40163: WeixinCodeRejected,
    40226: WeixinUserBlocked,
    **dict.fromkeys((40002, 40013, 40125, 40164, 41002, 41004), CarrierMisconfigured),
    **dict.fromkeys((-1, 45009, 45011, *OLD_TOKEN), CarrierTemporary),
}


@dataclass(frozen=True)
class Application:
    """One of our applications at WeChat: the mini-program or the official account."""

    appid: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class WeixinIdentity:
    """Who signed in. `openid` is good for one appid; `unionid` is empty if WeChat gave none."""

    openid: str
    unionid: str


@dataclass(frozen=True)
class PhoneNumber:
    """A number that WeChat vouches for, without its country code, which stands beside it ("86")."""

    number: str
    country_code: str


def code_to_session(code: str) -> WeixinIdentity:
    """Exchange a mini-program's `wx.login` code. The code is used up by this.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    answer = _get(
        "/sns/jscode2session",
        {
            "appid": settings.WEIXIN_MINI_APPID,
            "secret": settings.WEIXIN_MINI_SECRET,
            "js_code": code,
            "grant_type": "authorization_code",
        },
    )
    return _identity(answer)


def authorize_url(*, redirect_uri: str, state: str, scope: str = "snsapi_base") -> str:
    """Where to send a browser inside WeChat so that it comes back with a code.

    `state` must be bound to the browser's session. WeChat reads the parameters in this order.
    """
    parameters = {
        "appid": settings.WEIXIN_OFFICIAL_APPID,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope,
        "state": state,
    }
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{settings.WEIXIN_OPEN_BASE.rstrip('/')}/connect/oauth2/authorize?{query}#wechat_redirect"


def oauth_exchange(code: str) -> WeixinIdentity:
    """Exchange the code that a browser brought back. The code is used up by this.

    Raises:
        WeixinSnapshotUser: If the page was shown in snapshot mode: ask the resident to open it fully.
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    answer = _get(
        "/sns/oauth2/access_token",
        {
            "appid": settings.WEIXIN_OFFICIAL_APPID,
            "secret": settings.WEIXIN_OFFICIAL_SECRET,
            "code": code,
            "grant_type": "authorization_code",
        },
    )
    if answer.get("is_snapshotuser") == 1:
        raise WeixinSnapshotUser(SYSTEM, "is_snapshotuser")
    return _identity(answer)


def phone_number(code: str) -> PhoneNumber:
    """Exchange the code of the mini-program's phone-number button. The code is used up by this.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    content = json.dumps({"code": code}).encode()
    application = Application(settings.WEIXIN_MINI_APPID, settings.WEIXIN_MINI_SECRET)
    answer = post_with_token("/wxa/business/getuserphonenumber", application, content)
    info = answer.get("phone_info")
    if not isinstance(info, dict):
        raise CarrierRefused(SYSTEM, "protocol_error")
    watermark = info.get("watermark")
    # A number that was given to another application says nothing about who signs in here.
    if not isinstance(watermark, dict) or watermark.get("appid") != settings.WEIXIN_MINI_APPID:
        raise CarrierRefused(SYSTEM, "watermark_of_another_appid")
    return PhoneNumber(_text(info, "purePhoneNumber"), _text(info, "countryCode"))


def post_with_token(path: str, application: Application, content: bytes) -> dict[str, Any]:
    """Make a call with the application's access token; once more if WeChat says that it is old.

    Raises:
        CarrierTemporary, CarrierRefused: As in the table above.
    """
    token = _access_token(application)
    try:
        return _post(path, {"access_token": token}, content)
    except CarrierTemporary as exc:
        if exc.code not in map(str, OLD_TOKEN):
            raise
    return _post(path, {"access_token": _access_token(application, refused=token)}, content)


def _access_token(application: Application, refused: str = "") -> str:
    appid, secret = application.appid, application.secret
    return weixin_token.access_token(
        appid=appid, secret=secret, fetch=lambda: stable_token(appid, secret), refused=refused
    )


def stable_token(appid: str, secret: str) -> weixin_token.FreshToken:
    """Ask WeChat for the application's access token, in normal mode. Use `weixin_token` instead."""
    body = {"grant_type": "client_credential", "appid": appid, "secret": secret, "force_refresh": False}
    answer = _post("/cgi-bin/stable_token", {}, json.dumps(body).encode())
    seconds = answer.get("expires_in")
    if not isinstance(seconds, int) or seconds < 1:
        raise CarrierRefused(SYSTEM, "protocol_error")
    return weixin_token.FreshToken(_text(answer, "access_token"), seconds)


def _identity(answer: Mapping[str, Any]) -> WeixinIdentity:
    unionid = answer.get("unionid", "")
    if not isinstance(unionid, str):
        raise CarrierRefused(SYSTEM, "protocol_error")
    return WeixinIdentity(openid=_text(answer, "openid"), unionid=unionid)


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise CarrierRefused(SYSTEM, "protocol_error")
    return value


def _get(path: str, params: Mapping[str, str]) -> dict[str, Any]:
    return _asked(lambda outbound: outbound.get_json(path, params=params))


def _post(path: str, params: Mapping[str, str], content: bytes) -> dict[str, Any]:
    return _asked(lambda outbound: outbound.post_json(path, params=params, content=content))


def _asked(call: Callable[[http.Outbound], dict[str, Any]]) -> dict[str, Any]:
    breaker = CircuitBreaker(SYSTEM)
    if not breaker.allows():
        raise CarrierTemporary(SYSTEM, "circuit_open")
    try:
        answer = call(_outbound(settings.WEIXIN_API_BASE))
    except (http.OutsideTimeout, http.OutsideUnavailable) as exc:
        breaker.failed()
        raise unreached(exc) from exc
    except http.OutsideError as exc:
        breaker.succeeded()
        raise unreached(exc) from exc
    breaker.succeeded()
    return _checked(answer)


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, if it is a success. Some successes carry no errcode at all."""
    errcode = answer.get("errcode", 0)
    if errcode == 0:
        return answer
    if not isinstance(errcode, int):
        raise CarrierRefused(SYSTEM, "protocol_error")
    raise _ERRORS.get(errcode, CarrierRefused)(SYSTEM, str(errcode))


@cache
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name=SYSTEM, timeout=TIMEOUT_SECONDS)
