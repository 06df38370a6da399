"""What a hospital books at its own windows, so that nobody gets the same number here."""

from appointments import errors
from appointments.models import Booking
from appointments.rules import LIVE_STATES
from appointments.selectors import offers
from appointments.selectors.reach import ref_of
from appointments.services.bookings import take_place
from appointments.types import BookedBy, BookingRef, Offer, Patient
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound, PermissionRefused

HOSPITAL = "hospital"


def book_by_hospital(
    *, slot: str, patient: Patient, hospital_ref: str, number: int | None = None, actor: Actor
) -> BookingRef:
    """Take the place that the hospital has given to one of its patients.

    It is booked at once: the fee is the hospital's own affair. A repeat with the same reference gets
    the booking that stands; a booking that was made here and that the hospital has written into its
    own books gets the reference.

    Args:
        hospital_ref: The hospital's own number of the booking.
        number: The number that it has given; None for the first that is free.

    Raises:
        PermissionRefused: Neither a system of the hospital nor the product itself acts.
        NotFound: The band is another institution's.
        HospitalRefTaken: The reference names another booking.
        SlotUnknown, SlotStopped, SlotFull, AlreadyBooked: The place cannot be taken.
    """
    if actor.kind not in (ActorKind.CLIENT, ActorKind.SYSTEM):
        raise PermissionRefused
    offer = offers.offer_of(slot)
    if actor.kind is ActorKind.CLIENT and actor.institution != offer.institution:
        raise NotFound
    known = _known(offer, patient, hospital_ref)
    if known is not None:
        return known
    return take_place(
        offer=offer,
        patient=patient,
        by=BookedBy(channel=HOSPITAL),
        is_booked=True,
        number=number,
        hospital_ref=hospital_ref,
        actor=actor,
    )


def _known(offer: Offer, patient: Patient, hospital_ref: str) -> BookingRef | None:
    rows = Booking.objects.filter(institution=offer.institution_pk)
    named = rows.filter(hospital_ref=hospital_ref).first() if hospital_ref else None
    if named is not None:
        if named.person_id not in patient.anchors or named.slot_id != offer.slot_pk:
            raise errors.HospitalRefTaken(field="hospital_ref")
        return ref_of(named)
    ours = rows.filter(slot=offer.slot_pk, person__in=patient.anchors, state__in=LIVE_STATES)
    if hospital_ref and ours.filter(hospital_ref="").update(hospital_ref=hospital_ref):
        return ref_of(rows.get(hospital_ref=hospital_ref))
    return None
