"""Reading a list out of a CSV or Excel file that somebody else made.

Nothing in the file is trusted: sizes are bounded before anything is unpacked, XML may not
declare entities (``defusedxml``), formulas are not worked out, and what looks like a number where
a certificate belongs is not guessed back.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.conf import settings

from cards.batch import columns
from cards.batch.states import Reason
from cards.errors import BatchEmpty, BatchFileRefused, BatchFileTooLarge, BatchHeaderMissing
from foundation.core.text import read_table

LONGEST_CELL = 400
MOST_COLUMNS = 200
# What a workbook may unpack to, as a multiple of what a file may have.
UNPACKED_TIMES = 12
MOST_PARTS = 500

_EXCEL_TEXT = re.compile(r'="([^"]*)"')
_ROUNDED = re.compile(r"[0-9](?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
# A cell of Excel holds 15 figures; what is longer has lost its last ones.
_EXACT_FIGURES = 10**15


@dataclass(frozen=True, slots=True)
class RawRow:
    """One line as it was written: the text of each field, or why a cell cannot be one.

    Attributes:
        line: Its number in the file, as the person who made it sees it.
    """

    line: int
    values: dict[str, str] = field(repr=False)
    fault: Reason | None = None


def read(content: bytes) -> list[RawRow]:
    """The lines of a list, whatever the file calls itself.

    Raises:
        BatchFileRefused: If it is neither.
        BatchFileTooLarge: If it is longer than the settings allow.
        BatchHeaderMissing, BatchHeaderRepeated, BatchEmpty: If it is no list.
    """
    if len(content) > settings.BATCH_MOST_BYTES:
        raise too_large()
    cells = _sheet(content) if content.startswith(b"PK\x03\x04") else _csv(content)
    return _rows(cells)


def too_large() -> BatchFileTooLarge:
    """The error that names both limits."""
    return BatchFileTooLarge(rows=settings.BATCH_MOST_ROWS, megabytes=settings.BATCH_MOST_BYTES // 1_000_000)


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    if b"\x00" in content:
        raise BatchFileRefused
    try:
        text = read_table(content)
    except UnicodeDecodeError as exc:
        raise BatchFileRefused from exc
    sample = text[:4_000]
    delimiter = max(",\t;", key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error as exc:
        raise BatchFileRefused from exc


def _sheet(content: bytes) -> Iterator[Sequence[Any]]:
    # The package takes a third of a second to load, which few processes ever need.
    from openpyxl import load_workbook

    _check_archive(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # The size that the file claims is only a claim, and often wrong.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=MOST_COLUMNS):
            yield [_Formula() if cell.data_type == "f" else cell.value for cell in row]
        book.close()
    except Exception as exc:
        # Out of a broken or malicious workbook anything may come.
        raise BatchFileRefused from exc


def _check_archive(content: bytes) -> None:
    """Refuse an archive that unpacks to too much; the standard library reads no more than is declared."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError) as exc:
        raise BatchFileRefused from exc
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > settings.BATCH_MOST_BYTES * UNPACKED_TIMES:
        raise too_large()


class _Formula:
    """A cell that says what to compute."""


def _rows(lines: Iterable[Sequence[Any]]) -> list[RawRow]:
    numbered = enumerate(lines, start=1)
    places = _header(numbered)
    rows: list[RawRow] = []
    for line, cells in numbered:
        if all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in cells):
            continue
        if len(rows) >= settings.BATCH_MOST_ROWS:
            raise too_large()
        rows.append(_row(line, cells, places))
    if not rows:
        raise BatchEmpty
    return rows


def _header(numbered: Iterator[tuple[int, Sequence[Any]]]) -> dict[str, int]:
    for line, cells in numbered:
        texts = [cell if isinstance(cell, str) else "" for cell in cells[:MOST_COLUMNS]]
        if columns.is_header(texts):
            return columns.places(texts)
        if line >= columns.HEADER_WITHIN:
            break
    raise BatchHeaderMissing


def _row(line: int, cells: Sequence[Any], places: dict[str, int]) -> RawRow:
    values: dict[str, str] = {}
    fault: Reason | None = None
    for name, place in places.items():
        given = cells[place] if place < len(cells) else None
        text = _cell(name, given)
        if isinstance(text, Reason):
            fault = fault or text
        elif text:
            values[name] = text
    return RawRow(line, values, fault)


def _cell(name: str, given: Any) -> str | Reason:
    """What a cell says, or why it says nothing."""
    if isinstance(given, _Formula):
        return Reason.FORMULA
    if isinstance(given, datetime | date):
        return f"{given:%Y-%m-%d}"
    if isinstance(given, bool):
        return Reason.UNREADABLE
    if isinstance(given, int | float):
        whole = int(given) if given == given // 1 else None
        if name == "id_number" and (whole is None or abs(whole) >= _EXACT_FIGURES):
            return Reason.NUMBER_LOST_DIGITS
        return str(given if whole is None else whole)
    text = str(given or "").strip()
    # A way of writing text that Excel itself keeps as it is.
    if (quoted := _EXCEL_TEXT.fullmatch(text)) is not None:
        text = quoted[1].strip()
    return _plain(name, text.removeprefix("'"))


def _plain(name: str, text: str) -> str | Reason:
    if len(text) > LONGEST_CELL or not text.replace("\n", " ").isprintable():
        return Reason.UNREADABLE
    if text.startswith("="):
        return Reason.FORMULA
    if name == "id_number" and _ROUNDED.fullmatch(text):
        return Reason.NUMBER_LOST_DIGITS
    return text
