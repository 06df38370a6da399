"""What applications may ask Alipay; each takes the content of a call and gives the members of an answer."""

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from starlette.requests import Request

from sandbox import faults, store
from sandbox.alipay import bills, notify, trades
from sandbox.alipay.answers import AlipayRefusal, trade_absent
from sandbox.alipay.apps import App
from sandbox.alipay.trades import CLOSED, FINISHED, PAID, WAITING, Trade, moment, yuan
from sandbox.notices import Way
from sandbox.outside import BEIJING
from sandbox.store import Store

Content = Mapping[str, Any]
_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")
_NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
UNPAID_SECONDS = 15 * 86_400
# What a scanned code does; any other of the right form is unknown.
CODE_PAYS, CODE_WAITS, CODE_AGREES, CODE_POOR, CODE_UNSURE = (
    f"2800000000000000{last:02d}" for last in (1, 2, 3, 4, 5)
)
MAGIC_CODES = {
    CODE_PAYS: "立即支付",
    CODE_WAITS: "用户一直没有确认（10003）",
    CODE_AGREES: "第三次查询时已确认",
    CODE_POOR: "余额不足",
    CODE_UNSURE: "返回系统错误，其实已支付",
}


async def create(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """A trade for a payer who is known already."""
    if not content.get("buyer_id") and not content.get("buyer_open_id"):
        raise AlipayRefusal("ACQ.BUYER_NOT_EXIST", "买家不存在")
    trade = await begin(store.of(request), app, content, parameters)
    trade = await trades.keep(store.of(request), trades.opened(trade, str(content.get("buyer_id", ""))))
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}


