"""Giving a place up, by cancelling or for another one."""

from datetime import timedelta

from django.db import transaction

from appointments import errors
from appointments.events import AppointmentCancelled, AppointmentMoved
from appointments.models import Booking
from appointments.returning import end_booking, give_back
from appointments.rules import BookingState, EndReason
from appointments.selectors import offers
from appointments.selectors.reach import patient_of_row, reach
from appointments.selectors.standing import explain
from appointments.services.taking import take
from appointments.types import BookedBy, BookingRef, Offer, Terms
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.services import Entry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.ids import new_public_id
from foundation.events import services as events
from institutions.rules import Duty
from institutions.services import require_of_staff
from payments import services as payments
from payments.rules import RefundReason

_BY: dict[ActorKind, EndReason] = {
    ActorKind.RESIDENT: EndReason.RESIDENT,
    ActorKind.STAFF: EndReason.STAFF,
    ActorKind.CLIENT: EndReason.HOSPITAL,
    ActorKind.SYSTEM: EndReason.HOSPITAL,
}
LEAVABLE = (BookingState.HELD, BookingState.BOOKED)


@transaction.atomic
def cancel_booking(*, booking: str, reason: str = "", is_called_off: bool = False, actor: Actor) -> None:
    """Cancel a booking; its place comes back at a moment that nobody can guess.

    Args:
        reason: What staff write down; residents are not asked why.
        is_called_off: The hospital itself calls the visit off, also for whoever has checked in; their
            waiting ends after the commit, as where a session is not held.

    Raises:
        BookingNotFound: There is none that the actor may act on.
        BookingStateConflict: It is over, or its patient has checked in.
        TooLateToCancel: A resident asks after the hospital's limit.
    """
    require_of_staff(actor, Duty.BOOK_FOR_RESIDENTS)
    row = reach(booking, actor)
    terms = offers.terms_of(row.institution_id)
    if not (is_called_off and row.state == BookingState.ARRIVED):
        _require_leavable(row, terms, actor)
    end_booking(row=row, state=BookingState.CANCELLED, reason=_BY[actor.kind])
    give_back(row=row, terms=terms)
    if row.bill:
        payments.call_off_bills(bills=[row.bill], reason=RefundReason.CANCELLED, actor=actor)
    audit.record(
        Action.APPOINTMENT_CANCELLED,
        actor=_acting_for(actor, row),
        subject=row,
        institution=row.institution.public_id,
        reason=reason,
        details={"before": row.state},
    )
    events.publish(
        AppointmentCancelled(
            booking_id=row.public_id,
            person_id=row.person.public_id,
            account_id=row.account,
            institution=row.institution.public_id,
            reason=_BY[actor.kind].value,
        )
    )


@transaction.atomic
def change_booking(*, booking: str, slot: str, actor: Actor) -> BookingRef:
    """Book another band of the same department instead; the old place is kept if that one is gone.

    A bill that is paid goes with it, so the fee must be the same.

    Raises:
        BookingNotFound, BookingStateConflict, TooLateToCancel: As ``cancel_booking``.
        SamePlace, ChangeElsewhere: It cannot be changed to this band.
        SlotUnknown, SlotNotReleased, SlotClosed, SlotStopped, SlotFull, AlreadyBooked: The other
            band cannot be booked.
    """
    require_of_staff(actor, Duty.BOOK_FOR_RESIDENTS)
    row = reach(booking, actor)
    if row.state != BookingState.BOOKED:
        raise errors.BookingStateConflict(state=row.get_state_display())
    offer = offers.offer_of(slot)
    _require_leavable(row, offer.terms, actor)
    _require_exchangeable(row, offer)
    by = BookedBy(channel=row.channel, account=row.account, device=row.device)
    if actor.kind is ActorKind.RESIDENT:
        offers.require_on_sale(offer)
    end_booking(row=row, state=BookingState.CANCELLED, reason=EndReason.MOVED)
    # The hospital's own number goes along, and names one row.
    Booking.objects.filter(pk=row.pk).update(hospital_ref="")
    booking_id = new_public_id()
    patient = patient_of_row(row)
    found = take(
        offer=offer,
        patient=patient,
        by=by,
        booking_id=booking_id,
        state=BookingState.BOOKED,
        held_until=None,
        entry=Entry(
            Action.APPOINTMENT_MOVED,
            _acting_for(actor, row),
            ("appointments.Booking", booking_id),
            institution=offer.institution,
            details={"before": row.public_id},
        ),
        event=AppointmentMoved(
            booking_id=booking_id,
            person_id=patient.person_id,
            account_id=row.account,
            institution=offer.institution,
            schedule_id=offer.schedule_id,
            starts_at=offer.starts_at.isoformat(),
            moved_from=row.public_id,
        ),
        moved_from=row.pk,
        bill=row.bill,
        hospital_ref=row.hospital_ref,
    )
    if found is None:
        # Leaving the transaction by an exception gives the old place back as it was.
        raise explain(offer=offer, patient=patient, by=BookedBy(channel=row.channel))
    give_back(row=row, terms=offer.terms)
    return BookingRef(
        booking_pk=found[0],
        booking_id=booking_id,
        number=found[1],
        state=BookingState.BOOKED.value,
        fee_fen=row.fee_fen,
        bill=row.bill,
    )


def _require_leavable(row: Booking, terms: Terms, actor: Actor) -> None:
    if row.state not in LEAVABLE:
        raise errors.BookingStateConflict(state=row.get_state_display())
    last = row.slot.starts_at - timedelta(minutes=terms.cancel_minutes)
    # What is only held was never promised; it would be given back by itself in some minutes.
    if actor.kind is ActorKind.RESIDENT and row.state == BookingState.BOOKED and clock.now() > last:
        raise errors.TooLateToCancel


def _require_exchangeable(row: Booking, offer: Offer) -> None:
    if offer.slot_pk == row.slot_id:
        raise errors.SamePlace
    is_near = offer.department_pk == row.schedule.department_id
    # Examinations are planned anew, so that no rule between them is broken.
    if offer.is_exam or not is_near or offer.fee_fen != row.fee_fen:
        raise errors.ChangeElsewhere


def _acting_for(actor: Actor, row: Booking) -> Actor:
    return actor.acting_for(row.person.public_id) if actor.kind is ActorKind.RESIDENT else actor
