"""What this room publishes."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class HoldingOpened(Event):
    """An account may act for a person from now on."""

    topic: ClassVar[str] = "holding.opened.v1"

    holding_id: str
    account_id: str
    person_id: str
    relation: str
    level: int


@dataclass(frozen=True)
class HoldingEnded(Event):
    """An account may no longer act for a person.

    Attributes:
        relation: What the holder was to the person.
        end_reason: A value of ``identity.models.EndReason``; empty in old events.
    """

    topic: ClassVar[str] = "holding.ended.v1"

    holding_id: str
    account_id: str
    person_id: str
    relation: str = ""
    end_reason: str = ""


@dataclass(frozen=True)
class HoldingEnding(Event):
    """A child comes of age soon: its guardian's hold ends on that day."""

    topic: ClassVar[str] = "holding.ending.v1"

    holding_id: str
    account_id: str
    person_id: str


@dataclass(frozen=True)
class ConsentWithdrawn(Event):
    """An account no longer agrees to something."""

    topic: ClassVar[str] = "consent.withdrawn.v1"

    account_id: str
    kind: str


@dataclass(frozen=True)
class FaceChecked(Event):
    """Somebody showed their face for an institution's order.

    Attributes:
        outcome: ``passed`` or ``failed``.
    """

    topic: ClassVar[str] = "face.checked.v1"

    order_id: str
    institution_id: str
    outcome: str
