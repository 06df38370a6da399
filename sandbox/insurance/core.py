"""The insurance's core (FSI): one address, and what a message wants in its ``infno``."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import faults, store
from sandbox.answers import RestRefusal, json_object, same_secret
from sandbox.insurance import core_calls, fields, notices, visits
from sandbox.insurance.fields import CentreRefusal, required
from sandbox.outside import BEIJING, outside

PATH = "/fsi/api/{service}/{method}"
# A gateway before the core; its account and token are printed here.
GATEWAY_ID, GATEWAY_TOKEN = "sandbox-insurance", "sandbox-insurance-token"
WINDOW_SECONDS = 300
_HEAD = (
    *("infno", "msgid", "mdtrtarea_admvs", "insuplc_admdvs", "infver", "opter_type", "opter"),
    *("opter_name", "inf_time", "fixmedins_code", "fixmedins_name"),
)
Call = Callable[[store.Store, Mapping[str, Any], Mapping[str, Any]], Awaitable[tuple[dict[str, Any], bool]]]


async def handle(request: Request) -> Response:
    """Any transaction."""
    if not _may_pass(request):
        return JSONResponse({"code": "gateway_refused", "message": "x-tif-signature does not fit."}, 401)
    state, started = store.of(request), time.time()
    try:
        message = await json_object(request)
    except RestRefusal as refusal:
        return JSONResponse(_answer({}, started, code=fields.FIELD, text=str(refusal)))
    try:
        number, *_ = required(message, *_HEAD)
        fields.moment(message, "inf_time", "%Y-%m-%d %H:%M:%S")
        call = core_calls.CALLS.get(number)
        business = message.get("input")
        if call is None or not isinstance(business, dict):
            raise CentreRefusal(fields.FIELD, "infno or input")
        async with state.lock("insurance"):
            output, is_answered = await _once(state, call, message, business)
    except CentreRefusal as refusal:
        return JSONResponse(_answer(message, started, code=refusal.code, text=str(refusal)))
    if not is_answered or await notices.lost(state, number):
        return await faults.hang()
    return JSONResponse(_answer(message, started, output=output))


async def _once(
    state: store.Store, call: Call, message: Mapping[str, Any], business: Mapping[str, Any]
) -> tuple[dict[str, Any], bool]:
    """The same message asks once; one that was reversed before it came is refused."""
    known = await state.field(visits.MESSAGES, str(message["msgid"]))
    if known is not None:
        if known["is_reversed"]:
            raise CentreRefusal(fields.ENDED, "the message was reversed")
        return known["output"], True
    output, is_answered = await call(state, message, business)
    if message["infno"] in {"2207", "2208"} and output:
        kept = {"infno": message["infno"], "output": output, "is_reversed": False}
        await state.set_field(visits.MESSAGES, str(message["msgid"]), kept)
    return output, is_answered


def _may_pass(request: Request) -> bool:
    """Whether the gateway's signature fits; without an account in the headers there is no gateway."""
    given = {part: request.headers.get(f"x-tif-{part}", "") for part in ("paasid", "timestamp", "nonce")}
    if not given["paasid"]:
        return True
    stamp = given["timestamp"]
    if given["paasid"] != GATEWAY_ID or not stamp.isdecimal():
        return False
    text = f"{stamp}{GATEWAY_TOKEN}{given['nonce']}{stamp}"
    expected = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest().upper()
    in_time = abs(time.time() - int(stamp[:12])) <= WINDOW_SECONDS
    return in_time and same_secret(request.headers.get("x-tif-signature", ""), expected)


def _answer(
    message: Mapping[str, Any],
    started: float,
    *,
    code: int = 0,
    text: str = "",
    output: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), BEIJING)
    return {
        "infcode": code,
        "inf_refmsgid": f"{str(message.get('mdtrtarea_admvs', ''))[:6]}{now:%Y%m%d%H%M%S}{now:%f}0000",
        "refmsg_time": f"{datetime.fromtimestamp(started, BEIJING):%Y%m%d%H%M%S}000",
        "respond_time": f"{now:%Y%m%d%H%M%S}000",
        "err_msg": text,
        "warn_msg": "",
        "signtype": "",
        "cainfo": "",
        "output": output or {},
    }


routes = [Route(PATH, outside("insurance", handle), methods=["POST"])]
