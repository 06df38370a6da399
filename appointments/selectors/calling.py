"""Reading queues for the desk that calls, and for the screen in the waiting area."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from appointments.errors import QueueNotFound, ScreenNotFound
from appointments.models import CallScreen, CheckInRule, Queue, Schedule, Ticket
from appointments.queueing.places import ahead_of
from appointments.rules import ClinicKind, ScheduleState
from appointments.rules.queueing import (
    CALLED_STATES,
    OPEN_STATES,
    QueueKind,
    QueueState,
    TicketClass,
    TicketState,
    shown_surname,
)
from appointments.selectors.schedules import visible_schedules
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.selectors import scope
from institutions.services import require
from mpi import selectors as mpi

_SHOWN_WAITING = 6
# Who was passed over is shown to the desk for the whole session, so that it can take them back.
_ENDED = (TicketState.PASSED,)


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket as the desk sees it; the name in full only where it is called."""

    ticket: str
    code: str
    name: str = field(repr=False)
    priority: str
    is_first_class: bool
    state: str
    passes: int
    calls: int
    desk: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class NamedQueue:
    """A queue of today, as a list names it."""

    queue: str
    title: str
    session: str
    state: str
    state_label: str
    waits: int
    by_hospital: bool


@dataclass(frozen=True, slots=True)
class Console:
    """What a desk needs to call: who is here now, who waits, who was passed over."""

    queue: Queue
    title: str
    current: Line | None
    elsewhere: list[Line]
    waiting: list[Line]
    passed: list[Line]
    count: int


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """What everybody in the waiting area may read of somebody.

    Attributes:
        call: Differs from call to call, so that each is spoken once.
    """

    code: str
    name: str = field(repr=False)
    place: str
    call: str = ""
    is_again: bool = False

    @property
    def spoken(self) -> str:
        """The code with its signs apart, as a voice should read it."""
        return " ".join(self.code)


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen in a waiting area."""

    public_id: str
    name: str
    institution: str
    department: str
    called: list[ScreenLine]
    waiting: list[ScreenLine]
    count: int
    is_paused: bool


def visible_queues(actor: Actor) -> "QuerySet[Queue]":
    """The queues that a member of staff may see."""
    return scope(Queue.objects.select_related("institution", "department", "doctor"), actor)


def visible_tickets(actor: Actor) -> "QuerySet[Ticket]":
    """The tickets that a member of staff may see."""
    return scope(
        Ticket.objects.select_related("institution", "queue__department", "queue__doctor", "person"), actor
    )


def visible_check_in_rules(actor: Actor) -> "QuerySet[CheckInRule]":
    """The rules that a member of staff may see."""
    return scope(CheckInRule.objects.select_related("institution"), actor)


def visible_screens(actor: Actor) -> "QuerySet[CallScreen]":
    """The screens that a member of staff may see."""
    return scope(CallScreen.objects.select_related("institution", "department"), actor)


def named_queues(actor: Actor) -> list[NamedQueue]:
    """The queues of today, each with how many wait in it."""
    rows = list(
        visible_queues(actor).filter(date=clock.beijing(clock.now()).date()).order_by("session", "pk")
    )
    waiting = Ticket.objects.filter(queue__in=rows, state=TicketState.WAITING).order_by()
    waits = dict(waiting.values_list("queue").annotate(found=Count("pk")))
    return [
        NamedQueue(
            queue=row.public_id,
            title=title_of(row),
            session=row.get_session_display(),
            state=row.state,
            state_label=row.get_state_display(),
            waits=waits.get(row.pk, 0),
            by_hospital=bool(row.hospital_ref),
        )
        for row in rows
    ]


def sessions_without_queue(actor: Actor) -> list[Schedule]:
    """The sessions of today that are held, and that nobody has come to yet.

    Those of a department whose queue the hospital's own system calls are left to it.
    """
    today = clock.beijing(clock.now()).date()
    queues = visible_queues(actor).filter(date=today)
    known = set(queues.filter(hospital_ref="").values_list("department", "doctor", "session"))
    foreign = set(queues.exclude(hospital_ref="").values_list("department", "session"))
    rows = visible_schedules(actor).filter(date=today, state=ScheduleState.OPEN).exclude(kind=ClinicKind.EXAM)
    found: dict[tuple[int, int | None, str], Schedule] = {}
    for row in rows.order_by("session", "department__position", "doctor__position", "pk"):
        place = (row.department_id, row.doctor_id, row.session)
        if place not in known and (row.department_id, row.session) not in foreign:
            found.setdefault(place, row)
    return list(found.values())


def place_of(*, ticket: str, actor: Actor) -> dict[str, Any]:
    """A place as the institution's machine prints it."""
    row = visible_tickets(actor).get(public_id=ticket)
    queue = row.queue
    return {
        "ticket_id": row.public_id,
        "code": row.code,
        "department": queue.department.name,
        "doctor": queue.doctor.name if queue.doctor is not None else "",
        "place": queue.department.place,
        "ahead": row.ahead_said if queue.hospital_ref else ahead_of(row),
    }


