"""Alipay's statements: a zip of two files in GBK, with names in GBK that do not say so."""

import io
import time
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.alipay import apps, trades
from sandbox.alipay.apps import App
from sandbox.alipay.trades import Trade, moment, yuan
from sandbox.outside import BEIJING, outside
from sandbox.store import Store

PATH = "/downloadBillFile.resource"
LINK_SECONDS = 30
WRITTEN_HOUR = 9
HEADS = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,"
    "订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,"
    "券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
)
_DASHES = "-" * 41


async def is_there(state: Store, app: App, day: str) -> bool:
    """Whether there is a statement: not before the next morning, and not for an empty day.

    The console may say otherwise, with ``ready``, ``not_ready`` or ``empty`` for a day.
    """
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        return False
    told = await state.field("alipay:days", day)
    if told is not None and told["state"] != "ready":
        return False
    now = datetime.fromtimestamp(time.time(), BEIJING)
    ready = datetime.combine(asked + timedelta(days=1), datetime.min.time(), BEIJING)
    if told is None and now < ready + timedelta(hours=WRITTEN_HOUR):
        return False
    return bool(await _rows(state, app, day))


async def download(request: Request) -> Response:
    """The zip, as long as the link lives; nothing of it is signed."""
    token = request.query_params.get("fileId", "")
    link = await store.of(request).get(f"alipay:bill:{token}")
    app = await apps.find(store.of(request), link["app_id"]) if link else None
    if link is None or app is None:
        return PlainTextResponse("<html>链接已失效</html>", 403, media_type="text/html")
    content = packed(app, link["day"], await _rows(store.of(request), app, link["day"]))
    return Response(content, media_type="application/octet-stream")


async def _rows(state: Store, app: App, day: str) -> list[dict[str, Any]]:
    """What was paid and given back on a day, in the order of time."""
    rows: list[dict[str, Any]] = []
    for trade in await trades.everyone(state):
        if trade.app_id != app.app_id or not trade.is_paid:
            continue
        rows.append({"trade": trade, "kind": "交易", "fen": trade.total, "at": trade.paid, "request": ""})
        rows += [
            {"trade": trade, "kind": "退款", "fen": -each["fen"], "at": each["at"], "request": number}
            for number, each in trade.refunds.items()
        ]
    return sorted((row for row in rows if moment(row["at"]).startswith(day)), key=lambda row: row["at"])


def packed(app: App, day: str, rows: list[dict[str, Any]]) -> bytes:
    """The statement with its summary."""
    name = f"{app.seller_id}0156_{day.replace('-', '')}"
    files = {f"{name}_业务明细.csv": _details(app, day, rows), f"{name}_业务明细(汇总).csv": _summary(rows)}
    named = {f"{at}".rjust(len(each.encode("gbk")), "x"): each for at, each in enumerate(files)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for stand_in, each in named.items():
            file.writestr(stand_in, files[each].encode("gbk"))
    whole = content.getvalue()
    # The library writes such names in UTF-8 and says so; Alipay's are GBK and say nothing.
    for stand_in, each in named.items():
        whole = whole.replace(stand_in.encode(), each.encode("gbk"))
    return whole


def _details(app: App, day: str, rows: list[dict[str, Any]]) -> str:
    spelt = date.fromisoformat(day).strftime("%Y年%m月%d日")
    lines = [
        "#支付宝业务明细查询",
        f"#账号：[{app.seller_id}0156]",
        f"#起始日期：[{spelt} 00:00:00]   终止日期：[{spelt} 24:00:00]",
        f"#{_DASHES}业务明细列表{_DASHES}",
        HEADS,
        *(_line(row) for row in rows),
        f"#{_DASHES}业务明细列表结束{_DASHES}",
    ]
    for kind, said in (
        ("交易", "#交易合计：{}笔，商家实收共{}元，"),
        ("退款", "#退款合计：{}笔，商家实收退款共{}元，"),
    ):
        found = [row["fen"] for row in rows if row["kind"] == kind]
        lines.append(said.format(len(found), yuan(sum(found))) + "商家优惠共0.00元")
    return "\r\n".join([*lines, f"#导出时间：[{moment(time.time())}]", ""])


def _line(row: dict[str, Any]) -> str:
    trade: Trade = row["trade"]
    amount, fee = yuan(row["fen"]), yuan(-fee_of(row["fen"]))
    cells = [f"{trade.trade_no}\t", f"{trade.out_trade_no}\t", row["kind"], trade.subject]
    cells += [moment(trade.created), moment(row["at"]), "", "", "", "", "159****0001", amount, amount]
    cells += ["0.00", "0.00", "0.00", "0.00", "0.00", "", "0.00", "0.00"]
    cells += [f"{row['request']}\t" if row["request"] else "", fee, "0.00", ""]
    return ",".join(cells)


def fee_of(fen: int) -> int:
    """What Alipay keeps, 0.6 in a hundred, and gives back with a refund."""
    fee = (abs(fen) * 6 + 500) // 1000
    return fee if fen > 0 else -fee


def _summary(rows: list[dict[str, Any]]) -> str:
    total = sum(row["fen"] for row in rows)
    return "\r\n".join(
        [
            "#支付宝业务汇总查询",
            "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,实收净额（元）",
            f"合计,,{len(rows)},{sum(row['kind'] == '退款' for row in rows)},{yuan(total)},{yuan(total)}",
            "",
        ]
    )


routes: list[BaseRoute] = [Route(PATH, outside("alipay", download), methods=["GET"])]
