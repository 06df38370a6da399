"""Wiring of the tests of the relay: real handlers that leave a trace in the database."""

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.events.services import Message


def note(message: Message) -> None:
    audit.record(Action.CARD_READ, actor=Actor.system("note"), subject=("message", message.id))


def fail(message: Message) -> None:
    audit.record(Action.CARD_READ, actor=Actor.system("fail"), subject=("message", message.id))
    raise ConnectionError("the other side is away")


SUBSCRIPTIONS = {
    "test.both.v1": [f"{__name__}.note", f"{__name__}.fail"],
    "test.note.v1": [f"{__name__}.note"],
}
INBOX = {"test.in.v1": f"{__name__}.note", "test.bad.v1": f"{__name__}.fail"}
DRAINS: list[str] = []
