"""Many relays apply the events of a few aggregates: each once, in order; and without the guard."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from foundation.core import clock
from foundation.events import relay, sequence
from foundation.events.models import InboxMessage, Sequence
from foundation.events.types import InboxState
from foundation.gateway import inbound
from tests.interop import hearing
from tests.interop.hearing import heard
from tests.interop.senders import event
from tests.interop.world import Place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("NT-01")]

RELAYS = 5
THINGS = ("a", "b", "c")
LAST = 8


@pytest.fixture(autouse=True)
def _wired(settings: Settings) -> Iterator[None]:
    settings.EVENT_WIRING = "tests.interop.hearing"
    settings.EVENT_GAP_SECONDS = 600
    hearing.asked.clear()
    yield
    hearing.asked.clear()


def race(work: object) -> list[object]:
    barrier = threading.Barrier(RELAYS, timeout=30)

    def one(_number: int) -> object:
        try:
            connection.ensure_connection()
            barrier.wait()
            return work()  # type: ignore[operator]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RELAYS) as threads:
        return list(threads.map(one, range(RELAYS)))


def test_one_event_that_comes_many_times_at_once_is_kept_once() -> None:
    place = Place()
    told = event("test.step", state="waiting")
    outcomes = race(lambda: inbound.accept(told, institution=place.public_id))
    assert outcomes.count(True) == 1
    assert InboxMessage.objects.count() == 1


def test_many_relays_apply_shuffled_and_repeated_events_once_and_in_order() -> None:
    place = Place()
    told = [
        event("test.step", seq=seq, aggregate=f"thing:{thing}", state="waiting")
        for thing in THINGS
        for seq in range(1, LAST + 1)
    ]
    repeated = [*told, *random.sample(told, 8)]
    random.shuffle(repeated)
    for one in repeated:
        inbound.accept(one, institution=place.public_id)

    def relay_until_done() -> None:
        # What waits would look again after half a minute; whoever applies the one before wakes it.
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if not relay.work_inbox(batch=2):
                if not InboxMessage.objects.exclude(state=InboxState.DONE).exists():
                    return
                time.sleep(0.02)

    race(relay_until_done)
    assert not InboxMessage.objects.exclude(state=InboxState.DONE).exists()
    for thing in THINGS:
        assert heard(f"thing:{thing}") == [f"{seq} waiting" for seq in range(1, LAST + 1)]


def test_reading_the_number_first_and_writing_it_afterwards_would_apply_one_event_twice() -> None:
    Sequence.objects.create(source="institution:x", aggregate="thing:1", applied=1, moved_at=clock.now())
    reading = threading.Barrier(RELAYS, timeout=30)

    def without_the_conditional_update() -> bool:
        with transaction.atomic():
            row = Sequence.objects.get()
            reading.wait()
            if row.applied != 1:
                return False
            row.applied = 2
            row.save()
            return True

    assert race(without_the_conditional_update).count(True) == RELAYS


def test_with_the_conditional_update_one_applies_it() -> None:
    place = Place()
    inbound.accept(event("test.step", seq=1, state="waiting"), institution=place.public_id)
    row = InboxMessage.objects.get()

    def with_it() -> bool:
        with transaction.atomic():
            return sequence.take_turn(relay._message(row))

    assert race(with_it).count(True) == 1
