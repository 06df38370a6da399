"""Demo data of this room: the sessions of the two hospitals for the days to come, all invented.

They roll forward: whoever loads again, and a task while the demo runs, adds the days that have come
into reach since, and leaves alone what is there, with whoever has booked in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from appointments import boards, demo_waiting
from appointments.models import Schedule
from appointments.rules import ClinicKind, Session
from appointments.services.schedules import apply_schedules
from appointments.types import Band, ScheduleDetails
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from institutions import selectors as institutions

ACTOR = Actor.system("demo")
DAYS = 9
BEGINS = {Session.MORNING: time(8, 0), Session.AFTERNOON: time(13, 30)}
BAND = timedelta(minutes=30)
BANDS = 6
WORKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Pattern:
    """What repeats every week; a doctor's session, or the department's where there is none.

    Attributes:
        places: In each band of half an hour.
        stopped_on: Weekdays on which it turns out not to be held.
    """

    department: str
    sessions: tuple[Session, ...]
    weekdays: frozenset[int]
    places: int
    doctor: str = ""
    kind: ClinicKind = ClinicKind.GENERAL
    fee_fen: int = 0
    stopped_on: frozenset[int] = frozenset()


_AM, _PM = Session.MORNING, Session.AFTERNOON
PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "90001": (
        Pattern("0101", (_AM, _PM), EVERY_DAY, 10),
        Pattern("0101", (_AM,), EVERY_DAY, 5, "1001", ClinicKind.EXPERT, 5_000),
        Pattern("0101", (_PM,), EVERY_DAY, 5, "1002", ClinicKind.EXPERT, stopped_on=frozenset({3})),
        Pattern("0102", (_AM, _PM), EVERY_DAY, 8, "1003"),
        Pattern("02", (_AM, _PM), EVERY_DAY, 12),
        Pattern("02", (_AM,), WORKDAYS, 0, "1004", ClinicKind.EXPERT),
        Pattern("03", (_AM,), WORKDAYS, 4, "1005", ClinicKind.SPECIAL, 10_000),
        Pattern("03", (_PM,), WORKDAYS, 8),
    ),
    "90002": (
        Pattern("01", (_AM,), EVERY_DAY, 6, "2001", ClinicKind.EXPERT),
        Pattern("02", (_AM, _PM), WORKDAYS, 6, "2002"),
    ),
}


def load(context: dict[str, object]) -> None:
    """Have each hospital say its sessions from today on."""
    roll_forward()
    demo_waiting.load(context)


def roll_forward() -> int:
    """Add the sessions of the days that have come into reach; how many they are.

    A hospital of the demo that is not there, because nobody has loaded it, has none.
    """
    places = map(institutions.institution_by_hospital_id, PATTERNS)
    return sum(_add(place.public_id, place.hospital_id) for place in places if place is not None)


def _add(institution: str, hospital_id: str) -> int:
    said = [details for pattern in PATTERNS[hospital_id] for details in _days(pattern)]
    codes = [details.code for details in said]
    known = set(
        Schedule.objects.filter(institution__public_id=institution, code__in=codes).values_list(
            "code", flat=True
        )
    )
    fresh = [details for details in said if details.code not in known]
    if fresh:
        apply_schedules(
            institution=institution, said=fresh, heard_at=clock.now(), actor=ACTOR, reason="演示数据"
        )
    return len(fresh)


def _days(pattern: Pattern) -> Iterator[ScheduleDetails]:
    for ahead in range(DAYS):
        day = boards.today() + timedelta(days=ahead)
        if day.weekday() in pattern.weekdays:
            for session in pattern.sessions:
                yield _session(pattern, day, session, is_open=day.weekday() not in pattern.stopped_on)


def _session(pattern: Pattern, day: date, session: Session, *, is_open: bool) -> ScheduleDetails:
    begins = datetime.combine(day, BEGINS[session], BEIJING)
    return ScheduleDetails(
        code=f"{day:%Y%m%d}-{pattern.department}-{pattern.doctor or '0'}-{session}",
        department=pattern.department,
        doctor=pattern.doctor,
        date=day,
        session=session,
        kind=pattern.kind,
        fee_fen=pattern.fee_fen,
        is_open=is_open,
        stop_reason="" if is_open else "医生外出参加会诊",
        bands=tuple(
            Band(begins + BAND * number, begins + BAND * (number + 1), pattern.places)
            for number in range(BANDS)
        ),
    )
