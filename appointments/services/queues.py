"""Leaving a queue, changing over to another, coming back, and pausing the calling."""

from collections.abc import Collection
from itertools import groupby

from django.db import transaction

from appointments import errors
from appointments.models import Queue, Ticket
from appointments.queueing import news
from appointments.queueing.places import held, join, midnight, moved, own_queue, own_ticket, record
from appointments.rules.queueing import OPEN_STATES, CheckInWay, QueueState, TicketState, position_of
from appointments.selectors.queues import ticket_for
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from identity.rules import Deed
from identity.types import Relation
from institutions.rules import Duty
from institutions.selectors import scope
from institutions.services import require

# In one run of the nightly job; the next one goes on.
MOST_CLOSED = 5_000


@transaction.atomic
def leave_queue(*, ticket: str, account_pk: int, actor: Actor) -> None:
    """End the waiting of somebody for whom the account may act.

    Raises:
        TicketNotFound, LevelTooLow, NotForGuardians: The account may not.
        QueueRunByHospital: The hospital's own system says who waits.
        TicketMoveRefused: They do not wait any more.
    """
    row, acting = ticket_for(account_pk=account_pk, ticket=ticket, deed=Deed.BOOK_VISIT)
    if acting.relation != Relation.SELF:
        actor = actor.acting_for(acting.person_id)
    queue = held(row.queue_id)
    if queue.hospital_ref:
        raise errors.QueueRunByHospital
    moved(row, OPEN_STATES, state=TicketState.LEFT, ended_at=clock.now())
    record(Action.QUEUE_LEFT, row, queue, actor)
    news.tell(queue, also=[row.person_id])


@transaction.atomic
def dismiss(*, ticket: str, reason: str, actor: Actor) -> None:
    """Take somebody out who has gone, at the desk.

    Raises:
        TicketNotFound, QueueRunByHospital, TicketMoveRefused.
    """
    require(actor, Duty.CALL_QUEUE)
    row, queue = own_ticket(ticket, actor)
    moved(row, OPEN_STATES, state=TicketState.LEFT, ended_at=clock.now())
    record(Action.QUEUE_LEFT, row, queue, actor, reason)
    news.tell(queue, also=[row.person_id])


@transaction.atomic
def take_back(*, ticket: str, reason: str, actor: Actor) -> None:
    """Let somebody wait again who missed the calls; they stand where they come now.

    Raises:
        TicketNotFound, QueueRunByHospital.
        TicketMoveRefused: They are not out, or are in the queue again already.
    """
    require(actor, Duty.CALL_QUEUE)
    row, queue = own_ticket(ticket, actor)
    if Ticket.objects.filter(queue=queue, person=row.person_id, state__in=OPEN_STATES).exists():
        raise errors.TicketMoveRefused
    place = position_of(priority=row.priority, day=midnight(queue.date), arrived_at=clock.now())
    moved(
        row,
        [TicketState.PASSED],
        state=TicketState.WAITING,
        position=place,
        passes=0,
        desk="",
        place="",
        told_ahead=None,
        ended_at=None,
    )
    record(Action.QUEUE_TAKEN_BACK, row, queue, actor, reason)
    news.tell(queue)


@transaction.atomic
def transfer(*, ticket: str, to: str, reason: str, actor: Actor) -> str:
    """Let somebody wait in another queue of the same institution, by the time of their arrival.

    Returns:
        Public id of the new ticket.

    Raises:
        TicketNotFound, QueueNotFound, QueueRunByHospital, TicketMoveRefused.
    """
    require(actor, Duty.CALL_QUEUE)
    rows = scope(Ticket.objects.all(), actor).filter(public_id=ticket)
    old = rows.values_list("queue", flat=True).first()
    new = scope(Queue.objects.all(), actor).filter(public_id=to).values_list("pk", flat=True).first()
    if old is None:
        raise errors.TicketNotFound
    if new is None or new == old:
        raise errors.QueueNotFound
    queues = {pk: held(pk) for pk in sorted((old, new))}
    if any(queue.hospital_ref for queue in queues.values()):
        raise errors.QueueRunByHospital
    row = rows.select_related("person", "booking__slot").get()
    moved(row, OPEN_STATES, state=TicketState.TRANSFERRED, ended_at=clock.now())
    record(Action.QUEUE_TRANSFERRED, row, queues[old], actor, reason)
    made = join(
        queues[new],
        person_pk=row.person_id,
        way=CheckInWay.TRANSFER,
        actor=actor,
        priority=row.priority,
        booking=row.booking,
        in_band=False,
        arrived_at=row.joined_at,
        moved_from=row,
    )
    news.tell(queues[old], also=[row.person_id])
    return made.public_id


@transaction.atomic
def pause_queue(*, queue: str, reason: str, actor: Actor) -> None:
    """Stop the calling for a while; everybody keeps their place.

    Raises:
        QueueNotFound, QueueRunByHospital.
        StalePage: It is not being called.
    """
    require(actor, Duty.CALL_QUEUE)
    row = own_queue(queue, actor)
    _switch(row, QueueState.OPEN, QueueState.PAUSED)
    record(Action.QUEUE_PAUSED, row, row, actor, reason)


@transaction.atomic
def resume_queue(*, queue: str, actor: Actor) -> None:
    """Go on calling.

    Raises:
        QueueNotFound, QueueRunByHospital, StalePage.
    """
    require(actor, Duty.CALL_QUEUE)
    row = own_queue(queue, actor)
    _switch(row, QueueState.PAUSED, QueueState.OPEN)
    record(Action.QUEUE_RESUMED, row, row, actor)


@transaction.atomic
def end_waiting(*, bookings: Collection[str], actor: Actor) -> None:
    """End the waiting for visits that do not take place; nothing where nobody waits for them."""
    rows = Ticket.objects.filter(booking__public_id__in=bookings, state__in=OPEN_STATES)
    # In the order of the queues, so that nobody waits for each other.
    for queue_pk, left in groupby(rows.order_by("queue", "pk"), key=lambda row: row.queue_id):
        queue, leaving = held(queue_pk), list(left)
        for row in leaving:
            moved(row, OPEN_STATES, state=TicketState.LEFT, ended_at=clock.now())
            record(Action.QUEUE_LEFT, row, queue, actor)
        # The pages of a queue are told once, however many leave it.
        news.tell(queue, also=[row.person_id for row in leaving])


def close_old_queues() -> int:
    """End the waiting of whoever was neither seen nor dismissed by the end of the day.

    Returns:
        How many queues were closed.
    """
    today = clock.beijing(clock.now()).date()
    old = Queue.objects.filter(date__lt=today).exclude(state=QueueState.CLOSED).values_list("pk", flat=True)
    due = list(old[:MOST_CLOSED])
    for queue_pk in due:
        with transaction.atomic():
            queue, moment = held(queue_pk), clock.now()
            left = Ticket.objects.filter(queue=queue, state__in=OPEN_STATES)
            left.update(state=TicketState.LEFT, ended_at=moment)
            Queue.objects.filter(pk=queue_pk).update(state=QueueState.CLOSED, updated_at=moment)
    return len(due)


def _switch(row: Queue, old: QueueState, new: QueueState) -> None:
    if not Queue.objects.filter(pk=row.pk, state=old).update(state=new, updated_at=clock.now()):
        raise StalePage
    news.tell(row)
