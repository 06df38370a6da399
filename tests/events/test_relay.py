"""From outbox to subscriber, and from the inbox to its handler."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
import time_machine
from django.db import connection, transaction
from pytest_django import Settings

from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import live, relay, wiring
from foundation.events import services as events
from foundation.events.models import Delivery, DeliveryState, InboxMessage, OutboxMessage
from foundation.events.types import InboxState


@dataclass(frozen=True)
class Noted(events.Event):
    topic: ClassVar[str] = "test.note.v1"
    thing_id: str


@dataclass(frozen=True)
class Both(events.Event):
    topic: ClassVar[str] = "test.both.v1"
    thing_id: str


@pytest.fixture(autouse=True)
def _wired(settings: Settings) -> Iterator[None]:
    settings.EVENT_WIRING = "tests.events.subscribers"
    wiring.drains.cache_clear()
    yield
    wiring.drains.cache_clear()


def heard(by: str) -> int:
    return AuditEntry.objects.filter(actor_id=f"system:{by}").count()


@pytest.mark.django_db
def test_an_event_reaches_its_subscriber_once() -> None:
    events.publish(Noted("t1"))
    assert relay.run_once() == 2  # expanded, delivered
    assert relay.run_once() == 0
    assert heard("note") == 1


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        events.publish(Noted("t1"))


@pytest.mark.django_db(transaction=True)
def test_an_event_of_a_rolled_back_change_never_happened() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        events.publish(Noted("t1"))
        raise ZeroDivisionError
    relay.run_once()
    assert heard("note") == 0


@pytest.mark.django_db
def test_a_failing_subscriber_delays_only_itself_and_leaves_nothing_half_done() -> None:
    events.publish(Both("t1"))
    relay.run_once()
    assert heard("note") == 1
    assert heard("fail") == 0  # its entry was rolled back with it
    failed = Delivery.objects.get(subscriber__endswith="fail")
    assert failed.state == DeliveryState.PENDING
    assert failed.last_error == "ConnectionError"
    assert failed.next_attempt_at > clock.now()


@pytest.mark.django_db
def test_retries_end_in_a_dead_letter_that_stays() -> None:
    events.publish(Both("t1"))
    moment = clock.now()
    for _ in range(relay.MAX_ATTEMPTS):
        with time_machine.travel(moment, tick=False):
            relay.run_once()
        moment += timedelta(days=2)
    dead = Delivery.objects.get(subscriber__endswith="fail")
    assert (dead.state, dead.attempts) == (DeliveryState.DEAD, relay.MAX_ATTEMPTS)
    relay.purge(before=moment + timedelta(days=400))
    assert Delivery.objects.filter(pk=dead.pk).exists()


@pytest.mark.django_db
def test_what_a_killed_relay_held_is_taken_up_again() -> None:
    events.publish(Noted("t1"))
    relay.expand()
    Delivery.objects.update(
        state=DeliveryState.SENDING, attempts=1, lease_until=clock.now() - timedelta(seconds=1)
    )
    assert relay.deliver() == 0
    assert relay.sweep() == 1
    relay.deliver()
    assert heard("note") == 1


@pytest.mark.django_db
def test_many_events_are_published_in_one_copy() -> None:
    assert events.publish_many(Noted(f"t{n}") for n in range(40)) == 40
    relay.run_once()
    assert heard("note") == 40
    assert OutboxMessage.objects.filter(relayed_at=None).count() == 0


@pytest.mark.django_db
def test_a_repeated_inbound_message_is_kept_once_and_handled_once() -> None:
    arguments = {"source": "his-1", "message_id": "m-1", "topic": "test.in.v1", "payload": {"id": "x"}}
    assert events.receive(**arguments) is True  # type: ignore[arg-type]
    assert events.receive(**arguments) is False  # type: ignore[arg-type]
    relay.run_once()
    assert heard("note") == 1
    assert InboxMessage.objects.get().state == InboxState.DONE


@pytest.mark.django_db
def test_an_inbound_payload_is_not_readable_in_the_database() -> None:
    events.receive(source="his-1", message_id="m-1", topic="test.in.v1", payload={"note": "readable-words"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT payload FROM events_inbox")
        stored = bytes(cursor.fetchone()[0])
    assert b"readable" not in stored


@pytest.mark.django_db
def test_an_inbound_message_that_nobody_handles_waits_for_staff() -> None:
    events.receive(source="his-1", message_id="m-2", topic="test.unknown.v1", payload={})
    relay.run_once()
    assert InboxMessage.objects.get().state == InboxState.DEAD


@pytest.mark.django_db
def test_live_notices_can_be_read_after_a_position() -> None:
    _, position = live.recent("account-1")
    live.send_many([("account-1", "code.used", {"n": 1}), ("account-2", "code.used", {"n": 2})])
    notices, after = live.recent("account-1", position)
    assert [(notice["kind"], notice["data"]) for notice in notices] == [("code.used", {"n": 1})]
    assert live.recent("account-1", after) == ([], after)


@pytest.mark.django_db
def test_a_failing_drain_stops_neither_the_others_nor_the_messages(settings: Settings) -> None:
    settings.EVENT_WIRING = "tests.events.broken_drain"
    wiring.drains.cache_clear()
    try:
        events.publish(Noted("t1"))
        assert relay.run_once() >= 3  # expanded, delivered, and the good drain
        assert heard("note") == 1
    finally:
        wiring.drains.cache_clear()
