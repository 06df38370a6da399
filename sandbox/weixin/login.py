"""Mini-program sign-in and the phone number behind the button."""

import secrets
import time
from base64 import b64encode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import store
from sandbox.outside import outside
from sandbox.weixin import tokens, users
from sandbox.weixin.errors import WeixinRefusal, check_application, posted, required


async def jscode2session(request: Request) -> Response:
    """The code of `wx.login` for the openid and the session key."""
    appid = check_application(request, request.query_params)
    code = required(request.query_params, "js_code", 41008)
    if request.query_params.get("grant_type") != "authorization_code":
        raise WeixinRefusal(40002)
    user, _ = await users.redeem_code(store.of(request), kind="mini", appid=appid, code=code)
    if user.high_risk:
        raise WeixinRefusal(40226)
    return JSONResponse(
        {
            "session_key": b64encode(secrets.token_bytes(16)).decode(),
            "openid": user.openid(appid),
            "unionid": user.unionid,
        }
    )


async def phone_number(request: Request) -> Response:
    """The code of the phone-number button for the number."""
    if request.method != "POST":
        raise WeixinRefusal(43002)
    appid = await tokens.check(request)
    body = await posted(request)
    code = required(body, "code", 41008)
    user, _ = await users.redeem_code(store.of(request), kind="phone", appid=appid, code=code)
    return JSONResponse(
        {
            "errcode": 0,
            "errmsg": "ok",
            "phone_info": {
                "phoneNumber": user.phone,
                "purePhoneNumber": user.phone,
                "countryCode": "86",
                "watermark": {"timestamp": int(time.time()), "appid": appid},
            },
        }
    )


routes = [
    Route("/sns/jscode2session", outside("weixin", jscode2session), methods=["GET"]),
    Route("/wxa/business/getuserphonenumber", outside("weixin", phone_number), methods=["GET", "POST"]),
]
