"""Pages of a list, by cursor or by number.

A cursor names the last row seen, not a row count, so that a list that grows while somebody
reads it neither repeats nor skips a row.
"""

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

from foundation.core.converters import PublicIdConverter
from foundation.core.errors import InvalidInput

DEFAULT_PAGE = 20
MAX_PAGE = 100
_LONGEST_NUMBER = 6

M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Some rows, and the cursor of those after them (empty at the end)."""

    rows: list[M]
    next_cursor: str


def newest_first(queryset: "models.QuerySet[M]", *, cursor: str = "", size: int = DEFAULT_PAGE) -> Page[M]:
    """One page of rows, the newest first, by descending primary key.

    Args:
        queryset: Already scoped to who asks.
        cursor: The public id of the last row of the page before; empty for the first page.
        size: Rows wanted, held between 1 and ``MAX_PAGE``.

    Raises:
        InvalidInput: If the cursor names no row of this list.
    """
    size = max(1, min(size, MAX_PAGE))
    rows = queryset.order_by("-pk")
    if cursor and not re.fullmatch(PublicIdConverter.regex, cursor):
        raise InvalidInput(field="cursor")
    if cursor:
        last = queryset.filter(public_id=cursor).values_list("pk", flat=True).first()
        if last is None:
            raise InvalidInput(field="cursor")
        rows = rows.filter(pk__lt=last)
    found = list(rows[: size + 1])
    more = len(found) > size
    found = found[:size]
    return Page(rows=found, next_cursor=str(found[-1].public_id) if more else "")  # type: ignore[attr-defined]


def page_number(text: str) -> int:
    """The number of a page, from 1, as somebody may have written it; 1 for what is no number."""
    return max(1, int(text)) if text.isdecimal() and len(text) <= _LONGEST_NUMBER else 1
