"""What a hospital changes of the bookings that it made, or was told of, at its own windows."""

from datetime import datetime

from django.db import transaction

from appointments import errors
from appointments.events import AppointmentMissed
from appointments.models import Booking, Slot
from appointments.returning import end_booking
from appointments.rules import LIVE_STATES, BookingState, EndReason
from appointments.selectors.reach import patient_of_row
from appointments.services.hospital import book_by_hospital
from appointments.services.leaving import cancel_booking, change_booking
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events


@transaction.atomic
def cancel_by_hospital(*, institution_pk: int, hospital_ref: str, reason: str = "", actor: Actor) -> bool:
    """Cancel a booking by the hospital's own number of it, also when its patient has checked in.

    Returns:
        Whether it was live; what is over stays as it is.

    Raises:
        BookingNotFound: The hospital has said no such number.
    """
    row = _named(institution_pk, hospital_ref)
    if row.state not in LIVE_STATES:
        return False
    cancel_booking(booking=row.public_id, reason=reason, is_called_off=True, actor=actor)
    return True


@transaction.atomic
def move_by_hospital(*, institution_pk: int, hospital_ref: str, slot: str, actor: Actor) -> None:
    """Take another place for a booking, which keeps the hospital's number.

    Within a department the booking moves; elsewhere, or when its patient has checked in, it ends and
    another one begins.

    Raises:
        BookingNotFound: The hospital has said no such number.
        SlotUnknown, SlotStopped, SlotFull, AlreadyBooked: The other place cannot be taken, and the
            old one is kept.
    """
    row = _named(institution_pk, hospital_ref)
    if row.slot.public_id == slot:
        return
    # The number belongs to one row at a time.
    Booking.objects.filter(pk=row.pk).update(hospital_ref="")
    try:
        with transaction.atomic():
            moved = change_booking(booking=row.public_id, slot=slot, actor=actor)
            Booking.objects.filter(public_id=moved.booking_id).update(hospital_ref=hospital_ref)
    except (errors.ChangeElsewhere, errors.BookingStateConflict):
        if row.state in LIVE_STATES:
            cancel_booking(booking=row.public_id, is_called_off=True, actor=actor)
        book_by_hospital(slot=slot, patient=patient_of_row(row), hospital_ref=hospital_ref, actor=actor)


@transaction.atomic
def miss_by_hospital(*, institution_pk: int, hospital_ref: str, actor: Actor) -> bool:
    """Note that somebody did not come, where the hospital checks in by itself.

    Returns:
        Whether the booking stood until now, and its time had come.

    Raises:
        BookingNotFound: The hospital has said no such number.
    """
    row = _named(institution_pk, hospital_ref)
    if row.state != BookingState.BOOKED or row.slot.starts_at > clock.now():
        return False
    end_booking(row=row, state=BookingState.MISSED, reason=EndReason.SESSION_OVER)
    audit.record(
        Action.APPOINTMENT_MISSED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"before": BookingState.BOOKED.value},
    )
    events.publish(
        AppointmentMissed(
            booking_id=row.public_id,
            person_id=row.person.public_id,
            account_id=row.account,
            institution=row.institution.public_id,
            schedule_id=row.schedule.public_id,
        )
    )
    return True


def slot_named(*, institution_pk: int, schedule_code: str, starts_at: datetime) -> str:
    """Public id of the band of a hospital's session that begins then.

    Raises:
        SlotUnknown: Nobody has heard of it.
    """
    bands = Slot.objects.filter(
        schedule__institution=institution_pk, schedule__code=schedule_code, starts_at=starts_at
    )
    found = bands.values_list("public_id", flat=True).first()
    if found is None:
        raise errors.SlotUnknown
    return found


def _named(institution_pk: int, hospital_ref: str) -> Booking:
    rows = Booking.objects.select_related("institution", "schedule", "slot", "person")
    row = rows.filter(institution=institution_pk, hospital_ref=hospital_ref).first()
    if row is None:
        raise errors.BookingNotFound
    return row