async def precreate(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """A code to be scanned; the trade begins with the scan."""
    trade = await begin(store.of(request), app, content, parameters)
    address = f"{str(request.base_url).rstrip('/')}/alipay/qr/{trade.token}"
    return {"out_trade_no": trade.out_trade_no, "qr_code": address}


async def pay(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """Take money by the payer's own code."""
    state, code = store.of(request), str(content.get("auth_code", ""))
    if code not in MAGIC_CODES:
        raise AlipayRefusal("ACQ.PAYMENT_AUTH_CODE_INVALID", "支付授权码无效")
    trade = await begin(state, app, content, parameters)
    if code == CODE_POOR:
        await trades.keep(state, replace(trades.opened(trade), status=CLOSED))
        raise AlipayRefusal("ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足")
    if code in {CODE_WAITS, CODE_AGREES}:
        agreeing = 2 if code == CODE_AGREES else -1
        trade = await trades.keep(state, replace(trades.opened(trade), agreeing=agreeing))
        told = {"code": "10003", "msg": "order success pay inprocess"}
        return told | {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}
    trade = await settle(request, trade, buyer="", way=Way())
    if code == CODE_UNSURE:
        raise AlipayRefusal("ACQ.SYSTEM_ERROR", "接口返回错误", "20000")
    return _shown(trade) | {"gmt_payment": moment(trade.paid)}


async def begin(state: Store, app: App, content: Content, parameters: Mapping[str, str]) -> Trade:
    """The trade of this number, new or as it was asked for before."""
    number, subject = str(content.get("out_trade_no", "")), str(content.get("subject", ""))
    total = fen_of(content.get("total_amount"))
    if _NUMBER.fullmatch(number) is None or not subject or set(subject) & set("/=&"):
        raise AlipayRefusal("ACQ.INVALID_PARAMETER", "参数无效")
    if content.get("seller_id", app.seller_id) != app.seller_id:
        raise AlipayRefusal("ACQ.PARTNER_ERROR", "应用APP_ID填写错误")
    asked = Trade(
        app_id=app.app_id,
        out_trade_no=number,
        total=total,
        subject=subject,
        notify_url=parameters.get("notify_url", ""),
        return_url=parameters.get("return_url", ""),
        expires=_ends(content),
    )
    async with trades.held(state, app.app_id, number) as known:
        if known is None:
            return await trades.keep(state, asked)
    if known.status in {PAID, FINISHED}:
        raise AlipayRefusal("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
    if known.status == CLOSED:
        raise AlipayRefusal("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
    if (known.total, known.subject) != (total, subject):
        raise AlipayRefusal("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
    return known


def _ends(content: Content) -> float:
    text = content.get("time_expire")
    if text is None:
        return time.time() + UNPAID_SECONDS
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()
    except ValueError as exc:
        raise AlipayRefusal("ACQ.INVALID_PARAMETER", "参数无效") from exc


def fen_of(text: object) -> int:
    """The fen of an amount in yuan, which is above zero."""
    found = _YUAN.fullmatch(text) if isinstance(text, str) else None
    fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if fen < 1:
        raise AlipayRefusal("ACQ.INVALID_PARAMETER", "参数无效")
    return fen


async def query(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """Where a trade stands."""
    trade = await _found(request, app, content)
    if trade.agreeing >= 0 and trade.status == WAITING:
        left = trade.agreeing - 1
        if left < 0:
            trade = await settle(request, trade, buyer="", way=Way())
        else:
            await trades.keep(store.of(request), replace(trade, agreeing=left))
    told = _shown(trade) | {"trade_status": trade.status}
    return told | ({"send_pay_date": moment(trade.paid)} if trade.is_paid else {})


async def close(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """End a trade that is not paid."""
    trade = await _found(request, app, content)
    if trade.status not in {WAITING, CLOSED}:
        raise AlipayRefusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if trade.status == CLOSED:
        raise AlipayRefusal("ACQ.REASON_TRADE_STATUS_INVALID", "交易状态异常")
    trade = await trades.keep(store.of(request), replace(trade, status=CLOSED))
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}


async def cancel(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """Undo a trade whose result is open: a paid one is given back."""
    state = store.of(request)
    trade = await _found(request, app, content)
    action = "close"
    if trade.status in {PAID, FINISHED}:
        action = "refund"
        trade = trades.refunded(trade, trade.out_trade_no, trade.total - trade.refunded)
    trade = await trades.keep(state, replace(trade, status=CLOSED))
    told = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}
    return told | {"retry_flag": "N", "action": action}


async def refund(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """Give back a part or all; the same number gives back once."""
    state, fen = store.of(request), fen_of(content.get("refund_amount"))
    number = str(content.get("out_request_no") or content.get("out_trade_no", ""))
    if any(fault.kind == "poor" for fault, _ in await faults.active(state, "alipay")):
        raise AlipayRefusal("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足")
    out_trade_no = (await _found(request, app, content)).out_trade_no
    async with trades.held(state, app.app_id, out_trade_no) as found:
        if found is None:
            raise trade_absent()
        trade, known = found, found.refunds.get(number)
        if known is not None and known["fen"] != fen:
            raise AlipayRefusal("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
        if known is None:
            _may_refund(trade, fen)
            trade = await trades.keep(state, trades.refunded(trade, number, fen))
    if known is None:
        await notify.send(request, trade, way=Way(), refund=number)
    return _shown(trade) | {
        "refund_fee": yuan(trade.refunded),
        "fund_change": "N" if known else "Y",
        "gmt_refund_pay": moment(trade.refunds[number]["at"]),
    }


def _may_refund(trade: Trade, fen: int) -> None:
    if trade.status == FINISHED:
        raise AlipayRefusal("ACQ.TRADE_HAS_FINISHED", "交易已完结")
    if not trade.is_paid:
        raise AlipayRefusal("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
    if trade.refunded + fen > trade.total:
        raise AlipayRefusal("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限")


async def refund_query(
    request: Request, app: App, content: Content, parameters: Mapping[str, str]
) -> Content:
    """Where a refund stands; one that is not there leaves the members of it out."""
    trade = await _found(request, app, content)
    number = str(content.get("out_request_no", ""))
    told = {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no, "out_request_no": number}
    known = trade.refunds.get(number)
    if known is None:
        return told
    return told | {
        "refund_status": "REFUND_SUCCESS",
        "total_amount": yuan(trade.total),
        "refund_amount": yuan(known["fen"]),
        "gmt_refund_pay": moment(known["at"]),
    }


async def bill_url(request: Request, app: App, content: Content, parameters: Mapping[str, str]) -> Content:
    """A link to the statement of a day, which lives for 30 seconds."""
    if content.get("bill_type") != "trade":
        raise AlipayRefusal("isp.bill_not_exist", "账单不存在")
    day = str(content.get("bill_date", ""))
    if not await bills.is_there(store.of(request), app, day):
        raise AlipayRefusal("isp.bill_not_exist", "账单不存在")
    token = secrets.token_hex(16)
    link = {"app_id": app.app_id, "day": day}
    await store.of(request).put(f"alipay:bill:{token}", link, bills.LINK_SECONDS)
    address = f"{str(request.base_url).rstrip('/')}{bills.PATH}?bizType=trade&fileId={token}"
    return {"bill_download_url": address}


async def settle(request: Request, trade: Trade, *, buyer: str, way: Way) -> Trade:
    """Let a trade be paid, and tell the merchant."""
    state = store.of(request)
    async with trades.held(state, trade.app_id, trade.out_trade_no) as now:
        if now is None or now.is_paid or now.status == CLOSED or time.time() > now.expires:
            return now or trade
        kept = await trades.keep(state, trades.paid(now, buyer or now.buyer or "2088000000000001"))
    await notify.send(request, kept, way=way)
    return kept


async def _found(request: Request, app: App, content: Content) -> Trade:
    state = store.of(request)
    trade = await trades.find(state, app.app_id, str(content.get("out_trade_no", "")))
    if trade is None and content.get("trade_no"):
        trade = await trades.by_token(state, str(content["trade_no"]))
    if trade is None or trade.app_id != app.app_id or not trade.status:
        raise trade_absent()
    return trade


def _shown(trade: Trade) -> dict[str, Any]:
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "buyer_user_id": trade.buyer,
        "buyer_logon_id": "159****0001",
        "total_amount": yuan(trade.total),
        "receipt_amount": yuan(trade.total),
        "buyer_pay_amount": yuan(trade.total),
        "point_amount": "0.00",
    }
