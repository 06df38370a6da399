"""Which examinations may follow which, and when a set of them is done: pure rules.

An examination is known by its tags: words for what it does to the body and what it needs
(``fasting``, ``contrast``, ``barium``, ``ultrasound``). A rule joins two tags. So a hospital says
"ultrasound before barium" once, and not for each pair of its hundred examinations.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import combinations, permutations

from django.db.models import TextChoices

from foundation.core import clock

# From one department to the next, on foot.
WALK = timedelta(minutes=10)
# A set has a handful of examinations; what takes longer than this to try has no plan worth waiting for.
MOST_TRIES = 20_000


class ExamRuleKind(TextChoices):
    """What a rule says of an examination with the first tag and one with the second."""

    BEFORE = "before", "先做前项"
    BLOCKS = "blocks", "做过前项后暂不做后项"
    APART = "apart", "两项要隔开"


class ExamOrderState(TextChoices):
    """Where an order stands; whether it is booked is told by its booking."""

    ORDERED = "ordered", "已开单"
    CANCELLED = "cancelled", "已撤销"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        gap: How much time lies between the end of the one and the beginning of the other.
        reason: Why, in words for patients.
    """

    kind: ExamRuleKind
    first: str
    second: str
    gap: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """What is done at one place in one go: one examination, or several of a department.

    Attributes:
        latest: The time of day in Beijing after which it does not begin (no breakfast for so long).
        priority: The smaller goes first where no rule decides.
    """

    key: str
    tags: frozenset[str]
    latest: time | None = None
    priority: int = 100


@dataclass(frozen=True, slots=True)
class Window:
    """A band of time with a free place; of one session nobody gets two."""

    key: str
    session: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """An examination with its time."""

    tags: frozenset[str]
    starts_at: datetime
    ends_at: datetime


def broken_rules(placed: Sequence[Placed], rules: Iterable[Rule]) -> list[Rule]:
    """The rules that examinations at these times break."""
    return [rule for rule in rules if any(_breaks(rule, a, b) for a, b in permutations(placed, 2))]


def overlap(placed: Sequence[Placed]) -> bool:
    """Whether somebody would have to be at two places at once, or has no time to walk."""
    return any(not _is_clear(a, b) for a, b in combinations(placed, 2))


def fits(stop: Stop, window: Window) -> bool:
    """Whether the examination may begin at this time of the day."""
    return stop.latest is None or clock.beijing(window.starts_at).time() <= stop.latest


def together(stops: Sequence[Stop], rules: Sequence[Rule]) -> list[list[Stop]]:
    """Stops of one department in groups that can be done in one go: none with a rule between them."""
    groups: list[list[Stop]] = []
    for stop in sorted(stops, key=lambda each: (each.priority, each.key)):
        free = (group for group in groups if not any(_related(stop, other, rules) for other in group))
        group = next(free, None)
        if group is None:
            groups.append([stop])
        else:
            group.append(stop)
    return groups


def plan(
    stops: Sequence[Stop],
    windows: Mapping[str, Sequence[Window]],
    rules: Sequence[Rule],
    fixed: Sequence[Placed] = (),
) -> dict[str, Window] | None:
    """A time for each stop that breaks no rule; None if there is none.

    A plan of one day is taken before one of several, the sooner before the later.

    Args:
        windows: What is free, by the key of the stop.
        fixed: What is settled already: examinations booked before, or by the hospital.
    """
    order = _in_order(stops, rules)
    offered = {
        stop.key: sorted(
            (window for window in windows.get(stop.key, ()) if fits(stop, window)),
            key=lambda window: (window.starts_at, window.key),
        )
        for stop in order
    }
    days = sorted({_day(window) for choices in offered.values() for window in choices})
    for day in days:
        on_day = {key: [each for each in found if _day(each) == day] for key, found in offered.items()}
        if all(on_day.values()):
            found = _Search(rules, fixed, on_day).solve(order)
            if found is not None:
                return found
    return _Search(rules, fixed, offered).solve(order) if all(offered.values()) else None


class _Search:
    """Tries windows in their order, stop after stop, and goes back where a rule is broken."""

    def __init__(
        self, rules: Sequence[Rule], fixed: Sequence[Placed], windows: Mapping[str, Sequence[Window]]
    ) -> None:
        self.rules = rules
        self.windows = windows
        self.placed = list(fixed)
        self.chosen: dict[str, Window] = {}
        self.tries = 0

    def solve(self, stops: Sequence[Stop]) -> dict[str, Window] | None:
        if not stops:
            return dict(self.chosen)
        stop, rest = stops[0], stops[1:]
        for window in self.windows[stop.key]:
            self.tries += 1
            if self.tries > MOST_TRIES:
                return None
            if not self._may(stop, window):
                continue
            self.chosen[stop.key] = window
            self.placed.append(Placed(stop.tags, window.starts_at, window.ends_at))
            found = self.solve(rest)
            if found is not None:
                return found
            self.placed.pop()
            del self.chosen[stop.key]
        return None

    def _may(self, stop: Stop, window: Window) -> bool:
        if any(window.session == other.session for other in self.chosen.values()):
            return False
        here = Placed(stop.tags, window.starts_at, window.ends_at)
        return all(
            _is_clear(here, other)
            and not any(_breaks(rule, here, other) or _breaks(rule, other, here) for rule in self.rules)
            for other in self.placed
        )


def _breaks(rule: Rule, first: Placed, second: Placed) -> bool:
    if rule.first not in first.tags or rule.second not in second.tags:
        return False
    if rule.kind is ExamRuleKind.BEFORE:
        return second.starts_at < first.ends_at + rule.gap
    if rule.kind is ExamRuleKind.BLOCKS:
        return first.starts_at <= second.starts_at < first.ends_at + rule.gap
    sooner, later = (first, second) if first.starts_at <= second.starts_at else (second, first)
    return later.starts_at < sooner.ends_at + rule.gap


def _is_clear(a: Placed, b: Placed) -> bool:
    return a.ends_at + WALK <= b.starts_at or b.ends_at + WALK <= a.starts_at


def _related(a: Stop, b: Stop, rules: Sequence[Rule]) -> bool:
    return any(
        (rule.first in a.tags and rule.second in b.tags) or (rule.first in b.tags and rule.second in a.tags)
        for rule in rules
    )


def _in_order(stops: Sequence[Stop], rules: Sequence[Rule]) -> list[Stop]:
    """Whatever must be first is placed first; then by priority. A circle is broken anywhere."""
    before = {
        stop.key: {
            other.key
            for other in stops
            if other.key != stop.key
            and any(
                rule.kind is ExamRuleKind.BEFORE and rule.first in other.tags and rule.second in stop.tags
                for rule in rules
            )
        }
        for stop in stops
    }
    left = sorted(stops, key=lambda stop: (stop.priority, stop.key))
    order: list[Stop] = []
    while left:
        waiting = {stop.key for stop in left}
        following = next((stop for stop in left if not before[stop.key] & waiting), left[0])
        order.append(following)
        left.remove(following)
    return order


def _day(window: Window) -> str:
    return clock.beijing(window.starts_at).date().isoformat()