def tickets_at(*, persons: list[int], actor: Actor) -> list[Ticket]:
    """Where somebody waits today at the actor's institution."""
    today = clock.beijing(clock.now()).date()
    rows = visible_tickets(actor).filter(person__in=persons, queue__date=today, state__in=OPEN_STATES)
    return list(rows.order_by("pk"))


def title_of(queue: Queue) -> str:
    """What a queue is called: its department, and the doctor where it is one's own."""
    doctor = queue.doctor.name if queue.doctor is not None else ""
    return " ".join(part for part in (queue.department.name, doctor) if part)


def console_of(*, queue: str, desk: str, actor: Actor) -> Console:
    """What a desk sees of a queue of its institution.

    Raises:
        QueueNotFound: Also for queues of others.
    """
    row = visible_queues(actor).filter(public_id=queue).first()
    if row is None:
        raise QueueNotFound
    tickets = list(
        Ticket.objects.filter(queue=row, state__in=(*OPEN_STATES, *_ENDED)).order_by("position", "pk")
    )
    names = _names(ticket.person_id for ticket in tickets)
    called = [ticket for ticket in tickets if ticket.state in CALLED_STATES]
    current = next((ticket for ticket in called if ticket.desk == desk and desk), None)
    waiting = [ticket for ticket in tickets if ticket.state == TicketState.WAITING]
    return Console(
        queue=row,
        title=title_of(row),
        current=_line(current, names, in_full=True) if current is not None else None,
        elsewhere=[_line(ticket, names) for ticket in called if ticket is not current],
        waiting=[_line(ticket, names) for ticket in waiting],
        passed=[_line(ticket, names) for ticket in tickets if ticket.state in _ENDED],
        count=len(waiting),
    )


def queue_at_desk(*, queue: str, actor: Actor) -> str:
    """Public id of a queue whose desk an actor may stand at.

    Raises:
        PermissionRefused: They do not call people.
        QueueNotFound: Also for queues of others.
    """
    require(actor, Duty.CALL_QUEUE)
    if not visible_queues(actor).filter(public_id=queue).exists():
        raise QueueNotFound
    return queue


def pharmacy_consoles(*, desk: str, actor: Actor) -> list[Console]:
    """The consoles of today's pharmacy queues at the actor's institution; one as a rule."""
    today = clock.beijing(clock.now()).date()
    rows = visible_queues(actor).filter(date=today, kind=QueueKind.PHARMACY, hospital_ref="")
    return [console_of(queue=row.public_id, desk=desk, actor=actor) for row in rows.order_by("-pk")[:4]]


def _line(ticket: Ticket, names: dict[int, str], *, in_full: bool = False) -> Line:
    name = names.get(ticket.person_id, "")
    return Line(
        ticket=ticket.public_id,
        code=ticket.code,
        name=name if in_full else shown_surname(name),
        priority=str(TicketClass(ticket.priority).label),
        is_first_class=ticket.priority != TicketClass.NORMAL,
        state=ticket.state,
        passes=ticket.passes,
        calls=ticket.calls,
        desk=ticket.desk,
        joined_at=ticket.joined_at,
    )


def _names(person_pks: Iterable[int]) -> dict[int, str]:
    return {pk: known.name for pk, known in mpi.particulars_many(set(person_pks)).items()}


def screen_by_key(key: str) -> CallScreen:
    """The screen behind an address.

    Raises:
        ScreenNotFound: There is none, or it was switched off.
    """
    row = CallScreen.objects.select_related("institution", "department").filter(key=key, is_open=True).first()
    if row is None:
        raise ScreenNotFound
    return row


def screen_of(key: str) -> Screen:
    """What a screen shows: who is called to where, and who comes next.

    Raises:
        ScreenNotFound: As ``screen_by_key``.
    """
    row = screen_by_key(key)
    today = clock.beijing(clock.now()).date()
    tickets = Ticket.objects.filter(queue__department=row.department_id, queue__date=today)
    called = list(tickets.filter(state__in=CALLED_STATES).order_by("-called_at", "pk"))
    waiting = tickets.filter(state=TicketState.WAITING)
    coming = list(waiting.order_by("position", "pk")[:_SHOWN_WAITING])
    names = _names(ticket.person_id for ticket in (*called, *coming))
    states = set(
        Queue.objects.filter(department=row.department_id, date=today).values_list("state", flat=True)
    )
    return Screen(
        public_id=row.public_id,
        name=row.name,
        institution=row.institution.short_name,
        department=row.department.name,
        called=[_screen_line(ticket, names) for ticket in called],
        waiting=[_screen_line(ticket, names) for ticket in coming],
        count=waiting.count(),
        is_paused=states == {QueueState.PAUSED},
    )


def _screen_line(ticket: Ticket, names: dict[int, str]) -> ScreenLine:
    return ScreenLine(
        code=ticket.code,
        name=shown_surname(names.get(ticket.person_id, "")),
        place=ticket.desk or ticket.place,
        call=f"{ticket.code} {ticket.calls} {ticket.passes}",
        is_again=ticket.state == TicketState.RECALLED,
    )
