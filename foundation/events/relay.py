"""The relay: from the outbox to the subscribers, and from the inbox to its handlers.

Every step claims its rows by one conditional UPDATE with a lease, so that any number of
relays work side by side and a killed one loses nothing: the sweeper returns what it held.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import orjson
import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet

from foundation.core import clock
from foundation.events import sequence, wiring
from foundation.events.models import Delivery, DeliveryState, InboxMessage, OutboxMessage
from foundation.events.services import Message
from foundation.events.types import InboxState, Outcome, WaitReason

log = structlog.get_logger(__name__)

BATCH = 200
# Each of these takes a transaction of its own, so there is little to save by more, and a killed relay
# holds no more than these.
INBOX_BATCH = 20
# What a killed relay held waits for no longer than this. A batch that takes longer loses nothing: whoever
# takes a row over counts one attempt more, and the first finds that it is no longer its own.
LEASE = timedelta(seconds=30)
# From a short hiccup to a day; the last step repeats until the attempts are used up.
BACKOFF_SECONDS = (5, 30, 120, 600, 1_800, 7_200, 21_600, 43_200, 86_400)
MAX_ATTEMPTS = 12


def backoff(attempts: int) -> timedelta:
    """How long to wait after the attempt with this number."""
    return timedelta(seconds=BACKOFF_SECONDS[min(attempts, len(BACKOFF_SECONDS)) - 1])


def expand(*, batch: int = BATCH) -> int:
    """Turn waiting outbox messages into one delivery per subscriber."""
    with transaction.atomic():
        messages = list(
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(relayed_at=None)
            .order_by("pk")[:batch]
        )
        moment = clock.now()
        Delivery.objects.bulk_create(
            [
                Delivery(message=message, subscriber=path, next_attempt_at=moment)
                for message in messages
                for path in wiring.subscribers(message.topic)
            ],
            ignore_conflicts=True,
        )
        OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(relayed_at=moment)
    return len(messages)


def deliver(*, batch: int = BATCH) -> int:
    """Hand due deliveries to their handlers, each in a transaction of its own.

    Those of a handler that takes many are handed over together.
    """
    claimed = _claim("events_delivery", DeliveryState.PENDING, DeliveryState.SENDING, batch)
    together: dict[str, list[Delivery]] = {}
    single = []
    for delivery in Delivery.objects.select_related("message").filter(pk__in=claimed).order_by("pk"):
        if wiring.many_handler(delivery.subscriber) is None:
            single.append(delivery)
        else:
            together.setdefault(delivery.subscriber, []).append(delivery)
    for subscriber, deliveries in together.items():
        _deliver_many(subscriber, deliveries)
    for delivery in single:
        _deliver_one(delivery)
    return len(claimed)


def _deliver_many(subscriber: str, deliveries: Sequence[Delivery]) -> None:
    many = wiring.many_handler(subscriber)
    try:
        with transaction.atomic():
            held = _held(deliveries)
            if many is not None and held:
                many([_told(delivery) for delivery in held])
    except (OperationalError, InterfaceError):
        raise  # the database is away, for everything
    except Exception:
        log.exception("deliveries_failed", subscriber=subscriber, count=len(deliveries))
        # One of them is at fault, perhaps; by itself it delays only its own row.
        for delivery in deliveries:
            _deliver_one(delivery)


def _held(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Those whose lease is still this attempt's, done as soon as the transaction is."""
    attempts = {delivery.pk: delivery.attempts for delivery in deliveries}
    rows = Delivery.objects.select_for_update().filter(pk__in=attempts, state=DeliveryState.SENDING)
    mine = [pk for pk, count in rows.order_by("pk").values_list("pk", "attempts") if count == attempts[pk]]
    Delivery.objects.filter(pk__in=mine).update(
        state=DeliveryState.DONE, done_at=clock.now(), lease_until=None, last_error=""
    )
    still = set(mine)
    return [delivery for delivery in deliveries if delivery.pk in still]


def _told(delivery: Delivery) -> Message:
    return Message(delivery.message.public_id, delivery.message.topic, delivery.message.payload)


def _deliver_one(delivery: Delivery) -> None:
    message = _told(delivery)
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)
    try:
        with transaction.atomic():
            # Taken before the handler runs: if the lease went to somebody else meanwhile,
            # nothing of this attempt stands.
            if not mine.update(
                state=DeliveryState.DONE, done_at=clock.now(), lease_until=None, last_error=""
            ):
                return
            wiring.handler(delivery.subscriber)(message)
    except Exception as exc:
        # Any failure of a handler is one row's failure; the relay goes on with the others.
        log.exception("delivery_failed", subscriber=delivery.subscriber, message=message.id)
        dead = delivery.attempts >= MAX_ATTEMPTS
        mine.update(
            state=DeliveryState.DEAD if dead else DeliveryState.PENDING,
            next_attempt_at=clock.now() + backoff(delivery.attempts),
            lease_until=None,
            last_error=type(exc).__name__,
        )


def work_inbox(*, batch: int = INBOX_BATCH) -> int:
    """Hand received messages to their handlers; the row is done in the same transaction."""
    claimed = _claim("events_inbox", InboxState.RECEIVED, InboxState.WORKING, batch)
    for row in InboxMessage.objects.filter(pk__in=claimed).order_by("pk"):
        _work_one(row)
    return len(claimed)


