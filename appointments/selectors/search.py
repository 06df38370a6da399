"""Looking for a session (排班查询): open to everybody, answered from what is kept.

Every answer says how fresh it is: when the database was read for it, and when the hospital's own
system was last heard of.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from appointments import boards
from appointments.cache import Answer
from appointments.errors import ScheduleNotFound
from appointments.rules import ClinicKind, Session
from appointments.rules.places import PlaceState, place_state
from foundation.core import clock

WEEK = 7


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh an answer is.

    Attributes:
        as_of: When it was read from the database.
        heard_at: When the hospital's system last said how its sessions stand, of those shown the one
            longest ago; None where staff keep them here.
    """

    as_of: datetime
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BandView:
    """A band of a session as it stands now."""

    id: str
    starts_at: datetime
    ends_at: datetime
    free: int
    state: PlaceState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DoctorView:
    """A doctor as residents see them."""

    id: str
    name: str
    title: str
    skills: str
    intro: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as it stands now; ``free`` counts what can be booked."""

    id: str
    department_id: str
    department: str
    place: str
    doctor: DoctorView | None
    date: date
    session: Session
    kind: ClinicKind
    fee_fen: int
    state: PlaceState
    free: int
    reason: str
    substitute: str
    releases_at: datetime
    closes_at: datetime
    bands: tuple[BandView, ...]


@dataclass(frozen=True, slots=True)
class DayView:
    """A day of the strip; ``state`` is the best of its sessions, None without any."""

    day: date
    state: PlaceState | None
    free: int


@dataclass(frozen=True, slots=True)
class HospitalView:
    """A hospital with its departments, each a mapping of id, name, place, intro and first day."""

    id: str
    name: str
    departments: Sequence[dict[str, Any]]
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class WeekView:
    """A week of a department or of a doctor, with the sessions of one day of it.

    Attributes:
        about: What the department or the doctor is.
        later: Whether there are sessions after this week.
    """

    about: dict[str, Any]
    week: int
    days: tuple[DayView, ...]
    day: date
    sessions: tuple[SessionView, ...]
    later: bool
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """One session with its bands, and where it is."""

    session: SessionView
    hospital_id: str
    hospital: str
    freshness: Freshness


def hospitals() -> tuple[list[dict[str, Any]], Freshness]:
    """Hospitals with sessions to come: id, name, level, region and how many departments."""
    found = boards.hospitals()
    return list(found.value), Freshness(found.cached_at)


def hospital(public_id: str) -> HospitalView:
    """A hospital's departments with sessions to come.

    Raises:
        ScheduleNotFound: There is no such approved hospital.
    """
    found = _known(boards.hospital(public_id))
    return HospitalView(
        id=found.value["id"],
        name=found.value["name"],
        departments=[
            {**each, "first": date.fromisoformat(each["first"]) if each["first"] else None}
            for each in found.value["departments"]
        ],
        freshness=Freshness(found.cached_at),
    )


def department(public_id: str, *, day: date | None = None, week: int = 0) -> WeekView:
    """A department's sessions of one day, and how the days around it stand.

    Args:
        day: By default the first with a place to book, else the first with a session.
        week: How many weeks after this one the strip begins; a day decides it too.

    Raises:
        ScheduleNotFound: There is no such open department.
    """
    return _week("department", public_id, boards.department(public_id), day, week)


def doctor(public_id: str, *, day: date | None = None, week: int = 0) -> WeekView:
    """A doctor's sessions, as ``department``.

    Raises:
        ScheduleNotFound: There is no such doctor who sees patients.
    """
    return _week("doctor", public_id, boards.doctor(public_id), day, week)


def schedule(public_id: str) -> ScheduleView:
    """One session with its bands.

    Raises:
        ScheduleNotFound: There is no such session, or residents do not find it.
    """
    place = _known(boards.place_of(public_id)).value
    day = date.fromisoformat(place["day"])
    about = _known(boards.department(place["department"])).value
    board = boards.days("department", place["department"], [day])[day]
    row = next((row for row in board.value if row["id"] == public_id), None)
    if row is None:
        raise ScheduleNotFound
    return ScheduleView(
        session=_session(row, clock.now()),
        hospital_id=about["hospital"]["id"],
        hospital=about["hospital"]["name"],
        freshness=_freshness([board]),
    )


def _week(scope: str, public_id: str, known: Answer, day: date | None, week: int) -> WeekView:
    about = _known(known).value
    first_day = boards.today()
    last = boards.HORIZON_DAYS // WEEK
    if day is not None:
        week = (day - first_day).days // WEEK
    week = max(0, min(week, last))
    begins = first_day + timedelta(days=week * WEEK)
    wanted = [begins + timedelta(days=number) for number in range(WEEK)]
    found = boards.days(scope, public_id, wanted)
    moment = clock.now()
    sessions = {each: [_session(row, moment) for row in answer.value] for each, answer in found.items()}
    strip = tuple(_day(each, sessions[each]) for each in wanted)
    chosen = day if day in sessions else _first(strip)
    return WeekView(
        about=about,
        week=week,
        days=strip,
        day=chosen,
        sessions=tuple(sessions[chosen]),
        later=week < last and any(text > wanted[-1].isoformat() for text in about["days"]),
        freshness=_freshness([found[chosen]]),
    )


def _day(day: date, sessions: Sequence[SessionView]) -> DayView:
    states = {session.state for session in sessions}
    best = next((state for state in _BEST_FIRST if state in states), None)
    return DayView(day, best, sum(session.free for session in sessions))


_BEST_FIRST = (PlaceState.OPEN, PlaceState.NOT_YET, PlaceState.FULL, PlaceState.CLOSED, PlaceState.STOPPED)


def _first(strip: Sequence[DayView]) -> date:
    open_days = (each.day for each in strip if each.state is PlaceState.OPEN)
    with_sessions = (each.day for each in strip if each.state is not None)
    return next(open_days, None) or next(with_sessions, strip[0].day)


def _known(answer: Answer) -> Answer:
    if answer.value is None:
        raise ScheduleNotFound
    return answer


def _freshness(answers: Iterable[Answer]) -> Freshness:
    known = list(answers)
    heard = [row["heard_at"] for answer in known for row in answer.value if row["heard_at"]]
    return Freshness(
        as_of=min(answer.cached_at for answer in known),
        heard_at=datetime.fromisoformat(min(heard)) if heard else None,
    )


def _session(row: dict[str, Any], moment: datetime) -> SessionView:
    releases_at, closes_at = (datetime.fromisoformat(row[name]) for name in ("releases_at", "closes_at"))

    def state(free: int, is_stopped: bool = False) -> PlaceState:
        return place_state(
            state=row["state"],
            is_stopped=is_stopped,
            free=free,
            releases_at=releases_at,
            closes_at=closes_at,
            moment=moment,
        )

    bands = tuple(
        BandView(
            id=slot["id"],
            starts_at=datetime.fromisoformat(slot["starts_at"]),
            ends_at=datetime.fromisoformat(slot["ends_at"]),
            free=slot["free"],
            state=state(slot["free"], slot["stopped"]),
            reason=slot["reason"],
        )
        for slot in row["slots"]
    )
    free = sum(band.free for band in bands if band.state is PlaceState.OPEN)
    all_stopped = bool(bands) and all(band.state is PlaceState.STOPPED for band in bands)
    who = row["doctor"]
    return SessionView(
        id=row["id"],
        department_id=row["department"]["id"],
        department=row["department"]["name"],
        place=row["department"]["place"],
        doctor=DoctorView(**who) if who is not None else None,
        date=date.fromisoformat(row["date"]),
        session=Session(row["session"]),
        kind=ClinicKind(row["kind"]),
        fee_fen=row["fee_fen"],
        state=state(free, all_stopped),
        free=free,
        reason=row["reason"] or (row["slots"][0]["reason"] if all_stopped else ""),
        substitute=row["substitute"] or (row["slots"][0]["substitute"] if all_stopped else ""),
        releases_at=releases_at,
        closes_at=closes_at,
        bands=bands,
    )
