"""What staff do about messages that could not be applied or delivered.

Who may is decided in the rooms above.
"""

from typing import Any

import orjson
from django.db.models import F, Q, QuerySet

from foundation.core import clock
from foundation.events import inbound
from foundation.events.models import Delivery, DeliveryState, InboxMessage
from foundation.events.services import wake
from foundation.events.types import InboxState, Outcome, WaitReason

_OPEN = Q(state=InboxState.DEAD) | Q(state=InboxState.RECEIVED, waits__gt=0)


def inbox(institution: str | None = None) -> "QuerySet[InboxMessage]":
    """What institutions told, or one of them, without what it says."""
    rows = InboxMessage.objects.defer("payload").filter(source__startswith=inbound.SOURCE)
    return rows if institution is None else rows.filter(source=inbound.source_of(institution))


def patient_of(row: InboxMessage) -> dict[str, str]:
    """By which number a message names whom it is about; empty if it names nobody."""
    named: dict[str, Any] = orjson.loads(row.payload).get("data", {}).get("patient") or {}
    return {name: str(value) for name, value in named.items()}


def is_open(row: InboxMessage) -> bool:
    """Whether staff can do something about a message."""
    return row.state == InboxState.DEAD or (row.state == InboxState.RECEIVED and row.waits > 0)


def retry(row: InboxMessage) -> bool:
    """Hand a dead or waiting message to its handler again, as if for the first time.

    Returns:
        Whether it was one of those.
    """
    moved = InboxMessage.objects.filter(_OPEN, pk=row.pk).update(
        state=InboxState.RECEIVED,
        # Failures are tries less waits: it begins with none.
        waits=F("attempts"),
        next_attempt_at=clock.now(),
        last_error="",
    )
    wake()
    return bool(moved)


def discard(row: InboxMessage) -> bool:
    """End a dead or waiting message without an effect; what waited behind it goes on.

    Returns:
        Whether it was one of those.
    """
    return bool(
        InboxMessage.objects.filter(_OPEN, pk=row.pk).update(
            state=InboxState.DONE,
            outcome=Outcome.DISCARDED,
            waiting_for=WaitReason.NOTHING,
            done_at=clock.now(),
        )
    )


def dead_deliveries() -> "QuerySet[Delivery]":
    """Messages between rooms that a handler refused to the end."""
    return Delivery.objects.select_related("message").filter(state=DeliveryState.DEAD)


def retry_delivery(row: Delivery) -> bool:
    """Hand a dead message to its subscriber again; returns whether it was dead."""
    moved = Delivery.objects.filter(pk=row.pk, state=DeliveryState.DEAD).update(
        state=DeliveryState.PENDING, attempts=0, next_attempt_at=clock.now()
    )
    wake()
    return bool(moved)
