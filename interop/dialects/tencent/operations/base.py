"""What every operation has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundation.core.actor import Actor
from foundation.gateway.caller import Caller, actor_of_caller
from institutions.types import InstitutionRef
from interop.dialects.tencent.envelope import Fields


@dataclass(frozen=True, slots=True)
class Call:
    """One admitted call.

    Attributes:
        req: The operation's own part of the envelope.
        request_id: The caller's serial number.
        reference: A digest of it, under which the answer is kept.
        learned: What the operation's ``ask_outside`` found out.
    """

    caller: Caller
    institution: InstitutionRef
    req: Fields = field(repr=False)
    request_id: str
    reference: str
    learned: Any = field(default=None, repr=False)

    @property
    def actor(self) -> Actor:
        """The client as the actor of a command."""
        return actor_of_caller(self.caller)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the platform.

    Attributes:
        number: 接口编号.
        purpose: What it is for, as the documents say it.
        rsp: The keys of ``rsp``; a failure answers them all with empty values.
        handle: Makes ``rsp``, in the transaction that also keeps the answer.
        scopes: A client needs one of these.
        ask_outside: Asks other systems, before that transaction; its result is ``learned``.
        takes_app_id: Whether the call is known by its application and not by a token.
        may_answer_again: Raises where a stored success may not be given out once more.
    """

    name: str
    number: str
    purpose: str
    rsp: tuple[str, ...]
    handle: Callable[[Call], Mapping[str, Any]]
    scopes: frozenset[str] = frozenset()
    ask_outside: Callable[[Call], Any] | None = None
    takes_app_id: bool = False
    may_answer_again: Callable[[Call], None] | None = None
