"""When bookings are, and whether they stand: for whoever tells residents of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Booking
from appointments.rules import BookingState


@dataclass(frozen=True, slots=True)
class Time:
    """A booking's band of time, and whether somebody is still to come."""

    starts_at: datetime
    is_standing: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """What a booking is for; ``doctor`` is empty where the department sees patients without a name."""

    starts_at: datetime
    department: str
    doctor: str


def visit_of(booking_id: str) -> Visit | None:
    """What a booking is for. Whoever calls has checked that its reader may know."""
    row = (
        Booking.objects.select_related("slot", "schedule__department", "schedule__doctor")
        .filter(public_id=booking_id)
        .first()
    )
    if row is None:
        return None
    doctor = row.schedule.doctor
    return Visit(row.slot.starts_at, row.schedule.department.name, doctor.name if doctor else "")


def times_of(booking_ids: Iterable[str]) -> dict[str, Time]:
    """The times of many bookings by their public ids, in one query; unknown ids are left out."""
    rows = Booking.objects.filter(public_id__in=set(booking_ids))
    return {
        public_id: Time(starts_at, state == BookingState.BOOKED)
        for public_id, starts_at, state in rows.values_list("public_id", "slot__starts_at", "state")
    }
