"""Schedules as staff see them."""

from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from appointments.models import BookingRule, Schedule, Slot
from appointments.rules import LIVE_STATES, ScheduleState
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.selectors import scope


def visible_schedules(actor: Actor) -> "QuerySet[Schedule]":
    """The schedules that an actor may see."""
    return scope(Schedule.objects.select_related("institution", "department", "doctor"), actor)


def visible_rules(actor: Actor) -> "QuerySet[BookingRule]":
    """The booking rules that an actor may see."""
    return scope(BookingRule.objects.select_related("institution"), actor)


def with_bookings(rows: "QuerySet[Schedule]") -> "QuerySet[Any]":
    """The same schedules, each with ``booked``: how many live bookings it has."""
    live = Count("bookings", filter=Q(bookings__state__in=LIVE_STATES), distinct=True)
    return rows.annotate(booked=live)


def offered_instead(actor: Actor, row: Schedule) -> list[Schedule]:
    """Sessions of the same department that can be offered to those booked in this one."""
    today = clock.beijing(clock.now()).date()
    rows = visible_schedules(actor).filter(
        department=row.department_id, state=ScheduleState.OPEN, date__gte=today
    )
    return list(rows.exclude(pk=row.pk).order_by("date", "pk")[:100])


def stoppable(
    actor: Actor, *, institution: str, first: date, last: date, department: str, doctor: str, session: str
) -> "QuerySet[Any]":
    """Open schedules of some days, each with ``booked``, that a suspension would stop.

    Args:
        institution: Public id.
        department, doctor: The hospital's own codes; empty for all. Likewise ``session``.
    """
    rows = visible_schedules(actor).filter(
        institution__public_id=institution, date__range=(first, last), state=ScheduleState.OPEN
    )
    if department:
        rows = rows.filter(department__code=department)
    if doctor:
        rows = rows.filter(doctor__code=doctor)
    if session:
        rows = rows.filter(session=session)
    return with_bookings(rows).order_by("date", "session", "pk")


def public_id_of_code(*, institution_pk: int, code: str) -> str:
    """Public id of the schedule that a hospital calls so; empty if nobody has heard of it."""
    rows = Schedule.objects.filter(institution=institution_pk, code=code)
    return rows.values_list("public_id", flat=True).first() or ""


def public_id_of_slot(*, schedule: str, starts_at: str) -> str:
    """Public id of the band of a schedule that begins then; empty without one."""
    rows = Slot.objects.filter(schedule__public_id=schedule, starts_at=datetime.fromisoformat(starts_at))
    return rows.values_list("public_id", flat=True).first() or ""
