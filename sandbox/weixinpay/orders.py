"""Orders: asked for, paid, asked about, closed."""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Route

from sandbox import store
from sandbox.outside import BEIJING
from sandbox.store import DAY_SECONDS, Store
from sandbox.weixinpay import notices
from sandbox.weixinpay.wire import (
    Caller,
    Content,
    PayHandler,
    PayRefusal,
    amount_of,
    body_of,
    fen_of,
    signed,
    text_of,
)

PREPAY_SECONDS, H5_SECONDS, CLOSED_AFTER_SECONDS = 7_200, 300, 7 * DAY_SECONDS
KEPT_SECONDS = 400 * DAY_SECONDS
MERCHANTS = "weixinpay:with_orders"
TRADE_TYPES = {"jsapi": "JSAPI", "h5": "MWEB", "native": "NATIVE"}
STATES = {"SUCCESS": "支付成功", "REFUND": "转入退款", "NOTPAY": "订单未支付", "CLOSED": "已关闭"}
_NUMBER = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-|*")
Order = dict[str, Any]


class NotPayable(Exception):
    """The payer's WeChat shows this instead of the cashier."""


def _of_kind(kind: str) -> PayHandler:
    async def create(request: Request, caller: Caller) -> Content:
        return await _created(request, caller, kind)

    return create


async def _created(request: Request, caller: Caller, kind: str) -> Content:
    """Take an order, or take it again with the same content."""
    body = await body_of(request)
    number = _checked(request, caller, kind, body)
    state, now = store.of(request), time.time()
    async with state.lock(f"weixinpay:{caller.mchid}:{number}"):
        known = await find(state, caller.mchid, number)
        order = _again(known, kind, body) if known is not None else _fresh(caller, kind, body, now)
        # A prepay_id is good for its two hours; of codes and addresses only the newest is.
        if kind != "jsapi" or now >= order.get("token_at", 0) + PREPAY_SECONDS:
            order |= {"token": f"wx{secrets.token_hex(17)}", "token_at": now}
        await keep(state, order)
        entry = {"mchid": caller.mchid, "number": number}
        await state.put(f"weixinpay:token:{order['token']}", entry, CLOSED_AFTER_SECONDS)
    return _token_answer(request, order)


