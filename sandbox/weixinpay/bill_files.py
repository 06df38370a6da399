"""The text of the bill files: backticks, commas, yuan, and totals in the last line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.outside import BEIJING
from sandbox.weixinpay import refunds
from sandbox.weixinpay.orders import TRADE_TYPES, Order

_END = "\r\n"
_BOM = "\ufeff"
OPENING_FEN = 100_000_000
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额"
)
_RETURNED = "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态"
_GOODS = "商品名称,商户数据包,手续费,费率,订单金额"
TRADE_HEADERS = {
    "ALL": f"{_HEAD},{_RETURNED},{_GOODS},申请退款金额,费率备注",
    "SUCCESS": f"{_HEAD},{_GOODS},费率备注",
    "REFUND": f"{_HEAD},退款申请时间,退款成功时间,{_RETURNED},{_GOODS},申请退款金额,费率备注",
}
TOTAL_HEADERS = {
    "ALL": "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额",
    "SUCCESS": "总交易单数,应结订单总金额,手续费总金额,订单总金额",
}
TOTAL_HEADERS["REFUND"] = TOTAL_HEADERS["ALL"]
FLOW_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
FLOW_TOTALS = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
Trade = dict[str, Any]


@dataclass(frozen=True)
class Changes:
    """Where a bill is to differ from what happened.

    Attributes:
        leave_out: Numbers of orders and refunds that are missing.
        amounts: Other amounts, in fen, by number.
        strangers: Payments that nobody made here.
    """

    leave_out: Sequence[str] = ()
    amounts: Mapping[str, int] = field(default_factory=dict)
    strangers: int = 0


def trades_of(mchid: str, known: Iterable[Order], day: date, fee_rate: int, changes: Changes) -> list[Trade]:
    """What was paid, and what was asked back, on a day in Beijing."""
    found = []
    for order in known:
        if "paid" in order and _day(order["paid_at"]) == day:
            found.append(_trade(order, None, order["number"], order["paid"], order["paid_at"]))
        for refund in order["refunds"]:
            if _day(refund["created_at"]) == day:
                found.append(_trade(order, refund, refund["number"], refund["amount"], refund["created_at"]))
    found += [_stranger(mchid, day, place) for place in range(changes.strangers)]
    kept = [each for each in found if each["number"] not in changes.leave_out]
    for each in kept:
        each["fen"] = changes.amounts.get(each["number"], each["fen"])
        each["fee"] = fee_of(each["fen"], fee_rate) * (-1 if each["refund"] else 1)
        each["rate"] = f"{Decimal(fee_rate) / 100:.2f}%"
    return sorted(kept, key=lambda each: float(each["at"]))


def _trade(order: Order, refund: Mapping[str, Any] | None, number: str, fen: int, at: float) -> Trade:
    return {"order": order, "refund": refund, "number": number, "fen": fen, "at": at}


def _stranger(mchid: str, day: date, place: int) -> Trade:
    at = datetime(day.year, day.month, day.day, 12, 0, place, tzinfo=BEIJING).timestamp()
    number = f"STRANGER{day:%Y%m%d}{place:04d}"
    order = {
        "appid": "wxoffi0000000demo",
        "mchid": mchid,
        "number": number,
        "transaction_id": f"42999{place:023d}",
        "payer": "oStranger",
        "kind": "native",
        "title": "其他收款",
        "attach": "",
        "refunds": [],
    }
    return _trade(order, None, number, 100 + place, at)


def fee_of(fen: int, fee_rate: int) -> int:
    """The fee, to the nearest fen."""
    return int((Decimal(fen) * fee_rate / 10_000).to_integral_value(ROUND_HALF_UP))


def trade_file(kind: str, trades: Sequence[Trade]) -> str:
    """A trade bill of the kind ALL, SUCCESS or REFUND."""
    names = TRADE_HEADERS[kind].split(",")
    lines = [",".join(f"`{_columns(trade)[name]}" for name in names) for trade in trades]
    totals = _totals(trades)
    last = ",".join(f"`{totals[name]}" for name in TOTAL_HEADERS[kind].split(","))
    return _BOM + _END.join([TRADE_HEADERS[kind], *lines, TOTAL_HEADERS[kind], last, ""])


def _columns(trade: Trade) -> dict[str, str]:
    order, refund = trade["order"], trade["refund"]
    paid, returned = (0, trade["fen"]) if refund else (trade["fen"], 0)
    return {
        "交易时间": _moment(trade["at"]),
        "公众账号ID": order["appid"],
        "商户号": order["mchid"],
        "特约商户号": "0",
        "设备号": "",
        "微信订单号": order["transaction_id"],
        "商户订单号": order["number"],
        "用户标识": order["payer"],
        "交易类型": TRADE_TYPES[order["kind"]],
        "交易状态": "REFUND" if refund else "SUCCESS",
        "付款银行": "OTHERS",
        "货币种类": "CNY",
        "应结订单金额": yuan(paid),
        "代金券金额": "0.00",
        "退款申请时间": _moment(refund["created_at"]) if refund else "",
        "退款成功时间": _moment(refund["ends_at"]) if refund and _state(refund) == "SUCCESS" else "",
        "微信退款单号": refund["refund_id"] if refund else "0",
        "商户退款单号": refund["number"] if refund else "0",
        "退款金额": yuan(returned),
        "充值券退款金额": "0.00",
        "退款类型": "ORIGINAL" if refund else "",
        "退款状态": _state(refund) if refund else "",
        "商品名称": order["title"],
        "商户数据包": order["attach"],
        "手续费": yuan(trade["fee"], places=5),
        "费率": trade["rate"],
        "订单金额": yuan(paid),
        "申请退款金额": yuan(returned),
        "费率备注": "",
    }


def _totals(trades: Sequence[Trade]) -> dict[str, str]:
    paid = sum(each["fen"] for each in trades if not each["refund"])
    returned = sum(each["fen"] for each in trades if each["refund"])
    return {
        "总交易单数": str(len(trades)),
        "应结订单总金额": yuan(paid),
        "退款总金额": yuan(returned),
        "充值券退款总金额": "0.00",
        "手续费总金额": yuan(sum(each["fee"] for each in trades), places=5),
        "订单总金额": yuan(paid),
        "申请退款总金额": yuan(returned),
    }


def flow_file(trades: Sequence[Trade]) -> str:
    """The fund flow of the basic account: each fee is a line of its own."""
    balance, lines, sums = OPENING_FEN, [], {"收入": [0, 0], "支出": [0, 0]}
    for place, (trade, name, way, fen, kind) in enumerate(_moves(trades)):
        balance += fen if way == "收入" else -fen
        sums[way] = [sums[way][0] + 1, sums[way][1] + fen]
        ref = trade["refund"]["refund_id"] if trade["refund"] else trade["order"]["transaction_id"]
        values = (
            _moment(trade["at"]),
            ref,
            f"1000{place:020d}",
            name,
            kind,
            way,
            yuan(fen),
            yuan(balance),
            "system",
            _note(trade["order"]["title"]),
            trade["number"],
        )
        lines.append(",".join(f"`{value}" for value in values))
    (count_in, came), (count_out, went) = sums["收入"], sums["支出"]
    last = f"`{len(lines)}.0,`{count_in}.0,`{yuan(came)},`{count_out}.0,`{yuan(went)}"
    return _BOM + _END.join([FLOW_HEADER, *lines, FLOW_TOTALS, last, ""])


def _moves(trades: Sequence[Trade]) -> Iterable[tuple[Trade, str, str, int, str]]:
    for trade in trades:
        if trade["refund"]:
            yield trade, "退款", "支出", trade["fen"], "退款"
        else:
            yield trade, "交易", "收入", trade["fen"], "交易"
        if trade["fee"] > 0:
            yield trade, "扣除交易手续费", "支出", trade["fee"], "扣除交易手续费"
        if trade["fee"] < 0:
            yield trade, "退还交易手续费", "收入", -trade["fee"], "退还交易手续费"


def _note(text: str) -> str:
    return text.replace("\\", "").replace("\r", " ").replace("\n", " ")


def yuan(fen: int, *, places: int = 2) -> str:
    """An amount in yuan."""
    return f"{Decimal(fen) / 100:.{places}f}"


def _state(refund: Mapping[str, Any]) -> str:
    return refunds.state_of(dict(refund))


def _day(at: float) -> date:
    return datetime.fromtimestamp(at, BEIJING).date()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
