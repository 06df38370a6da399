"""Pure rules of queues: who comes when, how long it may take, and who stands in the hospital."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import asin, ceil, cos, floor, radians, sin, sqrt
from statistics import median, quantiles

from django.db.models import IntegerChoices, TextChoices

from appointments.rules import Session


class QueueKind(TextChoices):
    """What people wait for."""

    CLINIC = "clinic", "门诊"
    EXAM = "exam", "检查"
    PHARMACY = "pharmacy", "取药"


class QueueState(TextChoices):
    """Whether a queue is being called."""

    OPEN = "open", "叫号中"
    PAUSED = "paused", "暂停叫号"
    CLOSED = "closed", "已结束"


class TicketState(TextChoices):
    """Where somebody stands in a queue."""

    WAITING = "waiting", "等候中"
    CALLED = "called", "请就诊"
    RECALLED = "recalled", "再次呼叫"
    PASSED = "passed", "已过号"
    SERVED = "served", "已就诊"
    LEFT = "left", "已离开"
    TRANSFERRED = "transferred", "已转到别的队列"


class TicketClass(IntegerChoices):
    """The classes of priority, the first before the others; pages name the class, not the reason."""

    URGENT = 1, "急诊优先"
    FIRST = 2, "优先"
    NORMAL = 3, "普通"


class CheckInWay(TextChoices):
    """How somebody came into a queue."""

    LOCATION = "location", "手机定位"
    CODE = "code", "签到码"
    DESK = "desk", "分诊台"
    SYSTEM = "system", "自助机或医院系统"
    HOSPITAL = "hospital", "医院叫号系统"
    TRANSFER = "transfer", "转入"


class MedicineState(TextChoices):
    """Where medicines stand that a pharmacy has put together."""

    READY = "ready", "待取药"
    COLLECTED = "collected", "已取药"
    WITHDRAWN = "withdrawn", "已撤回"


CALLED_STATES = (TicketState.CALLED, TicketState.RECALLED)
# Who has one of these is in the queue, and has it once.
OPEN_STATES = (TicketState.WAITING, *CALLED_STATES)

TRANSITIONS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.WAITING: frozenset({TicketState.CALLED, TicketState.LEFT, TicketState.TRANSFERRED}),
    TicketState.CALLED: frozenset(
        {
            TicketState.RECALLED,
            TicketState.SERVED,
            TicketState.PASSED,
            TicketState.WAITING,
            TicketState.LEFT,
            TicketState.TRANSFERRED,
        }
    ),
    TicketState.RECALLED: frozenset(
        {
            TicketState.RECALLED,
            TicketState.SERVED,
            TicketState.PASSED,
            TicketState.WAITING,
            TicketState.LEFT,
            TicketState.TRANSFERRED,
        }
    ),
    # Who missed both calls is taken in again by the desk alone.
    TicketState.PASSED: frozenset({TicketState.WAITING}),
    TicketState.SERVED: frozenset(),
    TicketState.LEFT: frozenset(),
    TicketState.TRANSFERRED: frozenset(),
}

# With how many people ahead somebody is told to come nearer.
THRESHOLDS = (5, 3, 1)
# Who misses a call goes back so many places, so often; then the ticket is out.
BACK_PLACES = 3
MOST_PASSES = 1

# The estimate rests on the last so many visits, and is not given on fewer than the second number.
SAMPLES_KEPT = 30
SAMPLES_NEEDED = 5
SHORTEST_SAMPLE, LONGEST_SAMPLE = 20, 3_600
_STEP_MINUTES = 5
_NOON, _EVENING = 12, 18

# A position is the class, and within it a moment of the day in microseconds.
_CLASS_STEP = 10**12
_NUMBER_STEP = 1_000
_EARTH_METRES = 6_371_000
# What a phone may be wrong by and still count; one that knows less has to use the code.
MOST_ACCURACY = 200
VAGUE_ACCURACY = 1_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many minutes it may take, from and to; never a promise."""

    low: int
    high: int


