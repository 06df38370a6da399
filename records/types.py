"""What goes into and comes out of this room. Contents are left out of ``repr``."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Indicator:
    """One result of a laboratory report, as the hospital gave it.

    Attributes:
        code: The hospital's or a common code; results are compared over time by it.
        low, high: Bounds of the reference range, where it has bounds; ``range_text`` is its wording.
        mark: The hospital's own mark, for example ``H``; empty for none.
    """

    code: str = field(repr=False)
    name: str = field(repr=False)
    value: str = field(repr=False)
    unit: str = field(default="", repr=False)
    low: str = field(default="", repr=False)
    high: str = field(default="", repr=False)
    range_text: str = field(default="", repr=False)
    mark: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """A report as a hospital publishes or amends it.

    Attributes:
        number: The hospital's own number of the report.
        kind: One of ``records.rules.ReportKind``.
        reported_at: When the hospital signed it.
        encounter: The hospital's own number of the visit; may be empty.
        has_document: Whether the hospital holds a PDF of it that can be fetched.
        document: SM3 in hex of a PDF that came with it; empty where none did.
    """

    number: str
    kind: str
    title: str = field(repr=False)
    reported_at: datetime
    indicators: Sequence[Indicator] = field(default=(), repr=False)
    findings: str = field(default="", repr=False)
    conclusion: str = field(default="", repr=False)
    department: str = field(default="", repr=False)
    doctor: str = field(default="", repr=False)
    specimen: str = field(default="", repr=False)
    encounter: str = ""
    reason: str = field(default="", repr=False)
    has_document: bool = False
    document: str = ""


@dataclass(frozen=True, slots=True)
class EncounterDetails:
    """A visit as a hospital tells of it.

    Attributes:
        number: The hospital's own number of the visit.
        kind: One of ``records.rules.EncounterKind``.
        medicines: What was prescribed, one line each.
    """

    number: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    department: str = field(default="", repr=False)
    doctor: str = field(default="", repr=False)
    complaint: str = field(default="", repr=False)
    diagnoses: Sequence[str] = field(default=(), repr=False)
    advice: str = field(default="", repr=False)
    medicines: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ReportRef:
    """A report that was written, and whether this call changed anything."""

    report_id: str
    version: int
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call."""

    name: str = field(repr=False)
    relation: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EmergencyDetails:
    """What a resident wants rescuers to know.

    Attributes:
        blood: A value of ``records.rules.BloodGroup``; ``rhesus`` one of ``Rhesus``.
    """

    blood: str = field(default="", repr=False)
    rhesus: str = field(default="", repr=False)
    allergies: str = field(default="", repr=False)
    conditions: str = field(default="", repr=False)
    medicines: str = field(default="", repr=False)
    contacts: Sequence[Contact] = field(default=(), repr=False)
