"""Subscribe messages (one grant, one message), and template messages of the official account."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import store
from sandbox.outside import beijing_time, outside
from sandbox.weixin import push, tokens
from sandbox.weixin.errors import WeixinRefusal, posted, required

KEPT_MESSAGES = 200
# The fields of the templates that the demo's mini-program has; more are added by the console.
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "sandbox-card-issued": ("thing1", "time2", "phrase3"),
    "sandbox-code-scanned": ("thing1", "time2", "thing3"),
    "sandbox-visit": ("thing1", "time2", "phrase3"),
    "sandbox-queue": ("thing1", "number2", "thing3"),
    "sandbox-notice": ("thing1", "time2", "thing3"),
}
_STATES = {"developer", "trial", "formal"}
_LANGUAGES = {"zh_CN", "zh_HK", "zh_TW", "en_US"}
_DAY = r"[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_MOMENT = rf"(({_DAY}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) ?)?{_CLOCK}"
_RULES: Mapping[str, re.Pattern[str]] = {
    "thing": re.compile(r".{1,20}", re.DOTALL),
    "number": re.compile(r"[0-9]{1,32}|(?=.{1,32}$)[0-9]+\.[0-9]+"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~]{1,32}"),
    "time": re.compile(rf"{_MOMENT}(~{_MOMENT})?"),
    "date": re.compile(rf"{_DAY}( {_CLOCK})?(~{_DAY}( {_CLOCK})?)?"),
    "amount": re.compile(r"[¥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+() -]{1,17}"),
    "car_number": re.compile(r".{1,8}"),
    "name": re.compile(r"[\u3400-\u9fff·]{1,10}|[A-Za-z .]{1,20}"),
    "phrase": re.compile(r"[\u3400-\u9fff]{1,5}"),
    "enum": re.compile(r".{1,20}"),
}
_FIELD = re.compile(rf"({'|'.join(_RULES)})[0-9]+")


def is_field(name: object) -> bool:
    """Whether a template may have a field of this name."""
    return isinstance(name, str) and _FIELD.fullmatch(name) is not None


async def send(request: Request) -> Response:
    """Send one message for one grant."""
    if request.method != "POST":
        raise WeixinRefusal(43002)
    appid = await tokens.check(request)
    body = await posted(request)
    openid = required(body, "touser", 40003)
    known = await store.of(request).get(f"weixin:openid:{openid}")
    if known is None or known["appid"] != appid:
        raise WeixinRefusal(40003)
    template = required(body, "template_id", 40037)
    data = _checked_data(body, await _template_fields(request, template))
    grants = f"weixin:grants:{openid}:{template}"
    async with store.of(request).lock(grants):
        if await store.of(request).count(grants) < 1:
            raise WeixinRefusal(43101)
        await store.of(request).increase(grants, -1)
    message = {
        "at": beijing_time(),
        "openid": openid,
        "template_id": template,
        "page": body.get("page"),
        "data": data,
    }
    await store.of(request).append("weixin:messages", message, keep=KEPT_MESSAGES)
    number = str(secrets.randbelow(10**15))
    inside = push.listed(
        "SubscribeMsgSentEvent", TemplateId=template, MsgID=number, ErrorCode="0", ErrorStatus="success"
    )
    await push.event(request, appid=appid, openid=openid, name="subscribe_msg_sent_event", inside=inside)
    return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": int(number)})


async def send_template(request: Request) -> Response:
    """Send one template message of the official account; our caller's number is sent once."""
    if request.method != "POST":
        raise WeixinRefusal(43002)
    appid = await tokens.check(request)
    body = await posted(request)
    openid = required(body, "touser", 40003)
    known = await store.of(request).get(f"weixin:openid:{openid}")
    if known is None or known["appid"] != appid:
        raise WeixinRefusal(40003)
    template = required(body, "template_id", 40037)
    data = _checked_data(body, await _template_fields(request, template))
    number = {"msgid": secrets.randbelow(10**15)}
    client_id = body.get("client_msg_id")
    if isinstance(client_id, str) and client_id:
        key = f"weixin:client:{appid}:{client_id}"
        if not await store.of(request).put_once(key, number, store.DAY_SECONDS):
            earlier = await store.of(request).get(key) or number
            return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": earlier["msgid"]})
    message = {"at": beijing_time(), "openid": openid, "template_id": template, "data": data}
    await store.of(request).append("weixin:messages", message | {"page": body.get("url")}, keep=KEPT_MESSAGES)
    inside = f"<MsgID>{number['msgid']}</MsgID><Status><![CDATA[success]]></Status>"
    await push.event(request, appid=appid, openid=openid, name="TEMPLATESENDJOBFINISH", inside=inside)
    return JSONResponse({"errcode": 0, "errmsg": "ok", **number})


async def _template_fields(request: Request, template: str) -> tuple[str, ...]:
    if template in TEMPLATES:
        return TEMPLATES[template]
    added = await store.of(request).field("weixin:templates", template)
    if added is None:
        raise WeixinRefusal(40037)
    return tuple(added["fields"])


def _checked_data(body: dict[str, Any], fields: tuple[str, ...]) -> dict[str, str]:
    if body.get("miniprogram_state", "formal") not in _STATES:
        raise WeixinRefusal(47003, "miniprogram_state invalid")
    if body.get("lang", "zh_CN") not in _LANGUAGES:
        raise WeixinRefusal(47003, "lang invalid")
    data = body.get("data")
    if not isinstance(data, dict):
        raise WeixinRefusal(47003, "data invalid")
    checked = {}
    for name in fields:
        entry = data.get(name)
        value = entry.get("value") if isinstance(entry, dict) else None
        kind = name.rstrip("0123456789")
        if not isinstance(value, str) or not _RULES[kind].fullmatch(value):
            raise WeixinRefusal(47003, f"data.{name}.value invalid")
        checked[name] = value
    return checked


routes = [
    Route("/cgi-bin/message/subscribe/send", outside("weixin", send), methods=["GET", "POST"]),
    Route("/cgi-bin/message/template/send", outside("weixin", send_template), methods=["GET", "POST"]),
]
