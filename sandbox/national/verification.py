"""Verification across centres: from the record, else by the route, and the magic issuers."""

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox import faults, store
from sandbox.national import centre, wire
from sandbox.national.centre import NODE_ID, Refused
from sandbox.national.wire import Head, WireError
from sandbox.outside import BEIJING

PATH = "/node/v1/verify"
CARDS = "national:cards"
MOST_HOPS = 4
_OWN_SECONDS = 0.3

PERSON = {
    "name": "国示范",
    "id_type": "01",
    "id_number": "110101199003070011",
    "gender": "1",
    "nation": "01",
    "birthday": "1990-03-07",
    "phone": "13900001111",
    "address": "示范路 1 号",
}
# Whole EHCAPPIDs, never a pattern: what the centre does about a code that names one.
MAGIC_ISSUERS = {
    "99999900001": "由国家卡管按自己的记录应答",
    "99999900002": "发卡机构未登记（route_unknown）",
    "99999900003": "挂起 30 秒",
    "99999900004": "返回 500",
    "99999900005": "答的是另一张卡",
    "99999900006": "签名由他人所签",
    "99999900007": "返回乱码",
    "99999900008": "路由绕回（route_loop）",
    "99999900009": "发卡地不应答（issuer_no_answer）",
    "99999900010": "二维码已使用（code_used）",
}
_REFUSED = {
    "99999900002": "route_unknown",
    "99999900008": "route_loop",
    "99999900009": "issuer_no_answer",
    "99999900010": "code_used",
}


async def verify(request: Request, head: Head, message: Mapping[str, Any]) -> Response:
    """Answer a using centre."""
    code, issuer = str(message.get("code", "")), str(message.get("issuer", ""))
    state = store.of(request)
    if issuer == "99999900003":
        return await faults.hang()
    if issuer == "99999900004":
        return faults.broken()
    if issuer == "99999900007":
        return faults.garbage()
    found = await _found(request, head, message, code, issuer)
    is_wrong = issuer == "99999900005" or await centre.switched_on(state, "wrongcode")
    if is_wrong:
        code = "0" * 64 + code[64:]
    whole = {
        **found,
        "request_id": message.get("request_id"),
        "code_digest": hashlib.new("sm3", code.encode()).hexdigest(),
    }
    forged = issuer == "99999900006" or await centre.switched_on(state, "badsign")
    return centre.answer(request, head, whole, forged=forged)


async def _found(
    request: Request, head: Head, message: Mapping[str, Any], code: str, issuer: str
) -> dict[str, Any]:
    state = store.of(request)
    if issuer in _REFUSED:
        return _refused(_REFUSED[issuer])
    if await centre.switched_on(state, "unroute"):
        return _refused("route_unknown")
    record = await state.field(CARDS, code[:64].upper())
    if record is not None or issuer in {"99999900001", "99999900005", "99999900006"}:
        return await _from_record(request, head, message, code, record or PERSON)
    return await _routed(request, head, message, issuer)


async def _from_record(
    request: Request, head: Head, message: Mapping[str, Any], code: str, person: Mapping[str, Any]
) -> dict[str, Any]:
    masked = message.get("detail") != "full"
    content = {
        "masked": masked,
        "health_card_id": code[:64],
        "main_index": None,
        "person": _masked(person) if masked else dict(person),
    }
    return {
        "result": "verified",
        "answered_by": NODE_ID,
        "reference": f"GJ{message.get('request_id', '')}"[:34],
        "verified_at": datetime.fromtimestamp(time.time(), BEIJING).isoformat(timespec="milliseconds"),
        "code_kind": "dynamic" if ":0:" in code else "static",
        "document_required": ":0:" not in code,
        "replayed": False,
        "sealed": await _sealed_for(request, head.sender, content),
    }


async def _routed(request: Request, head: Head, message: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    state = store.of(request)
    hops = [*message.get("hops", []), NODE_ID]
    node = await centre.known(state, issuer)
    if await centre.switched_on(state, "loop"):
        issuer, node = head.sender, await centre.known(state, head.sender)
        hops = hops[:-1]
    elif node is None:
        return _refused("route_unknown")
    elif issuer in hops or len(hops) > MOST_HOPS:
        return _refused("route_loop")
    budget = int(message.get("budget_ms") or 2_000) / 1000 - _OWN_SECONDS
    passed = {**message, "hops": hops, "budget_ms": round(budget * 1000)}
    try:
        found = await centre.ask(
            request.app.state.http, issuer, node=node or {}, path=PATH, message=passed, seconds=budget
        )
        if found.get("result") != "verified":
            return _refused(str(found.get("code", "refused")), by=issuer)
        # Opened and sealed anew: each hop encrypts for the next, and the record stays with neither.
        content = wire.unseal(found["sealed"], private=centre.opening_key(), sender=issuer, receiver=NODE_ID)
    except WireError as exc:
        code = str(exc)
        return _refused(code if code.startswith("issuer_") else "issuer_unavailable")
    return {**found, "sealed": await _sealed_for(request, head.sender, content)}


async def _sealed_for(request: Request, node_id: str, content: Mapping[str, Any]) -> dict[str, str]:
    node = await centre.known(store.of(request), node_id)
    keys = list((node or {}).get("keys", {}).get("seal", {}).items())
    if not keys:
        raise Refused(400, "seal_key_unknown")
    kid, public = keys[0]
    return wire.seal(content, kid=kid, public=public, sender=NODE_ID, receiver=node_id)


def _refused(code: str, by: str = NODE_ID) -> dict[str, Any]:
    return {"result": "refused", "answered_by": by, "code": code}


def _masked(person: Mapping[str, Any]) -> dict[str, Any]:
    name, number, phone = (str(person.get(each) or "") for each in ("name", "id_number", "phone"))
    return {
        **dict.fromkeys(("nation", "birthday", "address")),
        "name": "*" * (len(name) - 1) + name[-1:],
        "id_type": person.get("id_type"),
        "id_number": number[:3] + "*" * (len(number) - 7) + number[-4:],
        "gender": person.get("gender"),
        "phone": phone[:3] + "****" + phone[-4:] if phone else None,
    }