def _work_one(row: InboxMessage) -> None:
    mine = InboxMessage.objects.filter(pk=row.pk, state=InboxState.WORKING, attempts=row.attempts)
    path = wiring.inbox_handler(row.topic)
    applied = None
    try:
        if path is None:
            raise LookupError(f"nobody handles {row.topic}")
        with transaction.atomic():
            if not mine.update(
                state=InboxState.DONE,
                outcome=Outcome.APPLIED,
                waiting_for=WaitReason.NOTHING,
                done_at=clock.now(),
                lease_until=None,
                last_error="",
            ):
                return
            wiring.handler(path)(_message(row))
        applied = row.seq
    except sequence.Wait as wait:
        _put_back(row, mine, wait)
        return
    except Exception as exc:
        log.exception("inbox_failed", topic=row.topic, message=row.public_id)
        failures = row.attempts - row.waits
        mine.update(
            state=InboxState.DEAD if path is None or failures >= MAX_ATTEMPTS else InboxState.RECEIVED,
            waiting_for=WaitReason.NOTHING,
            next_attempt_at=clock.now() + backoff(failures),
            lease_until=None,
            last_error=type(exc).__name__,
        )
        _ask_for_what_is_missing(row)
    if row.aggregate:
        sequence.release(source=row.source, aggregate=row.aggregate, applied=applied)


def _message(row: InboxMessage) -> Message:
    return Message(
        row.public_id,
        row.topic,
        orjson.loads(row.payload),
        source=row.source,
        received_at=row.received_at,
        aggregate=row.aggregate,
        seq=row.seq,
        waits=row.waits,
    )


def _put_back(row: InboxMessage, mine: "QuerySet[InboxMessage]", wait: sequence.Wait) -> None:
    """Let a message wait, and ask for what is missing before it."""
    mine.update(
        state=InboxState.RECEIVED,
        waiting_for=wait.reason,
        waits=F("waits") + 1,
        next_attempt_at=wait.until,
        lease_until=None,
    )
    if row.seq is None or wait.reason not in {WaitReason.TURN, WaitReason.GAP}:
        return
    # The one before may have been applied since the handler looked, and found nobody to release.
    if sequence.has_moved(source=row.source, aggregate=row.aggregate, seq=row.seq):
        sequence.release(source=row.source, aggregate=row.aggregate)
    elif wait.missing_after is not None:
        for pull in wiring.pulls():
            _ask(pull, row, wait.missing_after)


def _ask_for_what_is_missing(row: InboxMessage) -> None:
    """A message that went ahead of others and failed may have failed for want of them."""
    if row.seq is None:
        return
    after = sequence.missing_before(source=row.source, aggregate=row.aggregate, seq=row.seq)
    if after is not None:
        for pull in wiring.pulls():
            _ask(pull, row, after)


def _ask(pull: wiring.Pull, row: InboxMessage, after: int) -> None:
    try:
        pull(row.source, row.aggregate, after)
    except Exception:
        # What cannot be asked for may still come, and is not waited for without end.
        log.exception("pull_failed", source=row.source)


def _claim(table: str, waiting: str, working: str, batch: int) -> Sequence[int]:
    """Take what has been due for longest: what is tried again and again never holds up what was not tried."""
    moment = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {table} SET state = %s, attempts = attempts + 1, lease_until = %s
            WHERE id IN (
                SELECT id FROM {table} WHERE state = %s AND next_attempt_at <= %s
                ORDER BY next_attempt_at, id LIMIT %s FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            [working, moment + LEASE, waiting, moment, batch],
        )
        return [row[0] for row in cursor.fetchall()]


def sweep() -> int:
    """Return what a dead worker held: rows whose lease has run out are due again."""
    moment = clock.now()
    return Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=moment).update(
        state=DeliveryState.PENDING, lease_until=None, next_attempt_at=moment
    ) + InboxMessage.objects.filter(state=InboxState.WORKING, lease_until__lt=moment).update(
        state=InboxState.RECEIVED, lease_until=None, next_attempt_at=moment
    )


def purge(*, before: datetime) -> int:
    """Delete what was done before a moment; dead letters stay until somebody decides."""
    done = Delivery.objects.filter(state=DeliveryState.DONE, done_at__lt=before).delete()[0]
    outbox = OutboxMessage.objects.filter(relayed_at__lt=before, deliveries=None).delete()[0]
    inbox = InboxMessage.objects.filter(state=InboxState.DONE, done_at__lt=before).delete()[0]
    return done + outbox + inbox


def run_once() -> int:
    """One round of everything that waits; returns how much was done.

    What outside systems told goes first: it is a small part of a round, and what it publishes is delivered in
    the same one. A relay that does not live long would otherwise never come to it.
    """
    return work_inbox() + expand() + deliver() + sum(map(_drained, wiring.drains()))


def _drained(drain: Callable[[], int]) -> int:
    try:
        return drain()
    except (OperationalError, InterfaceError):
        raise  # the database is away, for everything
    except Exception:
        # A full disk under the audit's checkpoints must not stop messages and notices.
        log.exception("drain_failed", drain=f"{drain.__module__}.{drain.__qualname__}")
        return 0
