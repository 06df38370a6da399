"""Booking at a window, for somebody whose document the clerk has before them."""

from django.db import transaction

from appointments.errors import PatientUnknown
from appointments.selectors.reach import patient_of
from appointments.services.bookings import book_slot
from appointments.types import BookedBy, BookingRef, Patient
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi

WINDOW = "window"


@transaction.atomic
def find_patient(*, id_type: str, id_number: str, actor: Actor) -> Patient:
    """Whom a document at the window belongs to.

    Raises:
        PermissionRefused: The clerk does not book for residents.
        PatientUnknown: Nobody is registered with it.
    """
    require(actor, Duty.BOOK_FOR_RESIDENTS)
    person = mpi.find_by_identifier(id_type, id_number)
    if person is None:
        raise PatientUnknown(field="id_number")
    audit.record(
        Action.PERSON_READ,
        actor=actor,
        subject=("mpi.Person", person.person_id),
        details={"channel": WINDOW},
    )
    return patient_of(person.person_pk, person.person_id)


def book_at_window(*, slot: str, patient: Patient, actor: Actor) -> BookingRef:
    """Book for them, without the limits and hours of the net; a fee is paid at the cashier's.

    Raises:
        PermissionRefused: The clerk does not book for residents.
        As ``bookings.book_slot``.
    """
    require(actor, Duty.BOOK_FOR_RESIDENTS)
    return book_slot(slot=slot, patient=patient, by=BookedBy(channel=WINDOW), actor=actor)
