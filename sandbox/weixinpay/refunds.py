"""Refunds: accepted first, done later, and sometimes abnormal or closed."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox import faults, store
from sandbox.store import DAY_SECONDS, Store
from sandbox.weixinpay import behaviour, notices, orders, suites
from sandbox.weixinpay.orders import Order, rfc3339
from sandbox.weixinpay.wire import (
    SYSTEM,
    Caller,
    Content,
    PayRefusal,
    amount_of,
    body_of,
    fen_of,
    signed,
    signer_named,
    text_of,
)

MOST_REFUNDS = 50
GAP_SECONDS, DONE_AFTER_SECONDS = 60, 30
REFUNDABLE_SECONDS = 365 * DAY_SECONDS
_NUMBER = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-|*@")
Refund = dict[str, Any]


async def create(request: Request, caller: Caller) -> Content:
    """Accept a refund; the same number again is the same refund."""
    body, state = await body_of(request), store.of(request)
    number = text_of(body, "out_refund_no")
    if not set(number) <= _NUMBER or ("reason" in body and not text_of(body, "reason", most=80)):
        raise PayRefusal(400, "PARAM_ERROR", "参数out_refund_no或reason不符合要求")
    of = body.get("out_trade_no") or await orders.number_of(
        state, caller.mchid, text_of(body, "transaction_id")
    )
    settings = await behaviour.of(request, caller.mchid)
    async with state.lock(f"weixinpay:{caller.mchid}:{of}"):
        order = await orders.existing(state, caller.mchid, str(of))
        known = await find(state, caller.mchid, number)
        if known is not None:
            return as_answer(_same(known, order, body))
        asked = _checked(order, body, settings.pace)
        if 0 <= settings.balance_fen < asked:
            raise PayRefusal(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")
        refund = await _fresh(state, order, body, settings.pace)
        await _keep(state, order, refund)
    if settings.balance_fen >= 0:
        left = {"mchid": caller.mchid, "balance_fen": settings.balance_fen - asked}
        await behaviour.change(state, left)
    notices.in_background(_tell_when_done(request, refund, settings.pace))
    return as_answer(refund)


def _checked(order: Order, body: Mapping[str, Any], pace: float) -> int:
    amount = amount_of(body)
    asked = fen_of(amount, "refund")
    if order["state"] not in {"SUCCESS", "REFUND"}:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "订单不存在或未支付", "268512771")
    if fen_of(amount, "total") != order["paid"]:
        raise PayRefusal(400, "PARAM_ERROR", "订单金额与原订单不一致")
    if time.time() > order["paid_at"] + REFUNDABLE_SECONDS:
        raise PayRefusal(400, "INVALID_REQUEST", "订单已超过可退款的最大期限", "0")
    counted = [each for each in order["refunds"] if each["outcome"] != "CLOSED"]
    if len(order["refunds"]) >= MOST_REFUNDS:
        raise PayRefusal(400, "INVALID_REQUEST", "订单的退款次数已达上限", "0")
    if sum(each["amount"] for each in counted) + asked > order["paid"]:
        raise PayRefusal(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额", "0")
    if order["refunds"] and time.time() < order["refunds"][-1]["created_at"] + GAP_SECONDS * pace:
        raise PayRefusal(429, "FREQUENCY_LIMITED", "同一订单的多笔退款须间隔一分钟", "268447840")
    return asked


def _same(known: Refund, order: Order, body: Mapping[str, Any]) -> Refund:
    amount = amount_of(body)
    if (known["of"], known["amount"], known["total"]) != (
        order["number"],
        amount.get("refund"),
        amount.get("total"),
    ):
        raise PayRefusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", "268498688")
    return known


async def _fresh(state: Store, order: Order, body: Mapping[str, Any], pace: float) -> Refund:
    outcome = "SUCCESS"
    for fault, _ in await faults.active(state, SYSTEM):
        if fault.kind in {"abnormal", "closed"} and await faults.meets(state, fault):
            outcome = fault.kind.upper()
    now = time.time()
    return {
        "mchid": order["mchid"],
        "suite": order["suite"],
        "of": order["number"],
        "transaction_id": order["transaction_id"],
        "number": body["out_refund_no"],
        "refund_id": f"50{secrets.randbelow(10**27):027d}",
        "amount": body["amount"]["refund"],
        "total": body["amount"]["total"],
        "reason": body.get("reason", ""),
        "notify_url": body.get("notify_url", ""),
        "account": "支付用户零钱",
        "created_at": now,
        "ends_at": now + DONE_AFTER_SECONDS * pace,
        "outcome": outcome,
    }


async def query(request: Request, caller: Caller) -> Content:
    """A refund by the merchant's number."""
    found = await find(store.of(request), caller.mchid, request.path_params["number"])
    if found is None:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在", "268512771")
    return as_answer(found)


