"""Two SMS gateways: each takes a message, delivers nothing, shows it in the console, and sends a receipt."""

import re
import secrets
from string import Formatter
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, portal, store
from sandbox.answers import RestRefusal, json_object, same_secret, text
from sandbox.outside import Handler, beijing_time, outside

KEPT_MESSAGES = 500
FIRST, SECOND = "sms", "sms2"
SIGNATURE = "【电子健康卡】"
# Templates whose wording is known here; any other name is shown with its parameters.
TEMPLATES = {
    "sign_in_code": "验证码 {code}，{minutes} 分钟内有效。如非本人操作，请忽略，不要告诉他人。",
    "family_code": (
        "验证码 {code}，{minutes} 分钟内有效。把它告诉家人，就是同意对方代管您的健康卡；"
        "不认识对方或不同意的，请不要告诉任何人。"
    ),
    "visit_notice": "{hospital}：{what}，{who}就诊时间 {when}。详情请登录电子健康卡查看。",
    "plain_notice": "{hospital}：{what}（{who}）。详情请登录电子健康卡查看。",
    "contact_notice": "您是一位居民登记的紧急联系人：{hospital}于{when}在急救中查看了其登记的信息，"
    "请尽快与家人或医院联系。",
    "queue_notice": "{hospital}：{what}，请到 {place}。",
    "verification_code": "验证码 {code}，{minutes} 分钟内有效。如非本人操作，请忽略，不要告诉他人。",
}
_PHONE = re.compile(r"(?:\+86)?(1[3-9][0-9]{9})")
_TEMPLATE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

REJECTED_PHONE = "19900004030"
BROKEN_PHONE = "19900005000"
HANGING_PHONE = "19900005040"
LOST_PHONE = "19900004040"
MAGIC_PHONES = {
    REJECTED_PHONE: "拒收（422 number_rejected）",
    BROKEN_PHONE: "网关故障（500）",
    HANGING_PHONE: "挂起 30 秒",
    LOST_PHONE: "收下，回执说没有送到",
}


def gateway(supplier: str) -> Handler:
    """One gateway's way to take a message."""

    async def send(request: Request) -> Response:
        """Take one message; the same request_id with the same content gets the same answer."""
        key = _key(request, supplier)
        if not same_secret(request.headers.get("x-api-key", ""), key):
            raise RestRefusal(401, "key_invalid", "X-Api-Key is missing or wrong.")
        body = await json_object(request)
        message = _message(body) | {"supplier": supplier}
        request_id = text(body, "request_id")
        magic = await _magic(request, supplier, message["phone"])
        if magic is not None:
            return magic
        known = await _remember(request, supplier, request_id, message)
        if known is None:
            await store.of(request).append("sms:messages", message, keep=KEPT_MESSAGES)
            known = message
        await _receipt(request, supplier, key, request_id, known)
        return JSONResponse({"message_id": known["message_id"], "accepted_at": known["at"]})

    return send


def _key(request: Request, supplier: str) -> str:
    config = request.app.state.config
    return str(config.sms_key if supplier == FIRST else config.sms2_key)


async def _receipt(
    request: Request, supplier: str, key: str, request_id: str, message: dict[str, Any]
) -> None:
    """Say what became of it, as the operator would after some seconds."""
    silent = any(fault.kind == "silent" for fault, _ in await faults.active(store.of(request), supplier))
    if silent:
        return
    is_lost = message["phone"] == LOST_PHONE
    said = {
        "request_id": request_id,
        "message_id": message["message_id"],
        "status": "failed" if is_lost else "delivered",
        "code": "absent" if is_lost else "",
        "at": beijing_time(),
    }
    await portal.receipt(request, supplier, key, said)


def _message(body: dict[str, Any]) -> dict[str, Any]:
    phone = _PHONE.fullmatch(text(body, "phone"))
    if phone is None:
        raise RestRefusal(
            400, "phone_invalid", "phone must be a mainland mobile number of 11 digits.", "phone"
        )
    template = text(body, "template")
    if not _TEMPLATE.fullmatch(template):
        raise RestRefusal(
            400, "template_invalid", "template may hold letters, digits, _ . and -.", "template"
        )
    params = body.get("params", {})
    if not isinstance(params, dict) or not all(isinstance(value, str | int) for value in params.values()):
        raise RestRefusal(
            400, "params_invalid", "params must be an object of texts and whole numbers.", "params"
        )
    wording = _wording(template, {name: str(value)[:100] for name, value in params.items()})
    return {
        "message_id": f"sms-{secrets.token_hex(8)}",
        "at": beijing_time(),
        "phone": phone.group(1),
        "template": template,
        "params": params,
        "code": str(params.get("code", "")),
        "text": SIGNATURE + wording,
    }


def _wording(template: str, params: dict[str, str]) -> str:
    pattern = TEMPLATES.get(template)
    if pattern is None:
        return f"{template} " + "，".join(f"{name}：{value}" for name, value in params.items())
    places = {name for _literal, name, _form, _conversion in Formatter().parse(pattern) if name}
    missing = sorted(places - params.keys())
    if missing:
        raise RestRefusal(
            400, "params_missing", f"{template} needs the parameters {', '.join(missing)}.", "params"
        )
    return pattern.format_map(params)


async def _magic(request: Request, supplier: str, phone: str) -> Response | None:
    rejected = [
        fault
        for fault, _ in await faults.active(store.of(request), supplier)
        if fault.phone and fault.phone == phone
    ]
    if phone == REJECTED_PHONE or rejected:
        raise RestRefusal(422, "number_rejected", "The operator rejects this number for good.", "phone")
    if phone == BROKEN_PHONE:
        return faults.broken()
    return await faults.hang() if phone == HANGING_PHONE else None


async def _remember(
    request: Request, supplier: str, request_id: str, message: dict[str, Any]
) -> dict[str, Any] | None:
    """The message accepted before under this request_id, if there is one."""
    key = f"sms:request:{supplier}:{request_id}"
    if await store.of(request).put_once(key, message, store.DAY_SECONDS):
        return None
    earlier = await store.of(request).get(key) or message
    if any(earlier[part] != message[part] for part in ("phone", "template", "params")):
        raise RestRefusal(
            409, "request_id_reused", "This request_id came before with other content.", "request_id"
        )
    return earlier


routes = [
    Route("/sms/v1/messages", outside(FIRST, gateway(FIRST)), methods=["POST"]),
    Route("/second/sms/v1/messages", outside(SECOND, gateway(SECOND)), methods=["POST"]),
]
