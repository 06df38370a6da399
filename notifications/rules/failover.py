"""How messages move between two suppliers of SMS.

The rule is the one that GOV.UK Notify has run for years: a supplier of whose messages in the last
quarter of an hour too many were slow gives ten points of its share to the other, at most every
five minutes; after a quarter of an hour of peace shares drift back to where they rest; an error of
the supplier's own moves points at once, at most every minute; where both are slow nothing moves,
for then it is not the supplier.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
SLOW_AFTER = timedelta(minutes=5)
SLOW_SHARE = 0.15
POINTS = 10
BETWEEN_MOVES = timedelta(minutes=5)
BETWEEN_ERRORS = timedelta(minutes=1)
ALL = 100


@dataclass(frozen=True, slots=True)
class Health:
    """How one supplier did in the window.

    Attributes:
        messages: How many it took.
        slow: How many of them took longer than ``SLOW_AFTER``, or are not there yet after that.
    """

    name: str
    weight: int
    resting: int
    changed_at: datetime
    messages: int = 0
    slow: int = 0

    @property
    def is_slow(self) -> bool:
        """Whether too many of its messages were slow."""
        return self.messages > 0 and self.slow / self.messages >= SLOW_SHARE


def rebalanced(one: Health, other: Health, *, moment: datetime) -> tuple[int, int]:
    """The weights of two suppliers from now on."""
    changed_at = max(one.changed_at, other.changed_at)
    if one.is_slow and other.is_slow:
        return one.weight, other.weight
    if one.is_slow or other.is_slow:
        if moment - changed_at < BETWEEN_MOVES:
            return one.weight, other.weight
        weight = one.weight + (-POINTS if one.is_slow else POINTS)
        return _shares(weight)
    if moment - changed_at < WINDOW or one.weight == one.resting:
        return one.weight, other.weight
    step = min(POINTS, abs(one.resting - one.weight))
    return _shares(one.weight + (step if one.resting > one.weight else -step))


def after_error(weight: int, changed_at: datetime, *, moment: datetime) -> int | None:
    """The weight of a supplier that has just failed by itself; none where nothing moves now."""
    if moment - changed_at < BETWEEN_ERRORS or weight == 0:
        return None
    return max(0, weight - POINTS)


def _shares(weight: int) -> tuple[int, int]:
    kept = min(ALL, max(0, weight))
    return kept, ALL - kept
