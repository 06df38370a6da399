"""Lists of tables that grow with every use of a card, and are never counted or read through."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from institutions.admin_base import ScopedAdmin

LONGEST = 2_000
_DAY = timedelta(days=1)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the newest rows; it counts as far as anybody turns pages, and no further."""

    @cached_property
    def count(self) -> int:
        """The number of rows, ``LONGEST`` at most."""
        rows: Any = self.object_list
        return int(rows[:LONGEST].count())


class PeriodFilter(admin.SimpleListFilter):
    """A period of whole days in Beijing; today, if none is chosen."""

    title = _("时间")
    parameter_name = "period"
    column = "at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        """The periods."""
        return [(name, label) for name, (label, *_days) in PERIODS.items()]

    def choices(self, changelist: ChangeList) -> Any:
        """The periods alone: there is no list of everything."""
        chosen = self.value() or TODAY
        for name, label in self.lookup_choices:
            yield {
                "selected": name == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: name}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """The rows of the period."""
        _label, first, last = PERIODS.get(self.value() or TODAY, PERIODS[TODAY])
        today = clock.beijing(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.within(queryset, today - first * _DAY, today - last * _DAY)

    def within(self, rows: "QuerySet[Any]", begins: datetime, ends: datetime) -> "QuerySet[Any]":
        """The rows from one moment until before another."""
        return rows.filter(**{f"{self.column}__gte": begins, f"{self.column}__lt": ends})


TODAY = "today"
# Name: label, days back to its first midnight, days back to its last.
PERIODS: dict[str, tuple[str | Promise, int, int]] = {
    TODAY: (_("今天"), 0, -1),
    "yesterday": (_("昨天"), 1, 0),
    "week": (_("近 7 天"), 6, -1),
    "month": (_("近 31 天"), 30, -1),
}


class LongListAdmin(ScopedAdmin):
    """Base of such lists: the newest first, a period at a time."""

    paginator = BoundedPaginator
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    # Their rows have no public id in an index, and nothing ever happens to them.
    url_field = "pk"
    has_history = False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """As ``ScopedAdmin``; an address that names no number names no row."""
        if not object_id.isdecimal():
            raise Http404
        return super().get_object(request, object_id, from_field)
