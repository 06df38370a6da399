"""Bills of a day: asked for, then downloaded from an unsigned answer within five minutes."""

import gzip
import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from time import time as clock
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import faults, store
from sandbox.outside import BEIJING, outside
from sandbox.weixinpay import behaviour, bill_files, orders
from sandbox.weixinpay.bill_files import Changes
from sandbox.weixinpay.wire import SYSTEM, Caller, Content, PayRefusal, authenticate, signed

READY_AT = time(10)
KEPT_DAYS = 92
LINK_SECONDS = 300
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
KINDS = {"bill_type": {"ALL", "SUCCESS", "REFUND"}, "account_type": {"BASIC", "OPERATION", "FEES"}}


async def trade_bill(request: Request, caller: Caller) -> Content:
    """Where to download what was traded on a day."""
    kind = _kind(request, "bill_type", "ALL")
    day = await _day(request, caller)
    state = store.of(request)
    settings = await behaviour.of(request, caller.mchid)
    changes = Changes(**(await state.field(f"weixinpay:bills:{caller.mchid}", day.isoformat()) or {}))
    rows = bill_files.trades_of(
        caller.mchid, await orders.everyone(state, caller.mchid), day, settings.fee_rate, changes
    )
    chosen = [row for row in rows if kind == "ALL" or (kind == "REFUND") == bool(row["refund"])]
    return await _offered(request, bill_files.trade_file(kind, chosen) if chosen else "")


async def fund_flow_bill(request: Request, caller: Caller) -> Content:
    """Where to download how the money moved on a day; only the basic account ever moves here."""
    kind = _kind(request, "account_type", "BASIC")
    day = await _day(request, caller)
    settings = await behaviour.of(request, caller.mchid)
    known = await orders.everyone(store.of(request), caller.mchid)
    rows = bill_files.trades_of(caller.mchid, known, day, settings.fee_rate, Changes())
    return await _offered(request, bill_files.flow_file(rows) if rows and kind == "BASIC" else "")


async def download(request: Request) -> Response:
    """The file behind a link; the question is signed, the answer is not."""
    await authenticate(request)
    kept = await store.of(request).get(f"weixinpay:file:{request.query_params.get('token', '')}")
    if kept is None:
        raise PayRefusal(400, "INVALID_REQUEST", "下载链接无效或已过期", "0")
    data = kept["text"].encode()
    if any(fault.kind == "tamper" for fault, _ in await faults.active(store.of(request), SYSTEM)):
        data = data.replace(b".00,", b".01,", 1)
    if kept["gzip"]:
        return Response(gzip.compress(data), media_type="application/x-gzip")
    return Response(data, media_type="text/plain; charset=utf-8")


async def _day(request: Request, caller: Caller) -> date:
    given = request.query_params.get("bill_date", "")
    try:
        day = date.fromisoformat(given) if _DAY.fullmatch(given) else None
    except ValueError:
        day = None
    if day is None:
        raise PayRefusal(400, "PARAM_ERROR", "参数bill_date格式错误")
    settings = await behaviour.of(request, caller.mchid)
    now = datetime.fromtimestamp(clock(), BEIJING)
    ready = datetime.combine(day + timedelta(days=1), READY_AT, BEIJING)
    if day > now.date() or (settings.bills != "ready" and day == now.date()):
        raise PayRefusal(400, "INVALID_REQUEST", "不能下载当日或未来的账单", "0")
    if day < now.date() - timedelta(days=KEPT_DAYS):
        raise PayRefusal(400, "INVALID_REQUEST", "只能下载三个月内的账单", "0")
    if settings.bills == "creating" or (settings.bills == "clock" and now < ready):
        raise PayRefusal(400, "STATEMENT_CREATING", "账单生成中", "0")
    return day


async def _offered(request: Request, text: str) -> Mapping[str, Any]:
    if not text:
        raise PayRefusal(400, "NO_BILL_EXIST", "No Bill Exist", "0")
    packing = request.query_params.get("tar_type", "")
    if packing not in {"", "GZIP"}:
        raise PayRefusal(400, "PARAM_ERROR", "参数tar_type不符合要求")
    token = secrets.token_urlsafe(32)
    await store.of(request).put(
        f"weixinpay:file:{token}", {"text": text, "gzip": packing == "GZIP"}, LINK_SECONDS
    )
    return {
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
        "download_url": f"{str(request.base_url).rstrip('/')}/v3/billdownload/file?token={token}",
    }


def _kind(request: Request, name: str, otherwise: str) -> str:
    kind = request.query_params.get(name, otherwise)
    if kind not in KINDS[name]:
        raise PayRefusal(400, "PARAM_ERROR", f"参数{name}不符合要求")
    return kind


routes = [
    Route("/v3/bill/tradebill", signed(trade_bill), methods=["GET"]),
    Route("/v3/bill/fundflowbill", signed(fund_flow_bill), methods=["GET"]),
    Route("/v3/billdownload/file", outside(SYSTEM, download), methods=["GET"]),
]
