"""UnionPay's file of a day (``ZM``): fixed columns in GBK, zipped, deflated, in Base64."""

import base64
import io
import time
import zipfile
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox import store
from sandbox.outside import BEIJING, outside
from sandbox.store import Store
from sandbox.unionpay import transactions
from sandbox.unionpay.gateway import Refused, answered
from sandbox.unionpay.transactions import DONE, Transaction

WRITTEN_HOUR = 9
WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15,
    1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98,
)  # fmt: skip


async def files(request: Request) -> Response:
    """The file of a day."""
    return await answered(request, _file)


async def _file(request: Request, fields: Mapping[str, str]) -> dict[str, str]:
    if (fields.get("txnType"), fields.get("txnSubType"), fields.get("fileType")) != ("76", "01", "00"):
        raise Refused("10")
    state, mer_id, day = store.of(request), fields["merId"], fields.get("settleDate", "")
    rows = await _rows(state, mer_id, day)
    told = await state.field("unionpay:days", day)
    is_there = told["state"] == "ready" if told is not None else _is_written(day)
    if not rows or not is_there:
        raise Refused("98")
    name = f"{mer_id}_{datetime.fromtimestamp(time.time(), BEIJING).year}{day}.zip"
    return {"fileName": name, "fileContent": packed(mer_id, day, rows)}


def _is_written(day: str) -> bool:
    now = datetime.fromtimestamp(time.time(), BEIJING)
    last = now - timedelta(days=1) if now.hour >= WRITTEN_HOUR else now - timedelta(days=2)
    return day in {(last - timedelta(days=back)).strftime("%m%d") for back in range(90)}


async def _rows(state: Store, mer_id: str, day: str) -> list[Transaction]:
    found = [
        each for each in await transactions.everyone(state) if each.mer_id == mer_id and each.result == DONE
    ]
    return sorted(
        (each for each in found if transactions.settle_day(each.at) == day), key=lambda each: each.at
    )


def packed(mer_id: str, day: str, rows: list[Transaction]) -> str:
    """The content of the answer."""
    lines = "".join(_line(each) + "\r\n" for each in rows)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"INN{day}88ZM_{mer_id}", lines.encode("gbk"))
        file.writestr(f"INN{day}88ZME_{mer_id}", b"")
    return base64.b64encode(zlib.compress(content.getvalue())).decode()


def _line(each: Transaction) -> str:
    is_refund = each.txn_type != "01"
    fee = (each.fen * 6 + 500) // 1000
    cells = dict.fromkeys(range(len(WIDTHS)), "")
    cells |= {
        0: "S30" if is_refund else "S22",
        1: "00000000001",
        2: "00000000001",
        3: each.query_id[-6:],
        4: transactions.stamp(each.at)[4:],
        5: "6226********0001",
        6: f"{each.fen:012d}",
        7: "8062",
        8: "08",
        9: each.query_id,
        11: each.order_id,
        15: f"{'C' if is_refund else 'D'}{fee:012d}",
        16: f"{'D' if is_refund else 'C'}{each.fen - fee:012d}",
        19: each.txn_type,
        20: each.sub_type,
        21: "000000",
        26: each.original,
        27: each.mer_id,
        40: each.original_order,
    }
    return " ".join(f"{cells[at]:<{width}}" for at, width in enumerate(WIDTHS)) + " "


routes: list[BaseRoute] = [Route("/unionpay/files/", outside("unionpay", files), methods=["POST"])]
