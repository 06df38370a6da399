"""What this room tells the others: ids and codes only."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events.services import Event


@dataclass(frozen=True)
class ScheduleStopped(Event):
    """A session, or a band of it, is not held (停诊).

    Attributes:
        reason: ``staff`` or ``hospital``: who stopped it; ``withdrawn`` where the hospital's list
            does not name it any more. The words for residents stand at the schedule.
    """

    topic: ClassVar[str] = "schedule.stopped.v1"

    schedule_id: str
    institution: str
    reason: str


@dataclass(frozen=True)
class AppointmentStopped(Event):
    """A booking ended because its session is not held.

    Attributes:
        account_id: Empty where the window or the hospital had booked.
        substitute: Public id of the schedule that is offered instead; empty without one.
    """

    topic: ClassVar[str] = "appointment.stopped.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str
    substitute: str


@dataclass(frozen=True)
class AppointmentHeld(Event):
    """A place is kept for somebody until it is confirmed or the time runs out."""

    topic: ClassVar[str] = "appointment.held.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str
    held_until: str


@dataclass(frozen=True)
class AppointmentBooked(Event):
    """A booking stands."""

    topic: ClassVar[str] = "appointment.booked.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str
    starts_at: str


@dataclass(frozen=True)
class AppointmentCancelled(Event):
    """A booking was cancelled; ``reason`` is a value of ``rules.EndReason``."""

    topic: ClassVar[str] = "appointment.cancelled.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    reason: str


@dataclass(frozen=True)
class AppointmentMoved(Event):
    """A booking took the place of another one (改约).

    Attributes:
        booking_id: The new one.
        moved_from: Public id of the one that it took the place of, which is over.
    """

    topic: ClassVar[str] = "appointment.moved.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str
    starts_at: str
    moved_from: str


@dataclass(frozen=True)
class AppointmentExpired(Event):
    """A place that was kept was not confirmed in time."""

    topic: ClassVar[str] = "appointment.expired.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str


@dataclass(frozen=True)
class AppointmentArrived(Event):
    """Whoever booked has checked in."""

    topic: ClassVar[str] = "appointment.arrived.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str


@dataclass(frozen=True)
class AppointmentMissed(Event):
    """The session is over, and whoever booked did not come."""

    topic: ClassVar[str] = "appointment.missed.v1"

    booking_id: str
    person_id: str
    account_id: str
    institution: str
    schedule_id: str


@dataclass(frozen=True)
class QueueJoined(Event):
    """Somebody has checked in, and waits."""

    topic: ClassVar[str] = "queue.joined.v1"

    ticket_id: str
    person_id: str
    queue_id: str
    institution: str


@dataclass(frozen=True)
class QueueNear(Event):
    """Only so many people are ahead; told at 5, 3 and 1."""

    topic: ClassVar[str] = "queue.near.v1"

    ticket_id: str
    person_id: str
    ahead: int
    institution: str


@dataclass(frozen=True)
class QueueCalled(Event):
    """Somebody is to go to a place now; again if they were called before."""

    topic: ClassVar[str] = "queue.called.v1"

    ticket_id: str
    person_id: str
    place: str
    institution: str


@dataclass(frozen=True)
class QueuePassed(Event):
    """Somebody did not come: they wait again some places behind, or are out."""

    topic: ClassVar[str] = "queue.passed.v1"

    ticket_id: str
    person_id: str
    is_out: bool
    institution: str


@dataclass(frozen=True)
class QueueServed(Event):
    """A visit has ended."""

    topic: ClassVar[str] = "queue.served.v1"

    ticket_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class MedicineReady(Event):
    """A pharmacy has put medicines together."""

    topic: ClassVar[str] = "medicine.ready.v1"

    medicine_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class MedicineCollected(Event):
    """Medicines were handed out."""

    topic: ClassVar[str] = "medicine.collected.v1"

    medicine_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class ExamOrdered(Event):
    """A doctor ordered an examination, which waits to be booked."""

    topic: ClassVar[str] = "exam.ordered.v1"

    order_id: str
    person_id: str
    institution: str


@dataclass(frozen=True)
class ExamFixed(Event):
    """The hospital itself settled when an ordered examination is done."""

    topic: ClassVar[str] = "exam.fixed.v1"

    order_id: str
    person_id: str
    institution: str
    starts_at: str


@dataclass(frozen=True)
class ExamDue(Event):
    """The hospital has an ordered examination remembered, which is to be done soon."""

    topic: ClassVar[str] = "exam.due.v1"

    order_id: str
    person_id: str
    institution: str
    starts_at: str


@dataclass(frozen=True)
class ExamCancelled(Event):
    """An ordered examination, for which no place was taken here, was taken back."""

    topic: ClassVar[str] = "exam.cancelled.v1"

    order_id: str
    person_id: str
    institution: str
