"""Who hears that a queue has moved. Called in the transaction of the change, with the queue held."""

from collections.abc import Iterable, Mapping

from django.db import transaction

from appointments.events import QueueNear
from appointments.models import CallScreen, Queue, Ticket
from appointments.rules.queueing import (
    OPEN_STATES,
    THRESHOLDS,
    TicketState,
    desk_line,
    screen_line,
    threshold_of,
)
from foundation.events import live
from foundation.events import services as events
from identity import selectors as identity

QUEUE_CHANGED = "queue.changed"


def tell(queue: Queue, *, also: Iterable[int] = ()) -> None:
    """Tell who is near, and every open page that shows the queue.

    Args:
        also: Persons who were in the queue until now.
    """
    _tell_near(queue)
    tell_pages(queue, also=also)


def tell_pages(queue: Queue, *, also: Iterable[int] = ()) -> None:
    """Tell every open page that shows the queue; of a hospital's own system, which tells who is near."""
    persons = Ticket.objects.filter(queue=queue, state__in=OPEN_STATES).values_list("person", flat=True)
    held = identity.holder_accounts({*persons, *also})
    listening = {account for accounts in held.values() for account in accounts}
    screens = CallScreen.objects.filter(department=queue.department_id, is_open=True)
    listening.add(desk_line(queue.public_id))
    listening |= {screen_line(screen) for screen in screens.values_list("public_id", flat=True)}
    what: Mapping[str, str] = {"queue": queue.public_id}
    notices = [(name, QUEUE_CHANGED, what) for name in sorted(listening)]
    transaction.on_commit(lambda: live.send_many(notices))


def _tell_near(queue: Queue) -> None:
    first = Ticket.objects.filter(queue=queue, state=TicketState.WAITING).select_related("person")
    for ahead, ticket in enumerate(first.order_by("position", "pk")[: max(THRESHOLDS) + 1]):
        threshold = threshold_of(ahead)
        if threshold is None or (ticket.told_ahead is not None and ticket.told_ahead <= threshold):
            continue
        Ticket.objects.filter(pk=ticket.pk).update(told_ahead=threshold)
        events.publish(
            QueueNear(
                ticket_id=ticket.public_id,
                person_id=ticket.person.public_id,
                ahead=ahead,
                institution=queue.institution.public_id,
            )
        )
