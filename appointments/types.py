"""What this room is told, and what it shows others."""

from dataclasses import dataclass
from datetime import date, datetime

from appointments.rules import ClinicKind


@dataclass(frozen=True, slots=True)
class Band:
    """A band of time with its number of places, as a hospital says it."""

    starts_at: datetime
    ends_at: datetime
    capacity: int


@dataclass(frozen=True, slots=True)
class ScheduleDetails:
    """What a hospital says of a session.

    Attributes:
        code: The hospital's own number of it.
        department, doctor: The hospital's own codes; no doctor where the department is booked.
        is_open: False where the session is stopped (停诊).
        substitute: The code of the session that is offered instead of a stopped one.
    """

    code: str
    department: str
    date: date
    session: str
    bands: tuple[Band, ...]
    doctor: str = ""
    kind: str = ClinicKind.GENERAL.value
    fee_fen: int = 0
    is_open: bool = True
    stop_reason: str = ""
    substitute: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both counted."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Refused:
    """A schedule that was not taken over, and the field that is why."""

    code: str
    field: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the schedules that a hospital said.

    Attributes:
        stale: Something newer had been heard of these before.
    """

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    stopped: int = 0
    stale: int = 0
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a suspension touched."""

    schedules: int
    bookings: int


@dataclass(frozen=True, slots=True)
class Patient:
    """For whom is booked.

    Attributes:
        person_pk: The survivor of the person's cluster, on which new rows are written.
        anchors: Every anchor of the person; rules of a person hold over all of them.
    """

    person_pk: int
    person_id: str
    anchors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BookedBy:
    """Through what a place is taken.

    Attributes:
        account: Public id of the account; empty where the window or the hospital books.
        channel: ``h5``, ``mini``, ``window`` or ``hospital``.
        device: Keyed digest of the device; empty where there is none.
    """

    channel: str
    account: str = ""
    device: str = ""

    @property
    def is_resident(self) -> bool:
        """Whether a resident books, to whom the limits and hours of the net apply."""
        return bool(self.account)


@dataclass(frozen=True, slots=True)
class BookingRef:
    """A booking, and where it stands.

    Attributes:
        bill: Public id of the bill to pay before it stands; empty without a fee.
        held_until: Until when the place is kept; None once it is booked.
    """

    booking_pk: int
    booking_id: str
    number: int
    state: str
    fee_fen: int = 0
    bill: str = ""
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """An institution's rules of booking; the defaults are those of ``models.BookingRule``."""

    hold_minutes: int
    cancel_minutes: int
    return_least_minutes: int
    return_most_minutes: int
    person_day_limit: int
    person_open_limit: int
    account_day_limit: int
    device_day_limit: int
    cancel_day_limit: int
    missed_limit: int
    missed_days: int
    missed_pause_days: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A band of time as it is offered: what does not change while it is sold.

    Attributes:
        institution: Public id.
    """

    slot_pk: int
    slot_id: str
    schedule_pk: int
    schedule_id: str
    department_pk: int
    institution_pk: int
    institution: str
    fee_fen: int
    starts_at: datetime
    releases_at: datetime
    closes_at: datetime
    terms: Terms
    is_exam: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How often somebody has booked and stayed away, as far as limits ask.

    Attributes:
        here: Live bookings of the session that is asked about.
    """

    today: int = 0
    open: int = 0
    cancelled: int = 0
    missed: int = 0
    last_missed_at: datetime | None = None
    here: int = 0
    of_account: int = 0
    of_device: int = 0
