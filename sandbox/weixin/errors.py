"""WeChat's way of refusing: HTTP 200 with `errcode` and `errmsg`."""

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.answers import Refusal, same_secret

MESSAGES: Mapping[int, str] = {
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41003: "refresh_token missing",
    41004: "appsecret missing",
    41008: "missing code",
    41009: "missing openid",
    42001: "access_token expired",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
}


class WeixinRefusal(Refusal):
    """One of WeChat's error codes; `detail` follows the usual message."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(str(errcode))
        self.errcode = errcode
        self.detail = detail

    def response(self) -> Response:
        """The error as WeChat answers it."""
        message = " ".join(part for part in (MESSAGES[self.errcode], self.detail) if part)
        rid = f"{int(time.time()):x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
        return JSONResponse({"errcode": self.errcode, "errmsg": f"{message}, rid: {rid}"})


def required(fields: Mapping[str, Any], name: str, errcode: int) -> str:
    """A parameter that must be a text; else the given error."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise WeixinRefusal(errcode)
    return value


async def posted(request: Request) -> dict[str, Any]:
    """The JSON object of a call that must be posted."""
    if request.method != "POST":
        raise WeixinRefusal(43002)
    raw = await request.body()
    if not raw:
        raise WeixinRefusal(44002)
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as exc:
        raise WeixinRefusal(47001) from exc
    if not isinstance(body, dict):
        raise WeixinRefusal(47001)
    return body


def check_application(request: Request, fields: Mapping[str, Any]) -> str:
    """The appid of a call that shows the application's secret."""
    appid = required(fields, "appid", 41002)
    secret = required(fields, "secret", 41004)
    known = request.app.state.config.weixin_apps.get(appid)
    if known is None:
        raise WeixinRefusal(40013)
    if not same_secret(secret, known):
        raise WeixinRefusal(40125)
    return appid
