"""What this room publishes."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class PersonRegistered(Event):
    """A person was seen for the first time."""

    topic: ClassVar[str] = "person.registered.v1"

    person_id: str
    source: str


@dataclass(frozen=True)
class PersonUpdated(Event):
    """Particulars of a person changed; ``fields`` names them."""

    topic: ClassVar[str] = "person.updated.v1"

    person_id: str
    fields: tuple[str, ...]
