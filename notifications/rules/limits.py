"""How many pushes are enough for a day, and what becomes of the others."""

from datetime import datetime, time, timedelta

from foundation.core import clock
from notifications.rules.topics import POLICIES

# Until the centre sets another number. A day with a visit, a queue and a pharmacy has six or seven.
PER_DAY = 10
MOST_PER_DAY = 100
# When one push says how many messages were held back: after work, before the quiet hours.
TOGETHER_AT = time(18, 0)


def is_counted(topic: str, *, is_urgent: bool, is_capped: bool) -> bool:
    """Whether a push counts towards the day, and may be held back.

    What is urgent, what nobody can switch off, and what its kind says must come always goes out.
    """
    return is_capped and not is_urgent and not POLICIES[topic].is_fixed


def over(planned: int, mine: int, *, limit: int) -> int:
    """How many of the last ``mine`` of all that were ``planned`` for a day are beyond the limit."""
    return min(mine, max(0, planned - limit))


def together_at(moment: datetime) -> datetime:
    """When the push that speaks of several goes out: this evening, or tomorrow's."""
    local = clock.beijing(moment)
    evening = local.replace(hour=TOGETHER_AT.hour, minute=TOGETHER_AT.minute, second=0, microsecond=0)
    return evening if evening > local else evening + timedelta(days=1)
