"""What residents see of hospitals and their sessions, made from the database and kept in Valkey.

A board is one day of a department, or of a doctor. It says how many places are free without saying
whether they may be booked at present: that follows from the clock when it is shown. Every change of
schedules makes the boards that it touches anew. Bookings do not: counts are at most two seconds old,
so that a rush costs one reading of the database in two seconds and not one for each booking.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from appointments import cache
from appointments.models import Schedule
from appointments.rules import ClinicKind, ScheduleState
from foundation.core import clock
from institutions import rules as institutions
from institutions.rules import ClinicState, InstitutionState, Title
from institutions.selectors import clinics, institution_by_public_id

COUNTS_SECONDS = 2.0
NAMES_SECONDS = 30.0
# Residents find sessions of so many days; no rule lets places out earlier.
HORIZON_DAYS = 90

HOSPITALS = "hospitals"
NAMES = "names"


@dataclass(frozen=True, slots=True)
class Touched:
    """A day of a department, and of a doctor where there is one, by public ids."""

    department: str
    doctor: str
    day: date


def touched(row: Schedule) -> Touched:
    """What a change of this schedule touches; its department and doctor are read with it."""
    return Touched(row.department.public_id, row.doctor.public_id if row.doctor is not None else "", row.date)


def forget_after_commit(institution: str, changes: Iterable[Touched]) -> None:
    """Have everything that shows these days made anew as soon as the transaction is committed."""
    names: set[str] = set()
    for change in changes:
        names |= {day_name("department", change.department, change.day), f"department:{change.department}"}
        if change.doctor:
            names |= {day_name("doctor", change.doctor, change.day), f"doctor:{change.doctor}"}
    if names:
        cache.forget_after_commit({*names, HOSPITALS, f"hospital:{institution}"})


def day_name(scope: str, public_id: str, day: date) -> str:
    """The name of a board; ``scope`` is ``department`` or ``doctor``."""
    return f"day:{scope}:{public_id}:{day.isoformat()}"


# One by one


def hospitals() -> cache.Answer:
    """Every hospital with a session to come, in the order of its code."""
    return cache.read([HOSPITALS], _hospitals, fresh_seconds=NAMES_SECONDS)[HOSPITALS]


def names() -> cache.Answer:
    """Every hospital, department and doctor with a session to come, a row for each that sees patients."""
    return cache.read([NAMES], _names, fresh_seconds=NAMES_SECONDS)[NAMES]


def hospital(public_id: str) -> cache.Answer:
    """A hospital with its departments that have a session to come."""
    name = f"hospital:{public_id}"
    return cache.read([name], _one(_hospital), fresh_seconds=NAMES_SECONDS)[name]


def department(public_id: str) -> cache.Answer:
    """What a department is, and the days on which it sees patients."""
    name = f"department:{public_id}"
    return cache.read([name], _one(_department), fresh_seconds=NAMES_SECONDS)[name]


def doctor(public_id: str) -> cache.Answer:
    """Who a doctor is, and the days on which they see patients."""
    name = f"doctor:{public_id}"
    return cache.read([name], _one(_doctor), fresh_seconds=NAMES_SECONDS)[name]


def place_of(schedule: str) -> cache.Answer:
    """The department and the day of a schedule."""
    name = f"schedule:{schedule}"
    return cache.read([name], _one(_schedule), fresh_seconds=NAMES_SECONDS)[name]


def days(scope: str, public_id: str, wanted: Sequence[date]) -> dict[date, cache.Answer]:
    """The boards of some days of a department or a doctor; one reading for all that are missing."""
    names = {day_name(scope, public_id, day): day for day in wanted}
    found = cache.read(list(names), _days, fresh_seconds=COUNTS_SECONDS)
    return {names[name]: answer for name, answer in found.items()}


# From the database


def _one(build: Callable[[str], Any]) -> cache.Build:
    def built(names: Sequence[str]) -> Mapping[str, Any]:
        return {name: build(name.partition(":")[2]) for name in names}

    return built


def today() -> date:
    """The day in Beijing."""
    return clock.beijing(clock.now()).date()


def _found() -> "QuerySet[Schedule]":
    """Schedules that residents find: of open departments and doctors of approved hospitals."""
    return Schedule.objects.filter(
        Q(doctor=None) | Q(doctor__state=ClinicState.OPEN),
        institution__state=InstitutionState.APPROVED,
        department__state=ClinicState.OPEN,
    ).exclude(kind=ClinicKind.EXAM)


def _to_come() -> "QuerySet[Schedule]":
    """Of these the ones that are not closed for booking yet."""
    return _found().filter(date__lte=today() + timedelta(days=HORIZON_DAYS), closes_at__gt=clock.now())


def _hospitals(_names: Sequence[str]) -> Mapping[str, Any]:
    rows = (
        _to_come()
        .values(
            "institution__public_id",
            "institution__name",
            "institution__level",
            "institution__region__name",
        )
        .annotate(departments=Count("department", distinct=True))
        .order_by("institution__code")
    )
    found = [
        {
            "id": row["institution__public_id"],
            "name": row["institution__name"],
            "level": institutions.LEVELS.get(row["institution__level"], ""),
            "region": row["institution__region__name"],
            "departments": row["departments"],
        }
        for row in rows
    ]
    return {HOSPITALS: found}


def _names(_names: Sequence[str]) -> Mapping[str, Any]:
    rows = (
        _to_come()
        .order_by("institution__code", "department__position", "department", "doctor__position", "doctor")
        .values_list(
            "institution__public_id",
            "institution__name",
            "department__public_id",
            "department__name",
            "doctor__public_id",
            "doctor__name",
            "doctor__title",
            # Only what is selected may be ordered by where rows are distinct.
            "institution__code",
            "department__position",
            "department",
            "doctor__position",
            "doctor",
        )
        .distinct()
    )
    found = [
        {
            "hospital": {"id": row[0], "name": row[1]},
            "department": {"id": row[2], "name": row[3]},
            "doctor": {"id": row[4], "name": row[5], "title": _title(row[6])} if row[4] else None,
        }
        for row in rows
    ]
    return {NAMES: found}


def _hospital(public_id: str) -> Any:
    place = _place(public_id)
    if place is None:
        return None
    rows = _to_come().filter(institution__public_id=public_id)
    first = Min("date", filter=Q(state=ScheduleState.OPEN))
    firsts = dict(rows.order_by().values_list("department__public_id").annotate(first=first))
    departments = [
        {
            "id": each.public_id,
            "name": each.name,
            "place": each.place,
            "intro": each.intro,
            "first": firsts[each.public_id],
        }
        for each in clinics.open_departments(public_id)
        if each.public_id in firsts
    ]
    return {**place, "departments": departments}


def _place(public_id: str) -> dict[str, str] | None:
    found = institution_by_public_id(public_id)
    return {"id": found.public_id, "name": found.name} if found is not None and found.is_approved else None


def _department(public_id: str) -> Any:
    found = clinics.department_by_public_id(public_id)
    place = _place(found.institution) if found is not None and found.is_open else None
    if found is None or place is None:
        return None
    rows = _to_come().filter(department=found.pk)
    return {
        "id": found.public_id,
        "name": found.name,
        "place": found.place,
        "intro": found.intro,
        "hospital": place,
        "days": sorted(set(rows.values_list("date", flat=True))),
    }


def _doctor(public_id: str) -> Any:
    found = clinics.doctor_by_public_id(public_id)
    if found is None or not found.is_open:
        return None
    works_in = _department(found.department)
    if works_in is None:
        return None
    rows = _to_come().filter(doctor=found.pk)
    return {
        "id": found.public_id,
        "name": found.name,
        "title": found.title,
        "skills": found.skills,
        "intro": found.intro,
        "department": {"id": works_in["id"], "name": works_in["name"]},
        "hospital": works_in["hospital"],
        "days": sorted(set(rows.values_list("date", flat=True))),
    }


def _schedule(public_id: str) -> Any:
    row = _found().filter(public_id=public_id).values_list("department__public_id", "date").first()
    return {"department": row[0], "day": row[1]} if row is not None else None


def _days(names: Sequence[str]) -> Mapping[str, Any]:
    """The boards of these names, which are all of one department, or all of one doctor."""
    _kind, scope, public_id, _day = names[0].split(":")
    wanted = {name.rpartition(":")[2]: name for name in names}
    rows = (
        _found()
        .filter(**{f"{scope}__public_id": public_id}, date__in=list(wanted))
        .select_related("department", "doctor", "substitute")
        .prefetch_related("slots__substitute")
        .order_by("closes_at", "doctor__position", "pk")
    )
    boards: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in rows:
        boards[wanted[row.date.isoformat()]].append(_on_board(row))
    return boards


def _on_board(row: Schedule) -> dict[str, Any]:
    who = row.doctor
    return {
        "id": row.public_id,
        "department": {
            "id": row.department.public_id,
            "name": row.department.name,
            "place": row.department.place,
        },
        "doctor": {"id": who.public_id, "name": who.name, "title": _title(who.title), "skills": who.skills}
        if who is not None
        else None,
        "date": row.date,
        "session": row.session,
        "kind": row.kind,
        "fee_fen": row.fee_fen,
        "state": row.state,
        "reason": row.stop_reason,
        "substitute": row.substitute.public_id if row.substitute is not None else "",
        "releases_at": row.releases_at,
        "closes_at": row.closes_at,
        "heard_at": row.heard_at,
        "slots": [
            {
                "id": slot.public_id,
                "starts_at": slot.starts_at,
                "ends_at": slot.ends_at,
                "capacity": slot.capacity,
                "free": len(slot.free),
                "stopped": slot.stopped_at is not None,
                "reason": slot.stop_reason,
                "substitute": slot.substitute.public_id if slot.substitute is not None else "",
            }
            for slot in sorted(row.slots.all(), key=lambda slot: slot.starts_at)
        ],
    }


def _title(code: str) -> str:
    return "" if code == Title.OTHER else str(Title(code).label)
