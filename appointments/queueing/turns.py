"""Turns at a desk, in a queue that is held by a command that has asked who may do this."""

from appointments import errors
from appointments.events import QueueCalled, QueuePassed, QueueServed
from appointments.models import Queue, ServiceSample, Ticket
from appointments.queueing import news
from appointments.queueing.places import ahead_of, moved
from appointments.rules import BookingState
from appointments.rules.queueing import (
    CALLED_STATES,
    MOST_PASSES,
    QueueState,
    TicketState,
    is_sample,
    position_behind,
    threshold_of,
)
from appointments.services.coming import finish_booking
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from foundation.events import services as events

LONGEST_DESK, LONGEST_PLACE = 40, 60


def next_at_desk(row: Queue, *, desk: str, current: str, actor: Actor) -> str:
    """As ``services.calling.call_next``, for a queue that is held by whoever may call it."""
    desk = desk.strip()[:LONGEST_DESK]
    if not desk:
        raise errors.DeskNeeded(field="desk")
    if row.state != QueueState.OPEN:
        raise errors.QueuePaused
    here = (
        Ticket.objects.filter(queue=row, desk=desk, state__in=CALLED_STATES)
        .select_related("person", "booking")
        .first()
    )
    if (here.public_id if here is not None else "") != current:
        raise StalePage
    if here is not None:
        _serve(here, row, actor)
    first = take_first(row, desk)
    if first is None and here is None:
        raise errors.NobodyWaits
    if first is not None:
        _tell_called(first, row, Action.QUEUE_CALLED, actor)
    news.tell(row, also=[here.person_id] if here is not None else [])
    return first.public_id if first is not None else ""


def take_first(queue: Queue, desk: str) -> Ticket | None:
    """Take whoever waits first to a desk. The queue is held, so that nobody else takes them."""
    waiting = Ticket.objects.filter(queue=queue, state=TicketState.WAITING).order_by("position", "pk")
    first = waiting.select_related("person", "booking").first()
    if first is None:
        return None
    place = " ".join(part for part in (queue.department.place, desk) if part)[:LONGEST_PLACE]
    taken = Ticket.objects.filter(pk=first.pk, state=TicketState.WAITING).update(
        state=TicketState.CALLED, desk=desk, place=place, calls=1, called_at=clock.now()
    )
    if not taken:
        raise StalePage
    first.desk, first.place = desk, place
    return first


def recall(row: Ticket, queue: Queue, *, actor: Actor) -> None:
    """Call the same person once more."""
    moved(row, CALLED_STATES, state=TicketState.RECALLED, calls=row.calls + 1)
    _tell_called(row, queue, Action.QUEUE_RECALLED, actor)
    news.tell(queue)


def pass_over(row: Ticket, queue: Queue, *, actor: Actor) -> bool:
    """Send somebody back who has not come, the second time out; whether they are out."""
    is_out = row.passes >= MOST_PASSES
    if is_out:
        moved(row, CALLED_STATES, state=TicketState.PASSED, ended_at=clock.now())
    else:
        waiting = Ticket.objects.filter(queue=queue, state=TicketState.WAITING).order_by("position", "pk")
        behind = position_behind(list(waiting.values_list("position", flat=True)[:10]))
        row.position = row.position if behind is None else behind
        moved(
            row,
            CALLED_STATES,
            state=TicketState.WAITING,
            position=row.position,
            passes=row.passes + 1,
            desk="",
            place="",
            # They hear again how near they are.
            told_ahead=threshold_of(ahead_of(row)),
        )
    audit.record(
        Action.QUEUE_PASSED,
        actor=actor,
        subject=row,
        institution=queue.institution.public_id,
        details={"outcome": "out" if is_out else "back"},
    )
    events.publish(
        QueuePassed(
            ticket_id=row.public_id,
            person_id=row.person.public_id,
            is_out=is_out,
            institution=queue.institution.public_id,
        )
    )
    news.tell(queue, also=[row.person_id])
    return is_out


def finish(row: Ticket, queue: Queue, *, actor: Actor) -> None:
    """End a visit, and call nobody yet."""
    _serve(row, queue, actor)
    news.tell(queue, also=[row.person_id])


def _serve(row: Ticket, queue: Queue, actor: Actor) -> None:
    moment = clock.now()
    moved(row, CALLED_STATES, state=TicketState.SERVED, ended_at=moment)
    if row.booking is not None and row.booking.state == BookingState.ARRIVED:
        finish_booking(booking=row.booking.public_id, actor=actor)
    seconds = (moment - row.called_at).total_seconds() if row.called_at is not None else 0
    if is_sample(seconds):
        ServiceSample.objects.create(
            department_id=queue.department_id, doctor_id=queue.doctor_id, seconds=int(seconds), at=moment
        )
    audit.record(Action.QUEUE_SERVED, actor=actor, subject=row, institution=queue.institution.public_id)
    events.publish(
        QueueServed(
            ticket_id=row.public_id,
            person_id=row.person.public_id,
            institution=queue.institution.public_id,
        )
    )


def _tell_called(row: Ticket, queue: Queue, action: Action, actor: Actor) -> None:
    audit.record(action, actor=actor, subject=row, institution=queue.institution.public_id)
    events.publish(
        QueueCalled(
            ticket_id=row.public_id,
            person_id=row.person.public_id,
            place=row.place,
            institution=queue.institution.public_id,
        )
    )
