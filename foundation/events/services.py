"""Publishing what happened, and receiving what outsiders say."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, ClassVar

import orjson
import structlog
from django.db import IntegrityError, connection, transaction
from redis.exceptions import RedisError

from foundation.core import clock, redis
from foundation.core.ids import new_public_id
from foundation.events.models import InboxMessage, OutboxMessage

log = structlog.get_logger(__name__)

WAKE_CHANNEL = "relay"


@dataclass(frozen=True)
class Event:
    """Base of every event: a frozen dataclass of ids and codes.

    A topic names the version of its shape. Within a version fields are only added; a change
    of meaning is a new topic, published beside the old one for a release.
    """

    topic: ClassVar[str]

    def aggregate(self) -> str:
        """What the event is about; events of one aggregate are relayed in their order."""
        named = fields(self)
        return f"{named[0].name}:{getattr(self, named[0].name)}" if named else ":"


@dataclass(frozen=True, slots=True)
class Message:
    """An event as a handler gets it.

    Attributes:
        id: The same at every attempt; handlers are idempotent by it.
        payload: The event's fields.
        source, received_at, aggregate, seq: Who told it, when, of what, and as which; of inbound
            messages alone.
        waits: How often it waited for something.
    """

    id: str
    topic: str
    payload: Mapping[str, Any]
    source: str = ""
    received_at: datetime | None = None
    aggregate: str = ""
    seq: int | None = None
    waits: int = 0


def publish(event: Event) -> None:
    """Write one event to the outbox, inside the caller's transaction.

    Raises:
        RuntimeError: Outside a transaction: the event could survive a change that did not.
    """
    _require_transaction()
    OutboxMessage.objects.create(
        topic=event.topic,
        aggregate=event.aggregate(),
        payload=asdict(event),
        occurred_at=clock.now(),
    )
    transaction.on_commit(wake)


def publish_many(events: Iterable[Event]) -> int:
    """Write many events by COPY, inside the caller's transaction.

    Returns:
        The number written.
    """
    _require_transaction()
    written = 0
    columns = "public_id, topic, aggregate, payload, occurred_at"
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY events_outbox ({columns}) FROM STDIN") as copy,
    ):
        for event in events:
            payload = orjson.dumps(asdict(event)).decode()
            copy.write_row((new_public_id(), event.topic, event.aggregate(), payload, clock.now()))
            written += 1
    if written:
        transaction.on_commit(wake)
    return written


def wake() -> None:
    """Tell the relay that there is work. It also looks by itself every second."""
    try:
        redis.client().publish(redis.key(WAKE_CHANNEL), b"")
    except RedisError as exc:
        log.warning("relay_not_woken", error=type(exc).__name__)


def receive(
    *,
    source: str,
    message_id: str,
    topic: str,
    payload: Mapping[str, Any],
    aggregate: str = "",
    seq: int | None = None,
) -> bool:
    """Keep an inbound message; a repeat of the same source and id changes nothing.

    Args:
        aggregate, seq: What the message is about and its number there, from 1, where the source
            numbers its messages.

    Returns:
        Whether the message is new.
    """
    moment = clock.now()
    try:
        with transaction.atomic():
            InboxMessage.objects.create(
                source=source,
                message_id=message_id,
                topic=topic,
                aggregate=aggregate,
                seq=seq,
                payload=orjson.dumps(dict(payload)).decode(),
                received_at=moment,
                next_attempt_at=moment,
            )
            transaction.on_commit(wake)
    except IntegrityError:
        return False
    return True


def kept(*, source: str, message_id: str) -> Mapping[str, Any] | None:
    """The payload of a message that was received before, while it is kept."""
    row = InboxMessage.objects.filter(source=source, message_id=message_id).first()
    return orjson.loads(row.payload) if row is not None else None


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("an event is published in the transaction of the change that it reports")
