"""The list of rows, and the marks that count for it."""

import re
from pathlib import Path

from tools import rows

MARK = re.compile(r"mark\.row\(\"([^\"]*)\"\)")


def test_every_row_is_named_once() -> None:
    listed = rows.rows()
    assert len(listed) == len(set(listed)) == 146
    assert all(re.fullmatch(r"[A-Z]{2,3}-[0-9]{2}", row) for row in listed)


def test_every_mark_names_a_row_of_the_list() -> None:
    files = Path(__file__).resolve().parents[1].rglob("test_*.py")
    marked = {row for file in files for row in MARK.findall(file.read_text("utf-8"))}
    assert marked
    assert marked <= set(rows.rows())
