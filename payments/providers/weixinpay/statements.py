"""The two accounts that WeChat Pay gives of a day: what was traded, and how the merchant's money moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from payments.providers.base import Merchant, NoticeKind, Statement, StatementRow
from payments.providers.errors import StatementBroken
from payments.providers.weixinpay import files, said
from payments.providers.weixinpay.client import Client
from payments.providers.weixinpay.files import File, Line
from payments.providers.weixinpay.keys import CODE

REFUNDED, REVOKED = "REFUND", "REVOKED"
INCOME = "收入"


@dataclass(frozen=True, slots=True)
class Flow:
    """One movement of the merchant's account.

    Attributes:
        ref: WeChat's number of the payment or refund behind it; fees have that of their payment.
        amount_fen: Above zero what came, below zero what went.
    """

    at: datetime
    ref: str
    flow_ref: str
    name: str
    kind: str
    amount_fen: int
    balance_fen: int
    note: str
    voucher: str


@dataclass(frozen=True, slots=True)
class FundFlow:
    """How the merchant's account moved on one day, in Beijing time."""

    day: date
    flows: Sequence[Flow]
    income_fen: int
    spent_fen: int
    digest: str


def statement(merchant: Merchant, day: date) -> Statement:
    """What was traded on a day: payments by when they were paid, refunds by when they were asked for.

    Raises:
        StatementNotReady, StatementEmpty, StatementBroken: There is no whole file.
    """
    data = _file(merchant, f"/v3/bill/tradebill?bill_date={day.isoformat()}&bill_type=ALL&tar_type=GZIP")
    return read_trades(day, data)


def fund_flow(merchant: Merchant, day: date) -> FundFlow:
    """How the merchant's account moved on a day.

    Raises:
        StatementNotReady, StatementEmpty, StatementBroken: There is no whole file.
    """
    data = _file(
        merchant, f"/v3/bill/fundflowbill?bill_date={day.isoformat()}&account_type=BASIC&tar_type=GZIP"
    )
    return read_flows(day, data)


def read_trades(day: date, data: bytes) -> Statement:
    """A statement from a plain file of the kind ALL."""
    file = files.read(data)
    rows = [_trade(line) for line in file.lines]
    paid = [row for row in rows if row.kind is NoticeKind.PAYMENT]
    returned = [row for row in rows if row.kind is NoticeKind.REFUND]
    gross = files.fen(files.yuan(file.totals, "订单总金额"))
    refund = files.fen(files.yuan(file.totals, "申请退款总金额"))
    fees = sum((files.yuan(line, "手续费") for line in file.lines), Decimal())
    if (gross, refund, files.yuan(file.totals, "手续费总金额")) != (
        sum(row.amount_fen for row in paid),
        sum(row.amount_fen for row in returned),
        fees,
    ):
        raise StatementBroken(CODE, "totals")
    return Statement(
        day=day,
        rows=rows,
        count=len(rows),
        gross_fen=gross,
        refund_fen=refund,
        fee_fen=files.nearest_fen(fees),
        digest=files.digest(data),
    )


def _trade(line: Line) -> StatementRow:
    state = files.field(line, "交易状态")
    is_refund = state in {REFUNDED, REVOKED}
    amount = files.fen(files.yuan(line, "申请退款金额" if is_refund else "订单金额"))
    return StatementRow(
        kind=NoticeKind.REFUND if is_refund else NoticeKind.PAYMENT,
        number=files.field(line, "商户订单号"),
        channel_ref=files.field(line, "微信订单号"),
        amount_fen=amount,
        fee_fen=files.nearest_fen(files.yuan(line, "手续费")),
        at=files.moment(line, "交易时间"),
        refund_number=_unless_zero(line, "商户退款单号") if is_refund else "",
        refund_ref=_unless_zero(line, "微信退款单号") if is_refund else "",
        state=files.field(line, "退款状态") if is_refund else state,
    )


def _unless_zero(line: Line, name: str) -> str:
    found = files.field(line, name)
    return "" if found == "0" else found


def read_flows(day: date, data: bytes) -> FundFlow:
    """A fund flow from a plain file."""
    file = files.read(data)
    flows = [_flow(line) for line in file.lines]
    income, spent = _total(file, "收入金额"), _total(file, "支出金额")
    came = sum(flow.amount_fen for flow in flows if flow.amount_fen > 0)
    went = -sum(flow.amount_fen for flow in flows if flow.amount_fen < 0)
    if (income, spent) != (came, went):
        raise StatementBroken(CODE, "totals")
    return FundFlow(day=day, flows=flows, income_fen=income, spent_fen=spent, digest=files.digest(data))


def _total(file: File, name: str) -> int:
    return files.fen(files.yuan(file.totals, name))


def _flow(line: Line) -> Flow:
    amount = files.fen(files.yuan(line, "收支金额(元)"))
    return Flow(
        at=files.moment(line, "记账时间"),
        ref=files.field(line, "微信支付业务单号"),
        flow_ref=files.field(line, "资金流水单号"),
        name=files.field(line, "业务名称"),
        kind=files.field(line, "业务类型"),
        amount_fen=amount if files.field(line, "收支类型") == INCOME else -amount,
        balance_fen=files.fen(files.yuan(line, "账户结余(元)")),
        note=files.field(line, "备注"),
        voucher=files.field(line, "业务凭证号"),
    )


def _file(merchant: Merchant, path: str) -> bytes:
    client = Client(merchant)
    answer = client.get(path)
    try:
        address, expected = said.text(answer, "download_url"), said.text(answer, "hash_value")
    except said.NotSaid as exc:
        raise StatementBroken(CODE, str(exc)) from exc
    data = files.plain(client.download(address))
    if answer.get("hash_type") != "SHA1" or files.digest(data) != expected.lower():
        raise StatementBroken(CODE, "digest")
    return data
