"""Queues that the hospital's own calling system runs: kept as it says, and told on.

Its word is taken as it comes: the states are the hospital's to decide.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from appointments.events import QueueCalled, QueueJoined, QueueNear, QueuePassed, QueueServed
from appointments.models import Booking, Queue, Ticket
from appointments.queueing import news
from appointments.queueing.places import held
from appointments.rules import BookingState
from appointments.rules.queueing import (
    CALLED_STATES,
    OPEN_STATES,
    CheckInWay,
    TicketState,
    session_of,
    threshold_of,
)
from appointments.services.coming import arrive_booking, finish_booking
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from institutions.errors import UnknownDepartment
from institutions.selectors import clinics
from mpi import selectors as mpi


@dataclass(frozen=True, slots=True)
class SaidTicket:
    """What the hospital's system says of somebody in one of its queues.

    Attributes:
        queue: The hospital's own code of the queue; the same every day.
        department: The hospital's own code.
        code: What is called.
    """

    queue: str
    department: str
    code: str
    state: TicketState
    at: datetime
    ahead: int | None = None
    room: str = ""
    least_minutes: int | None = None
    most_minutes: int | None = None


@transaction.atomic
def hear_ticket(
    *, institution: str, institution_pk: int, person_pk: int, said: SaidTicket, actor: Actor
) -> str:
    """Keep where somebody stands, and tell what is new of it.

    Returns:
        Public id of the ticket.

    Raises:
        UnknownDepartment: The hospital has not told of that department.
    """
    queue = _queue(institution, institution_pk, said)
    ticket = Ticket.objects.filter(queue=queue, code=said.code).select_related("person", "booking").first()
    if ticket is None:
        ticket = _join(queue, institution, person_pk, said, actor)
    before = ticket.state
    ticket.state = said.state
    if said.state == TicketState.CALLED and before in CALLED_STATES:
        ticket.state = TicketState.RECALLED
    ticket.ahead_said = said.ahead
    ticket.least_minutes, ticket.most_minutes = said.least_minutes, said.most_minutes
    ticket.place = said.room or ticket.place
    if ticket.state in CALLED_STATES:
        ticket.calls, ticket.called_at = ticket.calls + 1, said.at
    ticket.ended_at = None if ticket.state in OPEN_STATES else said.at
    near = threshold_of(said.ahead) if said.ahead is not None else None
    is_nearer = near is not None and (ticket.told_ahead is None or near < ticket.told_ahead)
    ticket.told_ahead = near if is_nearer else ticket.told_ahead
    ticket.save()
    Queue.objects.filter(pk=queue.pk).update(updated_at=clock.now())
    _tell(ticket, institution, before, near if is_nearer else None, actor)
    news.tell_pages(queue, also=[person_pk])
    return ticket.public_id


def _tell(ticket: Ticket, institution: str, before: str, near: int | None, actor: Actor) -> None:
    whose = {
        "ticket_id": ticket.public_id,
        "person_id": ticket.person.public_id,
        "institution": institution,
    }
    if ticket.state in CALLED_STATES:
        events.publish(QueueCalled(**whose, place=ticket.place))
    elif ticket.state == TicketState.WAITING and near is not None:
        events.publish(QueueNear(**whose, ahead=near))
    elif ticket.state == TicketState.PASSED and before != TicketState.PASSED:
        events.publish(QueuePassed(**whose, is_out=True))
    elif ticket.state == TicketState.SERVED and before != TicketState.SERVED:
        if ticket.booking is not None and ticket.booking.state == BookingState.ARRIVED:
            finish_booking(booking=ticket.booking.public_id, actor=actor)
        events.publish(QueueServed(**whose))


def _queue(institution: str, institution_pk: int, said: SaidTicket) -> Queue:
    moment = clock.beijing(said.at)
    ref = f"{moment.date().isoformat()} {said.queue}"
    known = Queue.objects.filter(institution=institution_pk, hospital_ref=ref).values_list("pk", flat=True)
    if not known:
        department = clinics.departments_by_code(institution).get(said.department)
        if department is None:
            raise UnknownDepartment(field="department")
        try:
            with transaction.atomic():
                Queue.objects.create(
                    institution_id=institution_pk,
                    department_id=department.pk,
                    date=moment.date(),
                    session=session_of(moment.hour),
                    hospital_ref=ref,
                )
        except IntegrityError:
            # Another message of the same queue came at the same moment.
            return held(known.all()[0])
    return held(known.all()[0])


def _join(queue: Queue, institution: str, person_pk: int, said: SaidTicket, actor: Actor) -> Ticket:
    anchors = mpi.cluster(person_pk)
    Ticket.objects.filter(queue=queue, person__in=anchors, state__in=OPEN_STATES).update(
        state=TicketState.LEFT, ended_at=said.at
    )
    booking = _arrived(queue, anchors, actor)
    ticket = Ticket.objects.create(
        institution_id=queue.institution_id,
        queue=queue,
        person_id=person_pk,
        booking=booking,
        code=said.code,
        position=int(said.at.timestamp()),
        way=CheckInWay.HOSPITAL,
        joined_at=said.at,
    )
    audit.record(
        Action.QUEUE_JOINED,
        actor=actor,
        subject=ticket,
        institution=institution,
        details={"method": CheckInWay.HOSPITAL.value},
    )
    events.publish(
        QueueJoined(
            ticket_id=ticket.public_id,
            person_id=mpi.public_id_of(person_pk),
            queue_id=queue.public_id,
            institution=institution,
        )
    )
    return ticket


def _arrived(queue: Queue, anchors: list[int], actor: Actor) -> Booking | None:
    """The booking with which somebody came, where they have one in that department today."""
    rows = Booking.objects.filter(
        person__in=anchors, schedule__department=queue.department_id, schedule__date=queue.date
    )
    booking = rows.filter(state=BookingState.BOOKED).order_by("slot__starts_at").first()
    if booking is not None:
        arrive_booking(booking=booking.public_id, actor=actor)
        booking.refresh_from_db()
        return booking
    waiting = Ticket.objects.filter(booking__in=rows, state__in=OPEN_STATES).values("booking")
    return rows.filter(state=BookingState.ARRIVED).exclude(pk__in=waiting).first()
