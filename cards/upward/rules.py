"""How often and how long a report is tried; what a day is."""

from datetime import date, datetime, timedelta

from foundation.core import clock

MOST_ATTEMPTS = 24
LEASE = timedelta(minutes=2)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


def pause_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: 30 seconds, doubled up to an hour."""
    doubled: int = 1 << min(max(attempts - 1, 0), 10)
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * doubled)


def day_of(moment: datetime) -> date:
    """The day in Beijing under which something is reported and counted."""
    return clock.beijing(moment).date()


def bounds_of(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in Beijing, and that of the next."""
    begins = clock.beijing(clock.now()).replace(
        year=day.year, month=day.month, day=day.day, hour=0, minute=0, second=0, microsecond=0
    )
    return begins, begins + timedelta(days=1)
