"""What every method has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundation.core.actor import Actor
from foundation.gateway.caller import Caller, actor_of_caller
from interop.dialects.national.envelope import Content


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call.

    Attributes:
        terminal_id: A terminal of the caller's institution that may read codes.
        digest: The request's digest.
        reference: A digest of the caller's serial number, under which the answer is kept.
        learned: What the method's ``ask_outside`` found out.
    """

    caller: Caller
    terminal_id: str
    content: Content = field(repr=False)
    digest: str
    reference: str = ""
    learned: Any = field(default=None, repr=False)

    @property
    def actor(self) -> Actor:
        """The client as the actor of a command."""
        return actor_of_caller(self.caller)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of the SDK.

    Attributes:
        path: Below the root of the site.
        purpose: What it is for, as the documents say it.
        answers: The names of the answer's ``biz_content``.
        handle: Makes the content, in the transaction that also keeps the answer.
        scopes: A client needs one of these.
        serial: The field with the caller's serial number; none where nothing is changed.
        time: The field with the caller's time of the operation.
        ask_outside: Asks other systems, before that transaction; its result is ``learned``.
    """

    name: str
    path: str
    purpose: str
    answers: tuple[str, ...]
    handle: Callable[[Call], Mapping[str, Any]]
    scopes: frozenset[str]
    serial: str = ""
    time: str = ""
    ask_outside: Callable[[Call], Any] | None = None
