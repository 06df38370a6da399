"""UnionPay's file of a day for a merchant (``ZM``): fixed columns in GBK, in a zip within the answer.

How sure: the call, the packing and the widths of the columns are those of UnionPay's kit; the meaning
of the columns is quoted in a public client from UnionPay's specification of files. Inferred: that 98
is also said of a day that is not written yet, and that a file is there at ten the next morning.

A day of UnionPay ends at 23:00. The file has no line of totals, so the sums are those of the rows.
"""

import base64
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from foundation.core import clock
from payments.providers.base import Merchant, NoticeKind, Statement, StatementRow
from payments.providers.errors import ChannelRefused, StatementBroken, StatementEmpty, StatementNotReady
from payments.providers.unionpay import gateway
from payments.providers.unionpay.signing import CODE
from payments.providers.unionpay.told import written

FILES = "https://filedownload.95516.com"
READY_AT = time(10)
MOST_BYTES = 200_000_000
# The columns one after the other, each followed by a blank.
WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21, 15,
    1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98,
)  # fmt: skip
_AT, _AMOUNT, _QUERY_ID, _ORDER, _FEE, _TYPE, _ORIGINAL_ID, _MERCHANT, _ORIGINAL_ORDER = (
    4, 6, 9, 11, 15, 19, 26, 27, 40,
)  # fmt: skip
# Undone payments (31) and reversals (99) give money back as refunds do.
_KINDS = {
    "01": NoticeKind.PAYMENT,
    "04": NoticeKind.REFUND,
    "31": NoticeKind.REFUND,
    "99": NoticeKind.REFUND,
}


def statement(merchant: Merchant, day: date) -> Statement:
    """Fetch and read the file of a day.

    Raises:
        ChannelError: Among others StatementNotReady, StatementEmpty, StatementBroken.
    """
    fields = {
        "txnType": "76",
        "txnSubType": "01",
        "fileType": "00",
        "txnTime": written(clock.now()),
        "settleDate": f"{day:%m%d}",
    }
    try:
        told = gateway.file(merchant, merchant.values.get("file_base") or FILES, fields)
    except ChannelRefused as refused:
        if refused.code != gateway.NO_FILE:
            raise
        if clock.now() >= datetime.combine(day + timedelta(days=1), READY_AT, clock.BEIJING):
            raise StatementEmpty(CODE, refused.code) from refused
        raise StatementNotReady(CODE, refused.code) from refused
    if told.get("settleDate") != fields["settleDate"]:
        raise StatementBroken(CODE, "other_day")
    return read(day, told.get("fileContent", ""), merchant.number)


def read(day: date, content: str, number: str) -> Statement:
    """Read the content of an answer.

    Args:
        number: The merchant's, which every line must have.

    Raises:
        StatementBroken: It is no such file.
    """
    plain = _unpacked(content)
    try:
        rows = [_row(cells, day, number) for cells in _lines(plain)]
    except (ValueError, KeyError) as exc:
        raise StatementBroken(CODE, "line_unreadable") from exc
    return Statement(
        day=day,
        rows=rows,
        count=len(rows),
        gross_fen=sum(row.amount_fen for row in rows if row.kind is NoticeKind.PAYMENT),
        refund_fen=sum(row.amount_fen for row in rows if row.kind is NoticeKind.REFUND),
        fee_fen=sum(row.fee_fen for row in rows),
        digest=hashlib.sha256(plain).hexdigest(),
    )


def _unpacked(content: str) -> bytes:
    try:
        inflating = zlib.decompressobj()
        zipped = inflating.decompress(base64.b64decode(content, validate=True), MOST_BYTES)
        with zipfile.ZipFile(io.BytesIO(zipped)) as packed:
            named = [each for each in packed.infolist() if "ZM_" in each.filename.rpartition("/")[2]]
            if len(named) != 1 or named[0].file_size > MOST_BYTES:
                raise StatementBroken(CODE, "no_details")
            return packed.read(named[0])
    except (ValueError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        raise StatementBroken(CODE, "no_zip") from exc


def _lines(plain: bytes) -> Iterator[list[str]]:
    for line in plain.splitlines():
        if not line.strip():
            continue
        if len(line) < sum(WIDTHS[:-1]) + len(WIDTHS) - 1:
            raise ValueError("a short line")
        cells: list[str] = []
        at = 0
        for width in WIDTHS:
            cells.append(line[at : at + width].decode("gb18030", "replace").strip())
            at += width + 1
        yield cells


def _row(cells: list[str], day: date, number: str) -> StatementRow:
    if cells[_MERCHANT] != number:
        raise ValueError("a line of another merchant")
    kind = _KINDS[cells[_TYPE]]
    is_refund = kind is NoticeKind.REFUND
    return StatementRow(
        kind=kind,
        number=cells[_ORIGINAL_ORDER] if is_refund else cells[_ORDER],
        channel_ref=cells[_ORIGINAL_ID] if is_refund else cells[_QUERY_ID],
        amount_fen=int(cells[_AMOUNT]),
        fee_fen=_signed(cells[_FEE]),
        at=_moment(cells[_AT], day),
        refund_number=cells[_ORDER] if is_refund else "",
        refund_ref=cells[_QUERY_ID] if is_refund else "",
        state=cells[_TYPE],
    )


def _signed(text: str) -> int:
    """What UnionPay keeps: above zero where the merchant is debited (``D``)."""
    if not text:
        return 0
    return {"D": 1, "C": -1}[text[0]] * int(text[1:])


def _moment(text: str, day: date) -> datetime:
    """A time without a year: that of the day, or the year before for the last evening of one."""
    year = day.year - 1 if text.startswith("12") and day.month == 1 else day.year
    return datetime.strptime(f"{year}{text}", "%Y%m%d%H%M%S").replace(tzinfo=clock.BEIJING)
