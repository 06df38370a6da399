"""Places in a queue: found, held, given and changed."""

from collections.abc import Sequence
from datetime import date, datetime, time

from appointments import errors
from appointments.events import QueueJoined
from appointments.models import Booking, Queue, Ticket
from appointments.queueing import news
from appointments.rules.queueing import (
    OPEN_STATES,
    CheckInWay,
    QueueKind,
    TicketClass,
    TicketState,
    letter_of,
    position_of,
    threshold_of,
)
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock, locks
from foundation.core.actor import Actor
from foundation.events import services as events
from institutions.selectors import scope
from mpi import selectors as mpi


def queue_of(
    *,
    institution_pk: int,
    department_pk: int,
    doctor_pk: int | None,
    day: date,
    session: str,
    kind: QueueKind = QueueKind.CLINIC,
) -> Queue:
    """The queue of a department, or of one of its doctors, in one session; made where there is none.

    To be called in a transaction: the queue is held until its end.
    """
    rows = Queue.objects.filter(department=department_pk, date=day, session=session, hospital_ref="")
    found = next((row for row in rows if row.doctor_id == doctor_pk), None)
    if found is None:
        # Two doctors of one department begin their morning at the same second.
        locks.hold("queue", department_pk, day, session)
        others = list(rows.all())
        found = next((row for row in others if row.doctor_id == doctor_pk), None)
    if found is None:
        found = Queue.objects.create(
            institution_id=institution_pk,
            department_id=department_pk,
            doctor_id=doctor_pk,
            date=day,
            session=session,
            kind=kind,
            letter=letter_of(len(others)),
        )
    return held(found.pk)


def held(queue_pk: int) -> Queue:
    """The queue, held until the end of the transaction."""
    rows = Queue.objects.select_for_update(of=("self",)).select_related("institution", "department")
    return rows.get(pk=queue_pk)


def own_queue(queue: str, actor: Actor) -> Queue:
    """A queue of the actor's institution that this product calls, held.

    Raises:
        QueueNotFound: Also for queues of others.
        QueueRunByHospital: The hospital's own system says who is next.
    """
    pk = scope(Queue.objects.all(), actor).filter(public_id=queue).values_list("pk", flat=True).first()
    if pk is None:
        raise errors.QueueNotFound
    found = held(pk)
    if found.hospital_ref:
        raise errors.QueueRunByHospital
    return found


def own_ticket(ticket: str, actor: Actor) -> tuple[Ticket, Queue]:
    """A ticket of a queue that this product calls for the actor's institution; the queue is held.

    Raises:
        TicketNotFound: Also for tickets of others.
        QueueRunByHospital: The hospital's own system says who is next.
    """
    rows = scope(Ticket.objects.select_related("person", "booking"), actor).filter(public_id=ticket)
    queue_pk = rows.values_list("queue", flat=True).first()
    if queue_pk is None:
        raise errors.TicketNotFound
    queue = held(queue_pk)
    if queue.hospital_ref:
        raise errors.QueueRunByHospital
    return rows.get(), queue


def join(
    queue: Queue,
    *,
    person_pk: int,
    way: CheckInWay,
    actor: Actor,
    priority: int = TicketClass.NORMAL,
    booking: Booking | None = None,
    in_band: bool = True,
    arrived_at: datetime | None = None,
    moved_from: Ticket | None = None,
    reason: str = "",
) -> Ticket:
    """Give somebody a place in a queue that is held; who has one keeps it.

    Args:
        in_band: Whether the booked band of time decides the place, as at the first check-in.
        arrived_at: By default now; the first arrival, for somebody who changes over.
    """
    known = Ticket.objects.filter(
        queue=queue, person__in=mpi.cluster(person_pk), state__in=OPEN_STATES
    ).first()
    if known is not None:
        return known
    moment = clock.now()
    number = queue.last_number + 1
    Queue.objects.filter(pk=queue.pk).update(last_number=number, updated_at=moment)
    band = None
    if booking is not None and in_band:
        band = (booking.slot.starts_at, booking.slot.ends_at, booking.number)
    ticket = Ticket.objects.create(
        institution=queue.institution,
        queue=queue,
        person_id=person_pk,
        booking=booking,
        code=f"{queue.letter}{number:03d}",
        priority=priority,
        position=position_of(
            priority=priority, day=midnight(queue.date), arrived_at=arrived_at or moment, band=band
        ),
        way=way,
        moved_from=moved_from,
        joined_at=moment,
    )
    # The page says where one stands; only what comes nearer afterwards is told.
    ticket.told_ahead = threshold_of(ahead_of(ticket))
    ticket.save(update_fields=["told_ahead"])
    audit.record(
        Action.QUEUE_JOINED,
        actor=actor,
        subject=ticket,
        institution=queue.institution.public_id,
        reason=reason,
        details={"method": str(way), "level": str(priority)},
    )
    events.publish(
        QueueJoined(
            ticket_id=ticket.public_id,
            person_id=mpi.public_id_of(person_pk),
            queue_id=queue.public_id,
            institution=queue.institution.public_id,
        )
    )
    news.tell(queue)
    return ticket


def ahead_of(ticket: Ticket) -> int:
    """How many wait in front of a ticket that waits in a queue of ours."""
    waiting = Ticket.objects.filter(queue=ticket.queue_id, state=TicketState.WAITING)
    return (
        waiting.filter(position__lt=ticket.position).count()
        + waiting.filter(position=ticket.position, pk__lt=ticket.pk).count()
    )


def moved(ticket: Ticket, old: Sequence[TicketState], **changes: object) -> None:
    """Change a ticket that stands in one of the states, and no other.

    Raises:
        TicketMoveRefused: It stands elsewhere.
    """
    if not Ticket.objects.filter(pk=ticket.pk, state__in=old).update(**changes):
        raise errors.TicketMoveRefused


def midnight(day: date) -> datetime:
    """The beginning of a day in Beijing."""
    return datetime.combine(day, time.min, tzinfo=clock.BEIJING)


def record(action: Action, subject: Ticket | Queue, queue: Queue, actor: Actor, reason: str = "") -> None:
    """Put on record what was done to a queue, or to a ticket of it."""
    audit.record(action, actor=actor, subject=subject, institution=queue.institution.public_id, reason=reason)
