"""Checking in, and the end of a visit."""

from django.db import transaction

from appointments import errors
from appointments.events import AppointmentArrived
from appointments.models import Booking
from appointments.returning import end_booking
from appointments.rules import BookingState, EndReason
from appointments.selectors.reach import reach, ref_of
from appointments.types import BookingRef
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from institutions.rules import Duty
from institutions.services import require_of_staff

_MAY_ARRIVE = (BookingState.BOOKED, BookingState.MISSED)


@transaction.atomic
def arrive_booking(*, booking: str, actor: Actor) -> BookingRef:
    """Note that whoever booked has come; also too late, where the desk takes them in.

    Whether it is the day and the place is checked by whoever checks in.

    Raises:
        BookingNotFound: There is none that the actor may act on.
        BookingStateConflict: It is not booked, or checked in already.
    """
    require_of_staff(actor, Duty.CALL_QUEUE)
    row = reach(booking, actor)
    moment = clock.now()
    arrived = Booking.objects.filter(pk=row.pk, state__in=_MAY_ARRIVE).update(
        state=BookingState.ARRIVED, arrived_at=moment, ended_at=None, end_reason=""
    )
    if not arrived:
        raise errors.BookingStateConflict(state=row.get_state_display())
    audit.record(
        Action.APPOINTMENT_ARRIVED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"before": row.state},
    )
    events.publish(
        AppointmentArrived(
            booking_id=row.public_id,
            person_id=row.person.public_id,
            account_id=row.account,
            institution=row.institution.public_id,
            schedule_id=row.schedule.public_id,
        )
    )
    row.state, row.arrived_at = BookingState.ARRIVED, moment
    return ref_of(row)


@transaction.atomic
def finish_booking(*, booking: str, actor: Actor) -> None:
    """Note that the doctor has seen whoever had checked in.

    Raises:
        BookingNotFound: There is none that the actor may act on.
        BookingStateConflict: Nobody has checked in with it.
    """
    require_of_staff(actor, Duty.CALL_QUEUE)
    row = reach(booking, actor)
    if row.state != BookingState.ARRIVED:
        raise errors.BookingStateConflict(state=row.get_state_display())
    end_booking(row=row, state=BookingState.DONE, reason=EndReason.SEEN)
    audit.record(
        Action.APPOINTMENT_FINISHED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"before": BookingState.ARRIVED.value},
    )
