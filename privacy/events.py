"""What this room tells others."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class AccountClosed(Event):
    """A resident closed the account."""

    topic: ClassVar[str] = "account.closed.v1"
    account_id: str
