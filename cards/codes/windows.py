"""The windows for which a page holds codes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cards.centre import Rules


@dataclass(frozen=True, slots=True)
class Window:
    """When a code is accepted, but for the error of clocks that is allowed besides."""

    begins: datetime
    ends: datetime


def windows(moment: datetime, rules: Rules) -> list[Window]:
    """The window of now and the coming ones.

    Each begins when the page is to change to its code, a little before the one before it
    ends: whoever is being scanned at that moment is not sent back.
    """
    first = moment.replace(microsecond=0)
    step, life = timedelta(seconds=rules.refresh_seconds), timedelta(seconds=rules.lifetime_seconds)
    begins = [first + step * place for place in range(rules.prefetch_windows + 1)]
    return [Window(begin, begin + life) for begin in begins]