def _checked(request: Request, caller: Caller, kind: str, body: Mapping[str, Any]) -> str:
    number = text_of(body, "out_trade_no", least=6, most=32)
    if not set(number) <= _NUMBER:
        raise PayRefusal(400, "PARAM_ERROR", "参数out_trade_no含有不允许的字符")
    if body.get("mchid") != caller.mchid:
        raise PayRefusal(400, "PARAM_ERROR", "参数mchid与签名的商户号不一致")
    appid = text_of(body, "appid", most=32)
    if appid not in request.app.state.config.weixin_apps:
        raise PayRefusal(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配", "268445527")
    text_of(body, "description", most=127)
    notify = text_of(body, "notify_url", most=255)
    if not notify.startswith(("https://", "http://")) or "?" in notify:
        raise PayRefusal(400, "PARAM_ERROR", "参数notify_url不能携带参数")
    fen_of(amount_of(body), "total")
    if kind == "jsapi" and not isinstance(_part(body, "payer").get("openid"), str):
        raise PayRefusal(400, "PARAM_ERROR", "JSAPI支付必须传openid", "268501013")
    scene = _part(body, "scene_info")
    if kind == "h5" and not (scene.get("payer_client_ip") and scene.get("h5_info")):
        raise PayRefusal(400, "PARAM_ERROR", "H5支付必须传scene_info")
    if expires_at(body) <= time.time():
        raise PayRefusal(400, "PARAM_ERROR", "参数time_expire早于当前时间")
    return number


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _fresh(caller: Caller, kind: str, body: Mapping[str, Any], now: float) -> Order:
    return {
        "mchid": caller.mchid,
        "suite": caller.suite,
        "number": body["out_trade_no"],
        "appid": body["appid"],
        "kind": kind,
        "digest": _digest(kind, body),
        "title": body["description"],
        "attach": body.get("attach", ""),
        "total": body["amount"]["total"],
        "openid": _part(body, "payer").get("openid", ""),
        "notify_url": body["notify_url"],
        "expires_at": expires_at(body),
        "created_at": now,
        "state": "NOTPAY",
        "refunds": [],
    }


def _again(order: Order, kind: str, body: Mapping[str, Any]) -> Order:
    if order["digest"] != _digest(kind, body):
        raise PayRefusal(400, "INVALID_REQUEST", "请求重入时，参数与首次请求时不一致", "268498688")
    if order["state"] in {"SUCCESS", "REFUND"}:
        raise PayRefusal(400, "ORDERPAID", "该订单已支付", "268498689")
    if order["state"] == "CLOSED":
        raise PayRefusal(400, "ORDER_CLOSED", "该订单已失效", "268447914")
    return order


def _token_answer(request: Request, order: Order) -> Mapping[str, str]:
    token, base = order["token"], str(request.base_url).rstrip("/")
    match order["kind"]:
        case "h5":
            return {"h5_url": f"{base}/weixinpay/h5?{urlencode({'prepay_id': token})}"}
        case "native":
            return {"code_url": f"weixin://wxpay/bizpayurl?pr={token}"}
    return {"prepay_id": token}


async def query(request: Request, caller: Caller) -> Content:
    """An order by the merchant's number, or by WeChat Pay's."""
    state = store.of(request)
    if request.query_params.get("mchid") != caller.mchid:
        raise PayRefusal(400, "PARAM_ERROR", "参数mchid与签名的商户号不一致")
    number = request.path_params.get("number", "")
    if "transaction" in request.path_params:
        number = await number_of(state, caller.mchid, request.path_params["transaction"])
    return as_answer(await existing(state, caller.mchid, number))


async def close(request: Request, caller: Caller) -> Content:
    """End an order that was not paid; again as often as one likes."""
    state, number = store.of(request), request.path_params["number"]
    if (await body_of(request)).get("mchid") != caller.mchid:
        raise PayRefusal(400, "PARAM_ERROR", "参数mchid与签名的商户号不一致")
    async with state.lock(f"weixinpay:{caller.mchid}:{number}"):
        order = await existing(state, caller.mchid, number)
        if order["state"] in {"SUCCESS", "REFUND"}:
            raise PayRefusal(400, "ORDERPAID", "订单已支付", "268449538")
        await keep(state, order | {"state": "CLOSED"})
    return None


async def pay(
    request: Request, mchid: str, number: str, *, openid: str = "", amount: int | None = None
) -> Order:
    """Let a payer pay; another amount than was asked for is what must never happen, and is shown.

    Raises:
        NotPayable: The order is paid, closed, too old, or another's.
    """
    state = store.of(request)
    async with state.lock(f"weixinpay:{mchid}:{number}"):
        order = await find(state, mchid, number)
        reason = "订单不存在" if order is None else _objection(order, openid)
        if order is None or reason:
            raise NotPayable(reason)
        order |= {
            "state": "SUCCESS",
            "paid": order["total"] if amount is None else amount,
            "paid_at": time.time(),
            "payer": order["openid"] or openid or "o" + secrets.token_urlsafe(24)[:27],
            "transaction_id": f"42000{secrets.randbelow(10**23):023d}",
        }
        await keep(state, order)
        entry = {"mchid": mchid, "number": number}
        await state.put(f"weixinpay:transaction:{order['transaction_id']}", entry, KEPT_SECONDS)
    await notices.tell(
        request,
        notices.Told(
            mchid, order["suite"], number, "TRANSACTION.SUCCESS", "transaction", order["notify_url"]
        ),
        as_answer(order),
    )
    return order


def _objection(order: Order, openid: str) -> str:
    lives = H5_SECONDS if order["kind"] == "h5" else PREPAY_SECONDS
    if order["state"] in {"SUCCESS", "REFUND"}:
        return "该订单已支付"
    if order["state"] == "CLOSED" or time.time() >= order["expires_at"]:
        return "该订单已过期，请重新下单"
    if time.time() >= order["token_at"] + lives:
        return "支付链接已过期，请重新下单"
    if openid and order["openid"] not in {"", openid}:
        return "下单和支付的微信号不一致"
    return ""


async def by_token(state: Store, token: str) -> Order | None:
    """The order that a prepay_id, an h5_url or a code_url stands for; an older one is worth nothing."""
    entry = await state.get(f"weixinpay:token:{token}")
    order = await find(state, entry["mchid"], entry["number"]) if entry is not None else None
    return order if order is not None and order["token"] == token else None


async def find(state: Store, mchid: str, number: str) -> Order | None:
    """An order as it stands now: unpaid ones close by themselves after seven days."""
    order = await state.field(f"weixinpay:orders:{mchid}", number)
    if order is not None and order["state"] == "NOTPAY":
        is_old = time.time() >= order["created_at"] + CLOSED_AFTER_SECONDS
        return order | {"state": "CLOSED"} if is_old else order
    return order


async def existing(state: Store, mchid: str, number: str) -> Order:
    """An order that must be there.

    Raises:
        PayRefusal: It is not.
    """
    order = await find(state, mchid, number)
    if order is None:
        raise PayRefusal(404, "ORDER_NOT_EXIST", "订单不存在", "268512771")
    return order


async def number_of(state: Store, mchid: str, transaction: str) -> str:
    """The merchant's number of WeChat Pay's."""
    entry = await state.get(f"weixinpay:transaction:{transaction}")
    if entry is None or entry["mchid"] != mchid:
        raise PayRefusal(404, "ORDER_NOT_EXIST", "订单不存在", "268512771")
    return str(entry["number"])


async def keep(state: Store, order: Order) -> None:
    """Keep an order, and that its merchant has one."""
    await state.set_field(MERCHANTS, order["mchid"], {})
    await state.set_field(f"weixinpay:orders:{order['mchid']}", order["number"], order)


async def everyone(state: Store, mchid: str = "") -> list[Order]:
    """All orders of a merchant, or of all merchants, the oldest first."""
    merchants = [mchid] if mchid else list(await state.fields(MERCHANTS))
    found = [
        order for each in merchants for order in (await state.fields(f"weixinpay:orders:{each}")).values()
    ]
    return sorted(found, key=lambda order: float(order["created_at"]))


def as_answer(order: Order) -> dict[str, Any]:
    """An order as WeChat Pay tells it, in answers and in notices."""
    said = {
        "appid": order["appid"],
        "mchid": order["mchid"],
        "out_trade_no": order["number"],
        "trade_state": order["state"],
        "trade_state_desc": STATES[order["state"]],
        "attach": order["attach"],
    }
    if order["state"] not in {"SUCCESS", "REFUND"}:
        return said | {"amount": {"total": order["total"], "currency": "CNY"}}
    return said | {
        "transaction_id": order["transaction_id"],
        "trade_type": TRADE_TYPES[order["kind"]],
        "bank_type": "OTHERS",
        "success_time": rfc3339(order["paid_at"]),
        "payer": {"openid": order["payer"]},
        "amount": {
            "total": order["paid"],
            "payer_total": order["paid"],
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def rfc3339(at: float) -> str:
    """A time in Beijing, to the second."""
    return datetime.fromtimestamp(at, BEIJING).isoformat(timespec="seconds")


def expires_at(body: Mapping[str, Any]) -> float:
    """When an order ends; without ``time_expire`` after seven days."""
    if "time_expire" not in body:
        return time.time() + CLOSED_AFTER_SECONDS
    try:
        found = datetime.fromisoformat(text_of(body, "time_expire"))
    except ValueError as exc:
        raise PayRefusal(400, "PARAM_ERROR", "参数time_expire格式错误") from exc
    if found.tzinfo is None:
        raise PayRefusal(400, "PARAM_ERROR", "参数time_expire缺少时区")
    return found.timestamp()


def _digest(kind: str, body: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{kind}{json.dumps(body, sort_keys=True)}".encode()).hexdigest()


routes = [
    *(
        Route(f"/v3/pay/transactions/{kind}", signed(_of_kind(kind)), methods=["POST"])
        for kind in TRADE_TYPES
    ),
    Route("/v3/pay/transactions/out-trade-no/{number}", signed(query), methods=["GET"]),
    Route("/v3/pay/transactions/id/{transaction}", signed(query), methods=["GET"]),
    Route("/v3/pay/transactions/out-trade-no/{number}/close", signed(close), methods=["POST"]),
]
