"""Files that people take away: the template, the result, the work list."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext as _

from cards.batch import columns
from cards.batch.selectors import lines_of, why
from cards.batch.states import RowState
from cards.models import Batch, BatchRow
from foundation.core import clock
from foundation.core.text import mask_name, mask_number

# What Excel would take for a formula, whoever wrote it into the list.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
# Excel knows by it that the text is UTF-8.
_BYTE_ORDER_MARK = "\ufeff"


def template_csv() -> str:
    """An empty table with the columns that are understood."""
    return _BYTE_ORDER_MARK + _line(list(columns.TITLES.values()))


def template_xlsx() -> bytes:
    """The same as a workbook, in which every column is text, so that no number loses its end."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise RuntimeError("a new workbook has a sheet")
    sheet.append(list(columns.TITLES.values()))
    for place in range(1, len(columns.TITLES) + 1):
        column = sheet.column_dimensions[get_column_letter(place)]
        column.number_format = "@"
        column.width = 22
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def result_csv(batch: Batch) -> Iterator[str]:
    """What became of each line, masked."""
    yield _BYTE_ORDER_MARK + _line(
        [_("行号"), _("院内号"), _("姓名"), _("证件号码"), _("结果"), _("原因代码"), _("原因"), _("处理时间")]
    )
    for row in lines_of(batch):
        yield _line([*_who(row), RowState(row.state).label, row.reason, why(row), _moment(row)])


def work_list_csv(batch: Batch) -> Iterator[str]:
    """The lines that wait for somebody's document, masked."""
    yield _BYTE_ORDER_MARK + _line([_("行号"), _("院内号"), _("姓名"), _("证件号码"), _("原因")])
    for row in lines_of(batch, RowState.UNNAMED):
        yield _line([*_who(row), why(row)])


def shown(rows: Iterable[BatchRow]) -> list[tuple[str, ...]]:
    """Lines of the work list for a page: line, number of the institution, name, certificate, why."""
    return [(*_who(row), why(row)) for row in rows]


def _who(row: BatchRow) -> tuple[str, str, str, str]:
    given = row.given
    return (
        str(row.line),
        given.get("patient_id", ""),
        mask_name(given.get("name", "")),
        mask_number(given.get("id_number", "")),
    )


def _moment(row: BatchRow) -> str:
    return f"{clock.beijing(row.decided_at):%Y-%m-%d %H:%M:%S}" if row.decided_at else ""


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(_harmless(cells))
    return written.getvalue()


def _harmless(cells: Iterable[str]) -> list[str]:
    return [f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell for cell in cells]
