"""CSV files: the statement that an institution takes from us, and the one that it hands in.

UTF-8 with a byte order mark, so that a desk's spreadsheet reads the Chinese; amounts in yuan with two
decimals, as text. A cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from foundation.core import clock
from payments.errors import StatementUnreadable
from payments.reconciliation.rules import ItemKind
from payments.reconciliation.sides import Booked
from payments.selectors.clearing import Cleared
from payments.selectors.statements import Stated

OURS = (
    "kind",
    "at",
    "way",
    "amount_yuan",
    "fee_yuan",
    "payment_id",
    "refund_id",
    "bill_no",
    "hospital_bill_no",
    "hospital_refund_no",
    "receipt_no",
    "channel_ref",
    "app",
)
THEIRS = ("kind", "bill_no", "amount_yuan", "booked_at", "payment_id", "receipt_no", "refund_id", "refund_no")
CLEARING = (
    "day",
    "institution",
    "way",
    "payments",
    "came_yuan",
    "refunds",
    "went_yuan",
    "fee_yuan",
    "owed_yuan",
    "stated_came_yuan",
    "stated_went_yuan",
    "statement",
    "differences",
)
NEEDED = ("kind", "bill_no", "amount_yuan", "booked_at")
MOST_LINES = 200_000
MOST_BYTES = 20_000_000
LONGEST = 64
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_YUAN = re.compile(r"([0-9]{1,9})\.([0-9]{2})", re.ASCII)


def yuan_text(fen: int) -> str:
    """``12.05`` for 1205; never below zero: what goes back is a line of its own kind."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def safe(cell: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula; an amount below zero is none."""
    if cell.startswith(_FORMULA) and not _YUAN.fullmatch(cell.removeprefix("-")):
        return f"'{cell}"
    return cell


def written(rows: Iterable[Stated]) -> bytes:
    """The statement that an institution takes from us."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(OURS)
    for row in rows:
        cells = (
            row.kind,
            clock.beijing(row.at).isoformat(timespec="seconds"),
            row.way,
            yuan_text(row.amount_fen),
            yuan_text(row.fee_fen),
            row.payment_id,
            row.refund_id,
            row.bill_number,
            row.bill_reference,
            row.refund_reference,
            row.receipt,
            row.channel_ref,
            row.app,
        )
        writer.writerow([safe(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def written_clearing(rows: Iterable[Cleared]) -> bytes:
    """What is owed, one line for each day, institution and way of paying."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CLEARING)
    for row in rows:
        stated = row.stated
        cells = (
            row.day.isoformat(),
            row.institution,
            row.provider,
            str(row.sums.came),
            yuan_text(row.sums.came_fen),
            str(row.sums.went),
            yuan_text(row.sums.went_fen),
            yuan_text(row.fee_fen),
            yuan_text(row.owed_fen),
            yuan_text(stated.came_fen) if stated else "",
            yuan_text(stated.went_fen) if stated else "",
            row.file_state,
            str(row.differences),
        )
        writer.writerow([safe(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def digest_of(content: bytes) -> str:
    """The digest by which the same file is known."""
    return hashlib.sha256(content).hexdigest()


def read(content: bytes) -> list[Booked]:
    """A hospital's statement; either all of it is right, or nothing of it is taken.

    Raises:
        StatementUnreadable: With the line and what is wrong in it.
    """
    if len(content) > MOST_BYTES:
        raise StatementUnreadable(line=1, problem=_("文件太大"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise StatementUnreadable(line=1, problem=_("编码不是 UTF-8")) from exc
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[Booked] = []
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        if not set(NEEDED) <= set(names) or not set(names) <= set(THEIRS):
            raise StatementUnreadable(line=1, problem=_("列名不对"))
        reader.fieldnames = names
        for cells in reader:
            if len(rows) >= MOST_LINES:
                raise StatementUnreadable(line=reader.line_num, problem=_("行数太多"))
            rows.append(_booked(cells, reader.line_num))
    except csv.Error as exc:
        raise StatementUnreadable(line=reader.line_num, problem=_("不是合法的 CSV")) from exc
    return rows


def _booked(cells: Mapping[str, str | None], line: int) -> Booked:
    if None in cells or None in cells.values():
        raise StatementUnreadable(line=line, problem=_("列数不对"))
    values = {name: (value or "").strip().removeprefix("'") for name, value in cells.items()}
    if any(len(value) > LONGEST for value in values.values()):
        raise StatementUnreadable(line=line, problem=_("内容太长"))
    amount = _YUAN.fullmatch(values["amount_yuan"])
    if amount is None:
        raise StatementUnreadable(line=line, problem=_("金额要写成两位小数的元，例如 12.50"))
    if values["kind"] not in ItemKind.values:
        raise StatementUnreadable(line=line, problem=_("类型只能是 payment 或 refund"))
    if not values["bill_no"] and not values.get("payment_id"):
        raise StatementUnreadable(line=line, problem=_("账单号和平台支付编号都没有填"))
    return Booked(
        kind=ItemKind(values["kind"]),
        bill_number=values["bill_no"],
        amount_fen=int(amount[1]) * 100 + int(amount[2]),
        at=_moment(values["booked_at"], line),
        payment=values.get("payment_id", ""),
        receipt=values.get("receipt_no", ""),
        refund=values.get("refund_id", ""),
        refund_ref=values.get("refund_no", ""),
    )


def _moment(text: str, line: int) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise StatementUnreadable(line=line, problem=_("时间要写成 2026-11-20T09:30:00 的样子")) from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.BEIJING)
