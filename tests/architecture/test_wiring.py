"""Who hears what: nothing is published into the void, and nobody waits for what never comes."""

import importlib
from collections.abc import Iterator

import pytest
from django.utils.module_loading import import_string

from foundation.events.services import Event
from portal import wiring
from tests.architecture.source import ROOMS, sources

# Published for outsiders and later rooms: topic and why nobody here listens.
FOR_OTHERS = {
    "appointment.held.v1": "whoever holds a place is on the page that says so",
    "face.checked.v1": "the institution asks for the outcome by its own operation",
    "application.submitted.v1": "work lists and figures of the centre; its own check is a task",
    "consent.withdrawn.v1": "each use asks for the consent in force",
    "pay_channel.unhealthy.v1": "for the operator's alarms; the same is in the log",
    "person.registered.v1": "for record linkage, which has no room yet",
    "institution.approved.v1": "for institutions' own systems",
    "institution.suspended.v1": "clients are held in the same transaction",
    "institution.resumed.v1": "clients are released in the same transaction",
}


def published() -> Iterator[type[Event]]:
    for source in sources():
        if source.module.endswith(".events") and source.module not in {"foundation.events", *ROOMS}:
            module = importlib.import_module(source.module)
            for found in vars(module).values():
                if isinstance(found, type) and issubclass(found, Event) and found is not Event:
                    yield found


def topics() -> set[str]:
    return {event.topic for event in published()}


def test_every_topic_has_a_subscriber_or_is_listed_as_for_others() -> None:
    assert topics() - set(wiring.SUBSCRIPTIONS) - set(FOR_OTHERS) == set()


def test_every_topic_that_is_subscribed_or_listed_is_published() -> None:
    assert set(wiring.SUBSCRIPTIONS) | set(FOR_OTHERS) <= topics()
    assert not set(wiring.SUBSCRIPTIONS) & set(FOR_OTHERS)
    assert all(FOR_OTHERS.values())


def test_no_two_events_share_a_topic_and_each_topic_has_a_version() -> None:
    found = [event.topic for event in published()]
    assert len(found) == len(set(found))
    assert all(topic.rpartition(".v")[2].isdigit() for topic in found)


@pytest.mark.parametrize(
    "path",
    [
        *(path for handlers in wiring.SUBSCRIPTIONS.values() for path in handlers),
        *wiring.INBOX.values(),
        *wiring.DRAINS,
    ],
)
def test_every_handler_exists(path: str) -> None:
    assert callable(import_string(path))
