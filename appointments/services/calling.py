"""Calling: the next one, once more, gone by, done.

Two desks of one queue never call the same person: each command holds the queue, takes who is
first, and the state decides. A desk has one person at a time, so a second press of the same
button, which still names the one before, changes nothing.
"""

from django.db import transaction

from appointments.queueing import turns
from appointments.queueing.places import own_queue, own_ticket
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require


@transaction.atomic
def call_next(*, queue: str, desk: str, current: str, actor: Actor) -> str:
    """Call whoever is first; the one who was called here before has been seen.

    Args:
        desk: Where they are to go, for example ``3 诊室``.
        current: Public id of the ticket that the desk has called last, as its page shows it; empty
            where it shows none.

    Returns:
        Public id of the ticket that is called now; empty if nobody waits any more.

    Raises:
        QueueNotFound, QueueRunByHospital, DeskNeeded, QueuePaused.
        StalePage: Somebody else is called here by now, as after a double click.
        NobodyWaits: Nobody was called here and nobody waits.
    """
    require(actor, Duty.CALL_QUEUE)
    return turns.next_at_desk(own_queue(queue, actor), desk=desk, current=current, actor=actor)


@transaction.atomic
def recall(*, ticket: str, actor: Actor) -> None:
    """Call the same person once more.

    Raises:
        TicketNotFound, QueueRunByHospital, TicketMoveRefused.
    """
    require(actor, Duty.CALL_QUEUE)
    row, queue = own_ticket(ticket, actor)
    turns.recall(row, queue, actor=actor)


@transaction.atomic
def pass_over(*, ticket: str, actor: Actor) -> bool:
    """Note that the one who was called has not come: some places back, the second time out.

    Returns:
        Whether the ticket is out.

    Raises:
        TicketNotFound, QueueRunByHospital, TicketMoveRefused.
    """
    require(actor, Duty.CALL_QUEUE)
    row, queue = own_ticket(ticket, actor)
    return turns.pass_over(row, queue, actor=actor)


@transaction.atomic
def finish(*, ticket: str, actor: Actor) -> None:
    """Note that the visit is over, and call nobody yet.

    Raises:
        TicketNotFound, QueueRunByHospital, TicketMoveRefused.
    """
    require(actor, Duty.CALL_QUEUE)
    row, queue = own_ticket(ticket, actor)
    turns.finish(row, queue, actor=actor)
