"""Reactions to what became of bills and sessions. Each is idempotent: what is over ends once."""

from collections.abc import Sequence

from django.db import transaction

from appointments.models import Booking
from appointments.rules import LIVE_STATES
from appointments.services.bookings import mark_booked
from appointments.services.care import expire_unpaid
from appointments.services.queues import end_waiting
from foundation.core.actor import Actor
from foundation.events.services import Message
from foundation.events.wiring import takes_many
from payments import services as payments
from payments.rules import RefundReason

_ACTOR = Actor.system("appointments")
_SUBJECT = "appointments.Booking"


@transaction.atomic
def on_bill_paid(message: Message) -> None:
    """Confirm the booking that waited for it; money for one that is over goes back."""
    if message.payload["subject_type"] != _SUBJECT:
        return
    bill = str(message.payload["bill_id"])
    rows = Booking.objects.select_related("institution", "schedule", "slot", "person")
    # A bill goes with a booking that was changed: the newest row is the one that it pays for.
    row = rows.select_for_update(of=("self",)).filter(bill=bill).order_by("-pk").first()
    if row is None or mark_booked(row=row, actor=_ACTOR):
        return
    if row.state not in LIVE_STATES:
        payments.call_off_bills(bills=[bill], reason=RefundReason.LATE, actor=_ACTOR)


def on_bill_over(message: Message) -> None:
    """End the place that was held for a bill which nobody pays any more."""
    if message.payload["subject_type"] == _SUBJECT:
        expire_unpaid(bill=str(message.payload["bill_id"]), actor=_ACTOR)


@takes_many
def on_appointment_cancelled(told: Sequence[Message]) -> None:
    """Whoever had checked in for a visit that the hospital has called off waits for it no more."""
    end_waiting(bookings=[str(message.payload["booking_id"]) for message in told], actor=_ACTOR)


@takes_many
def on_appointment_stopped(told: Sequence[Message]) -> None:
    """Whoever had checked in for a session that is not held waits for it no more."""
    end_waiting(bookings=[str(message.payload["booking_id"]) for message in told], actor=_ACTOR)