def may_become(old: TicketState, new: TicketState) -> bool:
    """Whether the table knows this step."""
    return new in TRANSITIONS[old]


def position_of(
    *, priority: int, day: datetime, arrived_at: datetime, band: tuple[datetime, datetime, int] | None = None
) -> int:
    """Where a ticket stands: lower comes first.

    Whoever booked and came in time stands at the beginning of their band, in the order of the
    numbers; whoever came too late or did not book stands where they arrived.

    Args:
        day: Midnight of the queue's day.
        band: Beginning and end of the booked band of time, and the number in it.
    """
    moment, number = arrived_at, 0
    if band is not None and arrived_at <= band[1]:
        moment, number = band[0], band[2]
    within_day = max(0, int((moment - day).total_seconds() * 1_000_000))
    return priority * _CLASS_STEP + min(within_day + number * _NUMBER_STEP, _CLASS_STEP - 1)


def position_behind(waiting: Sequence[int]) -> int | None:
    """The position after going back: behind the third of those who wait, or behind the last.

    Args:
        waiting: Positions of the others who wait, the next one first.

    Returns:
        None where nobody else waits, so that there is no place to go back to.
    """
    if not waiting:
        return None
    return waiting[min(BACK_PLACES, len(waiting)) - 1] + 1


def threshold_of(ahead: int) -> int | None:
    """The nearest threshold that somebody with so many people ahead has reached."""
    reached = [threshold for threshold in THRESHOLDS if ahead <= threshold]
    return min(reached, default=None)


def estimate(*, ahead: int, seconds: Sequence[int], desks: int = 1) -> Estimate | None:
    """The people ahead times the middle of what the last visits took, as a range.

    Nothing is said on too few visits. The range is that of the middle half of the visits around
    their median, and whoever is being seen now has to finish as well.

    Args:
        seconds: What the last visits took.
        desks: At how many places the queue is being called.
    """
    if len(seconds) < SAMPLES_NEEDED:
        return None
    lower, _, upper = quantiles(seconds, n=4)
    middle = median(seconds)
    fewest = ahead * min(lower, middle) / desks / 60
    most = (ahead + 1) * max(upper, middle) / desks / 60
    low = floor(fewest / _STEP_MINUTES) * _STEP_MINUTES
    high = max(ceil(most / _STEP_MINUTES) * _STEP_MINUTES, low + _STEP_MINUTES)
    return Estimate(low, high)


def is_sample(seconds: float) -> bool:
    """Whether a visit of this length says something of the next ones."""
    return SHORTEST_SAMPLE <= seconds <= LONGEST_SAMPLE


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way over ground between two points, each latitude and longitude in degrees (WGS 84)."""
    (lat_1, lon_1), (lat_2, lon_2) = (tuple(map(radians, point)) for point in (one, other))
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin((lon_2 - lon_1) / 2) ** 2
    return 2 * _EARTH_METRES * asin(min(1.0, sqrt(half)))


def is_within(metres: float, *, radius: int, accuracy: float) -> bool:
    """Whether a phone that may be wrong by ``accuracy`` metres can be inside the circle."""
    return metres - min(accuracy, MOST_ACCURACY) <= radius


def shown_surname(name: str) -> str:
    """A name on a screen that everybody reads: its first character, and two stars for any rest."""
    return f"{name[0]}**" if name else ""


def session_of(hour: int) -> str:
    """The part of the day in which an hour lies."""
    if hour < _NOON:
        return Session.MORNING
    return Session.AFTERNOON if hour < _EVENING else Session.EVENING


def letter_of(position: int) -> str:
    """The letters of a department's queues in one session: A to Z, then AA to ZZ."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    first, second = divmod(position, len(letters))
    return letters[second] if first == 0 else letters[(first - 1) % len(letters)] + letters[second]


def desk_line(queue: str) -> str:
    """Under which name the desks of a queue hear live notices; no account has such a name."""
    return f"desk:{queue}"


def screen_line(screen: str) -> str:
    """Under which name a screen's page hears live notices; no account has such a name."""
    return f"screen:{screen}"
