"""``backTransReq.do`` and ``queryTrans.do``: forms in, plain ``k=v`` out, both signed."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import faults, store
from sandbox.answers import RestRefusal
from sandbox.notices import Way
from sandbox.outside import outside
from sandbox.unionpay import messages, notify, transactions
from sandbox.unionpay.transactions import DONE, REVERSED, TAKEN, Transaction

Handler = Callable[[Request, Mapping[str, str]], Awaitable[dict[str, str]]]
ECHOED = (
    "version", "encoding", "signMethod", "bizType", "accessType", "merId", "txnType", "txnSubType",
    "orderId", "txnTime", "txnAmt", "currencyCode", "settleDate", "fileType",
)  # fmt: skip
MESSAGES = {
    "00": "成功[0000000]",
    "03": "交易通讯超时，请发起查询交易[0300000]",
    "05": "交易已受理，请稍后查询交易结果[0500000]",
    "10": "报文格式错误[1000000]",
    "11": "验证签名失败[1100000]",
    "12": "重复交易[1200000]",
    "34": "查无此交易[3400000]",
    "35": "原交易不存在或状态不正确[3500000]",
    "36": "与原交易信息不符[3600000]",
    "42": "扣款成功但交易超过规定支付时间[4200000]",
    "64": "卡上的余额不足[6400000]",
    "88": "无此二维码[8800000]",
    "98": "文件不存在[9800000]",
}
# What the payer's code does, when it is scanned.
CODE_PAYS, CODE_STAYS, CODE_AGREES, CODE_POOR, CODE_UNSURE = (
    f"62000000000000000{last:02d}" for last in (1, 2, 3, 4, 5)
)
MAGIC_CODES = {
    CODE_PAYS: "立即支付",
    CODE_STAYS: "一直处理中（05）",
    CODE_AGREES: "第三次查询时已支付",
    CODE_POOR: "余额不足",
    CODE_UNSURE: "应答 03，其实已支付",
}


class Refused(RestRefusal):
    """An answer with another code than 00."""

    def __init__(self, code: str) -> None:
        super().__init__(200, code, MESSAGES.get(code, "交易失败"))
        self.code = code


async def trans(request: Request) -> Response:
    """A transaction: a code, a payment, a refund, an undoing."""
    return await answered(request, _transact)


async def query(request: Request) -> Response:
    """Where a transaction stands."""
    return await answered(request, _queried)


async def answered(request: Request, handler: Handler) -> Response:
    """Check who asks, let the handler answer, sign the answer."""
    body = (await request.body()).decode("utf-8", "replace")
    fields = dict(parse_qsl(body, keep_blank_values=True))
    state = store.of(request)
    echo = {name: fields[name] for name in ECHOED if name in fields}
    try:
        merchant = await messages.find(state, fields.get("merId", ""))
        if merchant is None or not messages.is_signed(merchant, fields):
            raise Refused("11")
        if fields.get("version") != "5.1.0" or fields.get("signMethod") != "01":
            raise Refused("10")
        told = {"respCode": DONE} | await handler(request, fields)
    except Refused as refusal:
        told = {"respCode": refusal.code}
    switched = [fault for fault, _ in await faults.active(state, "unionpay")]
    on = {
        each.kind for each in switched if each.kind in {"lost", "badsign"} and await faults.meets(state, each)
    }
    if "lost" in on:
        return await faults.hang()
    told["respMsg"] = MESSAGES.get(told["respCode"], "交易失败")
    by = messages.STRANGER if "badsign" in on else messages.SIGNER
    signed = await messages.signed(state, echo | told, by=by)
    # Not URL-encoded, as UnionPay's own kit reads it.
    return PlainTextResponse("&".join(f"{name}={value}" for name, value in signed.items()))


async def _transact(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    kind = (fields.get("txnType"), fields.get("txnSubType"))
    if kind == ("99", "01"):
        return await _reversal(request, fields)
    asked = _read(fields)
    if await transactions.find(store.of(request), asked.mer_id, asked.order_id, asked.txn_time):
        raise Refused("12")
    if kind == ("01", "07"):
        return await _code(request, asked)
    if kind == ("01", "06"):
        return await _scanned(request, asked, fields.get("qrNo", ""))
    if kind in {("04", "00"), ("31", "00")}:
        return await _given_back(request, asked, fields.get("origQryId", ""))
    raise Refused("10")


def _read(fields: Mapping[str, str]) -> Transaction:
    order, amount, at = (fields.get(name, "") for name in ("orderId", "txnAmt", "txnTime"))
    good = order.isalnum() and 8 <= len(order) <= 40 and amount.isdigit() and int(amount) > 0
    if not good or not at.isdigit() or len(at) != 14 or not fields.get("channelType"):
        raise Refused("10")
    return Transaction(
        mer_id=fields["merId"],
        order_id=order,
        txn_time=at,
        txn_type=fields["txnType"],
        sub_type=fields["txnSubType"],
        fen=int(amount),
        back_url=fields.get("backUrl", ""),
        ends=fields.get("payTimeout", ""),
    )


async def _code(request: Request, asked: Transaction) -> dict[str, str]:
    kept = await transactions.keep(store.of(request), replace(asked, token=transactions.new_query_id()[-12:]))
    return {"qrCode": f"{str(request.base_url).rstrip('/')}/unionpay/qr/{kept.token}"}


async def _scanned(request: Request, asked: Transaction, code: str) -> dict[str, str]:
    if code not in MAGIC_CODES:
        raise Refused("88")
    state = store.of(request)
    if code in {CODE_PAYS, CODE_UNSURE}:
        await settle(request, await transactions.keep(state, asked), way=Way())
        return {"respCode": "03" if code == CODE_UNSURE else DONE}
    if code == CODE_POOR:
        await transactions.keep(state, replace(asked, result="64"))
        return {}
    await transactions.keep(state, replace(asked, result=TAKEN, asked=2 if code == CODE_AGREES else -1))
    return {}


async def _given_back(request: Request, asked: Transaction, original: str) -> dict[str, str]:
    state = store.of(request)
    async with state.lock(f"unionpay:{asked.mer_id}:{original}"):
        paid = await transactions.by_query_id(state, asked.mer_id, original)
        if paid is None or paid.txn_type != "01" or paid.result != DONE:
            raise Refused("35")
        whole = asked.txn_type == "31"
        if paid.given_back + asked.fen > paid.fen or (whole and asked.fen != paid.fen):
            raise Refused("36")
        await transactions.keep(state, replace(paid, given_back=paid.given_back + asked.fen))
        made = replace(
            asked, original=original, original_order=paid.order_id, query_id=transactions.new_query_id()
        )
        stays = any(fault.kind == "slow" for fault, _ in await faults.active(state, "unionpay"))
        made = await transactions.keep(state, replace(made, result=TAKEN, asked=2 if stays else -1))
    if not stays:
        await settle(request, made, way=Way())
    return {"queryId": made.query_id, "origQryId": original}


async def _reversal(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    state = store.of(request)
    found = await _named(request, fields)
    if found.result == "64":
        raise Refused("35")
    await transactions.keep(state, replace(found, result=REVERSED, given_back=found.fen, asked=-1))
    return {"queryId": transactions.new_query_id()}


async def _queried(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    found = await _named(request, fields)
    if not found.result:
        raise Refused("34")  # a code that nobody has paid is no transaction yet
    if found.result == TAKEN and found.asked >= 0:
        if found.asked == 0:
            found = await settle(request, found, way=Way())
        else:
            found = await transactions.keep(store.of(request), replace(found, asked=found.asked - 1))
    result = "35" if found.result == REVERSED else found.result
    told = {"origRespCode": result, "origRespMsg": MESSAGES.get(result, ""), "txnAmt": str(found.fen)}
    told |= {"currencyCode": "156", "txnType": found.txn_type, "queryId": found.query_id}
    if found.at:
        told |= {
            "traceTime": transactions.stamp(found.at)[4:],
            "settleDate": transactions.settle_day(found.at),
        }
    return told


async def settle(request: Request, found: Transaction, *, way: Way) -> Transaction:
    """Let a transaction be done, and tell the merchant."""
    state = store.of(request)
    async with state.lock(f"unionpay:{found.key}"):
        now = await transactions.find(state, found.mer_id, found.order_id, found.txn_time) or found
        if now.result not in {"", TAKEN} or (now.is_late and not now.result):
            return now
        number = now.query_id or transactions.new_query_id()
        at = time.time()
        done = replace(now, result=DONE, query_id=number, at=at, asked=-1)
        await transactions.keep(state, done)
    await notify.send(request, done, way=way)
    return done


async def _named(request: Request, fields: Mapping[str, str]) -> Transaction:
    found = await transactions.find(
        store.of(request), fields.get("merId", ""), fields.get("orderId", ""), fields.get("txnTime", "")
    )
    if found is None:
        raise Refused("34")
    return found


routes: list[BaseRoute] = [
    Route("/gateway/api/backTransReq.do", outside("unionpay", trans), methods=["POST"]),
    Route("/gateway/api/queryTrans.do", outside("unionpay", query), methods=["POST"]),
]
