"""What this room tells others: that there is something to read, and never what it says."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class ReportPublished(Event):
    """A hospital published a report of a person."""

    topic: ClassVar[str] = "report.published.v1"

    report_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class ReportAmended(Event):
    """A hospital put another version in the place of a report."""

    topic: ClassVar[str] = "report.amended.v1"

    report_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class ReportWithdrawn(Event):
    """A hospital took a report back."""

    topic: ClassVar[str] = "report.withdrawn.v1"

    report_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class AccessAsked(Event):
    """A doctor asks a person whose own code was scanned to open their records."""

    topic: ClassVar[str] = "access.asked.v1"

    request_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class AccessGranted(Event):
    """Somebody opened a person's records to a doctor."""

    topic: ClassVar[str] = "access.granted.v1"

    grant_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class AccessRevoked(Event):
    """It was taken back."""

    topic: ClassVar[str] = "access.revoked.v1"

    grant_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class RecordOpened(Event):
    """A doctor began to read by a grant; each single reading stands in the person's list."""

    topic: ClassVar[str] = "record.opened.v1"

    access_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class EmergencyOpened(Event):
    """A person's records were opened in an emergency, without consent."""

    topic: ClassVar[str] = "emergency.opened.v1"

    opening_id: str
    person_id: str
    institution: str
