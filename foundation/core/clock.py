"""The only clock of the product.

Times are stored in UTC and shown in Asia/Shanghai. Everything that needs the present asks
here, so that a test can move time in one place.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def is_on_calendar(moment: datetime) -> bool:
    """Whether a moment with a zone can be kept and shown; what a system writes for "never" often cannot."""
    try:
        return bool(moment.astimezone(UTC) and moment.astimezone(BEIJING))
    except OverflowError:
        return False


def beijing(moment: datetime) -> datetime:
    """The same moment on a clock in Beijing.

    Raises:
        ValueError: If the moment has no time zone; a naive time is a defect of the caller.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    return moment.astimezone(BEIJING)
