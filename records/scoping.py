"""The scope of a consent as pages and calls choose it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from foundation.core import clock
from records.rules import DURATIONS, REACHES, RecordKind
from records.selectors.access import Item, Scope

DAY, THREE_YEARS = "day", "three_years"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, in the words of pages and calls.

    Attributes:
        reach: A word of ``REACHES``; ``duration`` one of ``DURATIONS``.
    """

    kinds: Sequence[str]
    sources: Sequence[str]
    reach: str
    duration: str

    def scope(self) -> Scope:
        """The same as a scope, counted from the beginning of today, so that it stays what was shown."""
        span = REACHES[self.reach]
        today = clock.beijing(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        return Scope(
            frozenset(self.kinds), frozenset(self.sources), today - span if span is not None else None
        )


def chosen(given: Mapping[str, Sequence[str]], *, asked: Sequence[str], items: Sequence[Item]) -> Choice:
    """What was chosen; at first what the doctor asks for, of the last three years, for a day.

    Args:
        given: Lists by name, as a form or address gives them; what it does not name is as at first.
        asked: The kinds that the doctor asks for: no more than these.
        items: The person's records.
    """
    kinds = [kind for kind in RecordKind.values if kind in asked]
    sources = list(dict.fromkeys(item.institution for item in items))
    if "scoped" in given:
        kinds = [kind for kind in kinds if kind in given.get("kinds", ())]
        sources = [source for source in sources if source in given.get("sources", ())]
    reach = next(iter(given.get("reach", ())), THREE_YEARS)
    duration = next(iter(given.get("duration", ())), "")
    return Choice(
        kinds,
        sources,
        reach if reach in REACHES else THREE_YEARS,
        duration if duration in DURATIONS else DAY,
    )


def duration_of(word: str) -> timedelta:
    """How long a consent lasts that names this word, or none."""
    return DURATIONS.get(word, DURATIONS[DAY])
