"""The composition root's list of who hears what, read once.

The module named by ``settings.EVENT_WIRING`` holds ``SUBSCRIPTIONS`` (topic -> dotted paths of
handlers), ``INBOX`` (topic -> one dotted path), ``DRAINS`` (dotted paths of functions that the
relay calls in each round and that return how much they did), ``INBOUND`` (type of event -> dotted
path of its ``InboundType``) and ``PULLS`` (dotted paths of functions that ask a source for what it
told of an aggregate after a number).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from importlib import import_module

from django.conf import settings
from django.utils.module_loading import import_string

from foundation.events.services import Message

Handler = Callable[[Message], None]
# Of events that come by thousands, such as a clinic that stops: many in one transaction.
ManyHandler = Callable[[Sequence[Message]], None]
# Source, aggregate, and the number after which something is missing; asks, and does not wait.
Pull = Callable[[str, str, int], None]

_MANY = "takes_many"


def _wiring() -> object:
    return import_module(settings.EVENT_WIRING)


def subscribers(topic: str) -> Sequence[str]:
    """Dotted paths of the handlers of a topic."""
    table: Mapping[str, Sequence[str]] = vars(_wiring())["SUBSCRIPTIONS"]
    return table.get(topic, ())


def inbox_handler(topic: str) -> str | None:
    """Dotted path of the handler of an inbound topic."""
    table: Mapping[str, str] = vars(_wiring())["INBOX"]
    return table.get(topic)


@cache
def handler(path: str) -> Handler:
    """The handler at a dotted path."""
    found: Handler = import_string(path)
    return found


def takes_many(many: ManyHandler) -> Handler:
    """Mark a handler that is given all due messages of its subscription together.

    They are done or not done in one transaction; if it fails, each is tried again by itself.
    """

    @wraps(many)
    def one(message: Message) -> None:
        many([message])

    setattr(one, _MANY, many)
    return one


def many_handler(path: str) -> ManyHandler | None:
    """The same for many messages at once, where the handler takes them."""
    found: ManyHandler | None = getattr(handler(path), _MANY, None)
    return found


@cache
def drains() -> tuple[Callable[[], int], ...]:
    """Functions that take work from hot tables in batches."""
    paths: Sequence[str] = vars(_wiring())["DRAINS"]
    return tuple(import_string(path) for path in paths)


def pulls() -> tuple[Pull, ...]:
    """Functions that ask for what is missing."""
    paths: Sequence[str] = vars(_wiring()).get("PULLS", ())
    return tuple(import_string(path) for path in paths)


def inbound_paths() -> Mapping[str, str]:
    """Dotted paths of the types of events that institutions send, by their names."""
    table: Mapping[str, str] = vars(_wiring()).get("INBOUND", {})
    return table
