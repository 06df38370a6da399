"""Holding, booking, confirming, and booking for several people at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from appointments import errors
from appointments.events import AppointmentBooked, AppointmentHeld
from appointments.models import Booking
from appointments.rules import BookingState
from appointments.selectors import offers
from appointments.selectors.reach import reach, ref_of
from appointments.selectors.standing import explain
from appointments.services.taking import take
from appointments.types import BookedBy, BookingRef, Offer, Patient
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.services import Entry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound
from foundation.core.ids import new_public_id
from foundation.events import services as events
from foundation.events.services import Event
from institutions.rules import Duty
from institutions.services import require_of_staff
from mpi import selectors as mpi
from payments import services as payments
from payments.rules import Category
from payments.types import Charge

LABEL = "appointments.Booking"


def hold_slot(*, slot: str, patient: Patient, by: BookedBy, actor: Actor) -> BookingRef:
    """Keep a place for some minutes, until it is confirmed.

    Raises:
        SlotUnknown, SlotNotReleased, SlotClosed, SlotStopped, SlotFull: It cannot be booked.
        AlreadyBooked: The person has a live booking of the session.
        BookingLimit: Person, account or device have booked too often.
    """
    require_of_staff(actor, Duty.BOOK_FOR_RESIDENTS)
    offer = _offer(slot, by, actor)
    return take_place(offer=offer, patient=patient, by=by, is_booked=False, actor=actor)


def book_slot(*, slot: str, patient: Patient, by: BookedBy, actor: Actor) -> BookingRef:
    """Book a place; where a fee is due it is kept until the bill that this opens is paid.

    Raises:
        As ``hold_slot``.
    """
    require_of_staff(actor, Duty.BOOK_FOR_RESIDENTS)
    offer = _offer(slot, by, actor)
    if not offer.fee_fen:
        return take_place(offer=offer, patient=patient, by=by, is_booked=True, actor=actor)
    with transaction.atomic():
        ref = take_place(offer=offer, patient=patient, by=by, is_booked=False, actor=actor)
        return replace(ref, bill=_bill(ref, patient.person_pk, offer.institution, actor))


def book_together(
    *, choices: Sequence[tuple[str, Patient]], by: BookedBy, only_hold: bool = False, actor: Actor
) -> list[BookingRef]:
    """Book, or only hold, for several people, each in a band of their own choice, all or none.

    Raises:
        NobodyChosen: The list is empty.
        As ``hold_slot``, of the first who cannot be booked.
    """
    if not choices:
        raise errors.NobodyChosen
    deed = hold_slot if only_hold else book_slot
    if len(choices) == 1:
        return [deed(slot=choices[0][0], patient=choices[0][1], by=by, actor=actor)]
    # Everybody goes through the bands in the same order, so that nobody waits for each other.
    order = sorted(range(len(choices)), key=lambda place: choices[place][0])
    made: dict[int, BookingRef] = {}
    with transaction.atomic():
        for place in order:
            slot, patient = choices[place]
            made[place] = deed(slot=slot, patient=patient, by=by, actor=actor)
    return [made[place] for place in range(len(choices))]


@transaction.atomic
def confirm_booking(*, booking: str, actor: Actor) -> BookingRef:
    """Confirm what was held; where a fee is due, open its bill and wait for it to be paid.

    Raises:
        BookingNotFound: There is none that the actor may act on.
        HoldOver: The time to confirm has run out.
        BookingStateConflict: It is not held.
    """
    rows = Booking.objects.select_related("institution", "schedule", "slot", "person")
    # Two presses of the button open one bill, and a hold that ends in this moment stays ended.
    row = rows.select_for_update(of=("self",)).get(pk=reach(booking, actor).pk)
    if row.state != BookingState.HELD:
        raise errors.BookingStateConflict(state=row.get_state_display())
    if row.held_until is None or row.held_until <= clock.now():
        raise errors.HoldOver
    if not row.fee_fen:
        mark_booked(row=row, actor=actor)
    elif not row.bill:
        row.bill = _bill(ref_of(row), mpi.survivor(row.person_id), row.institution.public_id, actor)
    return ref_of(row)


def mark_booked(*, row: Booking, actor: Actor) -> bool:
    """Turn a held booking into a standing one, in the caller's transaction.

    Returns:
        Whether it was held.
    """
    moment = clock.now()
    changed = Booking.objects.filter(pk=row.pk, state=BookingState.HELD).update(
        state=BookingState.BOOKED, booked_at=moment, held_until=None
    )
    if not changed:
        return False
    row.state, row.booked_at, row.held_until = BookingState.BOOKED, moment, None
    audit.record(
        Action.APPOINTMENT_BOOKED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"channel": row.channel},
    )
    events.publish(
        AppointmentBooked(
            booking_id=row.public_id,
            person_id=row.person.public_id,
            account_id=row.account,
            institution=row.institution.public_id,
            schedule_id=row.schedule.public_id,
            starts_at=row.slot.starts_at.isoformat(),
        )
    )
    return True


def _offer(slot: str, by: BookedBy, actor: Actor) -> Offer:
    offers.require_not_sold_out(slot)
    offer = offers.offer_of(slot)
    if actor.kind in (ActorKind.STAFF, ActorKind.CLIENT) and actor.institution != offer.institution:
        raise NotFound
    if by.is_resident:
        offers.require_on_sale(offer)
    return offer


def take_place(
    *,
    offer: Offer,
    patient: Patient,
    by: BookedBy,
    is_booked: bool,
    number: int | None = None,
    hospital_ref: str = "",
    actor: Actor,
) -> BookingRef:
    """Take a place of an offered band, held or at once booked.

    Raises:
        As ``hold_slot``.
    """
    booking_id = new_public_id()
    until = None if is_booked else clock.now() + timedelta(minutes=offer.terms.hold_minutes)
    event = _event(offer, patient, by, booking_id, until)
    entry = Entry(
        Action.APPOINTMENT_BOOKED if is_booked else Action.APPOINTMENT_HELD,
        actor.acting_for(patient.person_id) if by.is_resident else actor,
        (LABEL, booking_id),
        institution=offer.institution,
        details={"channel": by.channel},
    )
    state = BookingState.BOOKED if is_booked else BookingState.HELD
    found = take(
        offer=offer,
        patient=patient,
        by=by,
        booking_id=booking_id,
        state=state,
        held_until=until,
        entry=entry,
        event=event,
        number=number,
        hospital_ref=hospital_ref,
    )
    if found is None:
        raise explain(offer=offer, patient=patient, by=by, number=number)
    return BookingRef(
        booking_pk=found[0],
        booking_id=booking_id,
        number=found[1],
        state=state.value,
        fee_fen=offer.fee_fen,
        held_until=until,
    )


def _bill(ref: BookingRef, person_pk: int, institution: str, actor: Actor) -> str:
    """Open the bill of a held place, which ends with it; its public id."""
    opened = payments.open_bill(
        subject=(LABEL, ref.booking_id),
        person_pk=person_pk,
        institution=institution,
        items=[Charge(str(Category.REGISTRATION.label), ref.fee_fen, Category.REGISTRATION)],
        expires_at=ref.held_until,
        actor=actor,
    )
    Booking.objects.filter(pk=ref.booking_pk).update(bill=opened.bill_id)
    return opened.bill_id


def _event(offer: Offer, patient: Patient, by: BookedBy, booking_id: str, until: datetime | None) -> Event:
    if until is not None:
        return AppointmentHeld(
            booking_id=booking_id,
            person_id=patient.person_id,
            account_id=by.account,
            institution=offer.institution,
            schedule_id=offer.schedule_id,
            held_until=until.isoformat(),
        )
    return AppointmentBooked(
        booking_id=booking_id,
        person_id=patient.person_id,
        account_id=by.account,
        institution=offer.institution,
        schedule_id=offer.schedule_id,
        starts_at=offer.starts_at.isoformat(),
    )
