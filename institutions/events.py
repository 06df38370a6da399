"""What this room publishes."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class InstitutionApproved(Event):
    """An institution takes part from now on."""

    topic: ClassVar[str] = "institution.approved.v1"
    institution: str


@dataclass(frozen=True)
class InstitutionSuspended(Event):
    """An institution is shut out; its clients are refused already."""

    topic: ClassVar[str] = "institution.suspended.v1"
    institution: str


@dataclass(frozen=True)
class InstitutionResumed(Event):
    """A suspended institution takes part again."""

    topic: ClassVar[str] = "institution.resumed.v1"
    institution: str
