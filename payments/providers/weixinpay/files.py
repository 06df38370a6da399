"""WeChat Pay's bill files, as text: a header, lines whose every field begins with a backtick, and totals.

Amounts are yuan with two decimals (fees with five), fields are not quoted, counts may be printed as ``20.0``.
A file without a single line does not exist: WeChat Pay says so instead.
"""

import hashlib
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from payments.providers.errors import StatementBroken
from payments.providers.weixinpay.keys import CODE

BEIJING = ZoneInfo("Asia/Shanghai")
# A bill of a day is some ten times as long as its compressed form; this is far above any.
LARGEST_PLAIN_BYTES = 1_000_000_000
_GZIP = b"\x1f\x8b"
_BETWEEN = ",`"
Line = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class File:
    """A bill: its lines and its totals, each by the names in the header above them."""

    lines: list[Line]
    totals: Line


def plain(data: bytes) -> bytes:
    """The file as its digest was taken of it: not compressed.

    Raises:
        StatementBroken: It does not unpack, or to more than any bill has.
    """
    if not data.startswith(_GZIP):
        return data
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacking.decompress(data, LARGEST_PLAIN_BYTES)
    except zlib.error as exc:
        raise StatementBroken(CODE, "gzip") from exc
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise StatementBroken(CODE, "gzip")
    return found


def digest(data: bytes) -> str:
    """SHA-1 in lower-case hexadecimal, which is what WeChat Pay gives with a bill."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def read(data: bytes) -> File:
    """The lines and the totals of a file.

    Raises:
        StatementBroken: It has another form, or fewer or more lines than its totals say.
    """
    try:
        rows = [row for row in data.decode("utf-8-sig").splitlines() if row]
    except UnicodeDecodeError as exc:
        raise StatementBroken(CODE, "encoding") from exc
    if len(rows) < 3 or rows[0].startswith("`") or rows[-2].startswith("`"):
        raise StatementBroken(CODE, "form")
    lines = list(_lines(rows[0], rows[1:-2]))
    (totals,) = _lines(rows[-2], rows[-1:])
    if count(next(iter(totals.values()))) != len(lines):
        raise StatementBroken(CODE, "count")
    return File(lines, totals)


def _lines(header: str, rows: list[str]) -> Iterator[Line]:
    names = [name.strip() for name in header.split(",")]
    for row in rows:
        fields = row.removeprefix("`").split(_BETWEEN)
        if not row.startswith("`") or len(fields) != len(names):
            raise StatementBroken(CODE, "columns")
        yield dict(zip(names, fields, strict=True))


def field(line: Line, name: str) -> str:
    """One field.

    Raises:
        StatementBroken: The file has no such column.
    """
    if name not in line:
        raise StatementBroken(CODE, "columns")
    return line[name].strip()


def yuan(line: Line, name: str) -> Decimal:
    """An amount as it stands there."""
    try:
        found = Decimal(field(line, name) or "0")
    except InvalidOperation as exc:
        raise StatementBroken(CODE, "amount") from exc
    if not found.is_finite():
        raise StatementBroken(CODE, "amount")
    return found


def fen(amount: Decimal) -> int:
    """An amount that has no parts of a fen.

    Raises:
        StatementBroken: It has.
    """
    found = amount * 100
    if found != found.to_integral_value():
        raise StatementBroken(CODE, "amount")
    return int(found)


def nearest_fen(amount: Decimal) -> int:
    """A fee, which is written more exactly than it is taken."""
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def count(text: str) -> int:
    """A number of lines, also as ``20.0``."""
    try:
        return fen(Decimal(text.strip())) // 100
    except InvalidOperation as exc:
        raise StatementBroken(CODE, "count") from exc


def moment(line: Line, name: str) -> datetime:
    """A time in Beijing."""
    try:
        return datetime.strptime(field(line, name), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError as exc:
        raise StatementBroken(CODE, "time") from exc