async def redirect(request: Request, caller: Caller) -> Content:
    """Send an abnormal refund to another account."""
    body, state = await body_of(request), store.of(request)
    number, kind = text_of(body, "out_refund_no"), text_of(body, "type")
    found = await find(state, caller.mchid, number)
    if found is None or found["refund_id"] != request.path_params["refund"]:
        raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在", "268512771")
    if state_of(found) != "ABNORMAL":
        raise PayRefusal(400, "INVALID_REQUEST", "退款单状态不是异常，不能发起异常退款", "0")
    account = "商户银行账户"
    if kind == "USER_BANK_CARD":
        account = _card(request, caller, body)
    settings = await behaviour.of(request, caller.mchid)
    async with state.lock(f"weixinpay:{caller.mchid}:{found['of']}"):
        order = await orders.existing(state, caller.mchid, found["of"])
        found |= {
            "outcome": "SUCCESS",
            "account": account,
            "ends_at": time.time() + DONE_AFTER_SECONDS * settings.pace,
        }
        await _keep(state, order, found)
    notices.in_background(_tell_when_done(request, found, settings.pace))
    return as_answer(found)


def _card(request: Request, caller: Caller, body: Mapping[str, Any]) -> str:
    name = signer_named(caller.suite, request.headers.get("wechatpay-serial", ""))
    try:
        if not name:
            raise suites.Unreadable
        number = suites.unseal(caller.suite, name, text_of(body, "bank_account", most=1_024))
        suites.unseal(caller.suite, name, text_of(body, "real_name", most=1_024))
    except suites.Unreadable as exc:
        raise PayRefusal(400, "PARAM_ERROR", "敏感信息解密失败") from exc
    return f"{text_of(body, 'bank_type')}{number[-4:]}"


async def end(request: Request, mchid: str, number: str, outcome: str) -> Refund | None:
    """End a refund now, as the console says."""
    state = store.of(request)
    found = await find(state, mchid, number)
    if found is None:
        return None
    async with state.lock(f"weixinpay:{mchid}:{found['of']}"):
        order = await orders.existing(state, mchid, found["of"])
        found |= {"outcome": outcome, "ends_at": time.time()}
        await _keep(state, order, found)
    notices.in_background(_tell_when_done(request, found, 0))
    return found


async def find(state: Store, mchid: str, number: str) -> Refund | None:
    """A refund."""
    entry = await state.field(f"weixinpay:refunds:{mchid}", number)
    order = await orders.find(state, mchid, entry["of"]) if entry is not None else None
    if order is None:
        return None
    return next((each for each in order["refunds"] if each["number"] == number), None)


async def _keep(state: Store, order: Order, refund: Refund) -> None:
    others = [each for each in order["refunds"] if each["number"] != refund["number"]]
    order |= {"refunds": [*others, refund], "state": "REFUND"}
    await orders.keep(state, order)
    await state.set_field(f"weixinpay:refunds:{order['mchid']}", refund["number"], {"of": order["number"]})


async def _tell_when_done(request: Request, refund: Refund, pace: float) -> None:
    await asyncio.sleep(max(0, refund["ends_at"] - time.time()) + 0.01)
    current = await find(store.of(request), refund["mchid"], refund["number"])
    if current is None or (current["outcome"], current["ends_at"]) != (refund["outcome"], refund["ends_at"]):
        return
    told = notices.Told(
        refund["mchid"],
        refund["suite"],
        refund["number"],
        f"REFUND.{refund['outcome']}",
        "refund",
        refund["notify_url"],
    )
    await notices.tell(request, told, _as_notice(refund))


def state_of(refund: Refund) -> str:
    """Where a refund stands now."""
    return str(refund["outcome"]) if time.time() >= refund["ends_at"] else "PROCESSING"


def as_answer(refund: Refund) -> dict[str, Any]:
    """A refund as answers tell it."""
    state = state_of(refund)
    said = {
        "refund_id": refund["refund_id"],
        "out_refund_no": refund["number"],
        "transaction_id": refund["transaction_id"],
        "out_trade_no": refund["of"],
        "channel": "ORIGINAL",
        "user_received_account": refund["account"],
        "create_time": rfc3339(refund["created_at"]),
        "status": state,
        "funds_account": "AVAILABLE",
        "amount": _amounts(refund) | {"settlement_total": refund["total"], "currency": "CNY"},
    }
    return said | ({"success_time": rfc3339(refund["ends_at"])} if state == "SUCCESS" else {})


def _as_notice(refund: Refund) -> dict[str, Any]:
    said = {
        "mchid": refund["mchid"],
        "transaction_id": refund["transaction_id"],
        "out_trade_no": refund["of"],
        "refund_id": refund["refund_id"],
        "out_refund_no": refund["number"],
        "refund_status": refund["outcome"],
        "user_received_account": refund["account"],
        "amount": _amounts(refund),
    }
    return said | ({"success_time": rfc3339(refund["ends_at"])} if refund["outcome"] == "SUCCESS" else {})


def _amounts(refund: Refund) -> dict[str, Any]:
    return {
        "total": refund["total"],
        "refund": refund["amount"],
        "payer_total": refund["total"],
        "payer_refund": refund["amount"],
    }


routes = [
    Route("/v3/refund/domestic/refunds", signed(create), methods=["POST"]),
    Route("/v3/refund/domestic/refunds/{number}", signed(query), methods=["GET"]),
    Route("/v3/refund/domestic/refunds/{refund}/apply-abnormal-refund", signed(redirect), methods=["POST"]),
]
