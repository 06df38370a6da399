"""Times of visits, as pages say them."""

from datetime import datetime

from django.utils.dateformat import format as written
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from foundation.core import clock

_WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)


def band(starts_at: datetime, ends_at: datetime) -> str:
    """A band of time with its day: 11月22日 周日 09:00–09:30."""
    begins, ends = clock.beijing(starts_at), clock.beijing(ends_at)
    return f"{_day(begins)} {begins:%H:%M}–{ends:%H:%M}"


def moment(at: datetime) -> str:
    """A moment with its day: 11月22日 周日 07:00."""
    shown = clock.beijing(at)
    return f"{_day(shown)} {shown:%H:%M}"


def _day(shown: datetime) -> str:
    return f"{written(shown, _('n月j日'))} {_WEEKDAYS[shown.weekday()]}"
