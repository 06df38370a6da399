"""What a suspension does to those who are booked."""

from django.db.models import Q

from appointments.events import AppointmentStopped
from appointments.models import Booking, Schedule
from appointments.rules import LIVE_STATES, BookingState
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from payments import services as payments
from payments.rules import RefundReason

STOPPED = "stopped"


def end_bookings(*, which: Q, substitute: Schedule | None, actor: Actor) -> int:
    """End live bookings by one statement, and tell of each; how many they were.

    The free numbers of their bands are gone before, under a lock: a booking that is made at the same
    moment is either among these, or finds no number.
    """
    moment = clock.now()
    ended = Booking.objects.filter(which, state__in=LIVE_STATES).update(
        state=BookingState.STOPPED, ended_at=moment, end_reason=STOPPED
    )
    if not ended:
        return 0
    just_ended = Booking.objects.filter(which, state=BookingState.STOPPED, ended_at=moment)
    bills = list(just_ended.exclude(bill="").order_by("pk").values_list("bill", flat=True))
    payments.call_off_bills(bills=bills, reason=RefundReason.STOPPED, actor=actor)
    rows = just_ended.order_by("pk").values_list(
        "public_id", "person__public_id", "account", "institution__public_id", "schedule__public_id"
    )
    told = [
        AppointmentStopped(
            booking_id=booking,
            person_id=person,
            account_id=account,
            institution=institution,
            schedule_id=schedule,
            substitute=substitute.public_id if substitute is not None else "",
        )
        for booking, person, account, institution, schedule in rows
    ]
    audit.record_many(
        audit.Entry(
            Action.APPOINTMENT_STOPPED,
            actor,
            ("appointments.Booking", each.booking_id),
            institution=each.institution,
        )
        for each in told
    )
    events.publish_many(told)
    return ended
