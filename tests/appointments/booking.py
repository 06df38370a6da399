"""Sessions with places, and people who book them; other rooms' tests use them too."""

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from appointments.models import Booking, BookingRule, Schedule, Slot
from appointments.rules import Session
from appointments.selectors import offers
from appointments.selectors.reach import patient_for, patient_of
from appointments.services import bookings
from appointments.types import BookedBy, BookingRef, Patient
from foundation.accounts.models import Account
from foundation.core import clock
from foundation.core.actor import Actor
from institutions.models import Department, Institution
from institutions.services import clinics
from institutions.types import DepartmentDetails
from mpi import services as mpi
from mpi.types import PersonIdentity
from tests.cards.holding import card_holder
from tests.cards.world import CENTRE, citizen_number, hospital

_codes = itertools.count(1)


@dataclass(frozen=True)
class Clinic:
    """One session of a hospital, with its bands."""

    institution: str
    schedule: Schedule
    slots: list[Slot]

    @property
    def slot(self) -> str:
        return self.slots[0].public_id


@dataclass(frozen=True)
class Resident:
    """Somebody who can book for themselves."""

    account: Account
    actor: Actor
    patient: Patient

    @property
    def by(self) -> BookedBy:
        return BookedBy(channel="h5", account=self.account.public_id)

    def books(self, slot: str) -> BookingRef:
        return bookings.book_slot(slot=slot, patient=self.patient, by=self.by, actor=self.actor)


def session(
    *,
    capacity: int = 3,
    bands: int = 1,
    fee_fen: int = 0,
    starts_in: timedelta = timedelta(days=1),
    institution: str = "",
    department: str = "01",
) -> Clinic:
    """A released session of an invented hospital."""
    place = institution or hospital().public_id
    clinics.save_department(
        institution=place, details=DepartmentDetails(department, f"测试科{department}"), actor=CENTRE
    )
    begins = clock.now().replace(microsecond=0) + starts_in
    schedule = Schedule.objects.create(
        institution=Institution.objects.get(public_id=place),
        department=Department.objects.get(institution__public_id=place, code=department),
        code=f"S{next(_codes)}",
        date=clock.beijing(begins).date(),
        session=Session.MORNING,
        fee_fen=fee_fen,
        releases_at=begins - timedelta(days=7),
        closes_at=begins - timedelta(minutes=30),
    )
    slots = [
        Slot.objects.create(
            schedule=schedule,
            starts_at=begins + timedelta(minutes=30 * band),
            ends_at=begins + timedelta(minutes=30 * (band + 1)),
            capacity=capacity,
            free=list(range(1, capacity + 1)),
        )
        for band in range(bands)
    ]
    return Clinic(place, schedule, slots)


def resident(phone: str = "13900001001", name: str = "测试甲") -> Resident:
    """A resident with a card of their own."""
    with transaction.atomic():
        who = card_holder(phone, name)
    patient = patient_for(who.account.pk, who.card.person.public_id)
    return Resident(who.account, who.actor, patient)


def somebody(name: str = "测试乙") -> Patient:
    """A person without an account."""
    person = mpi.register_person(
        identity=PersonIdentity(name=name, id_type="01", id_number=citizen_number()),
        source="tests",
        actor=CENTRE,
    )
    return patient_of(person.person_pk, person.person_id)


def rule(institution: str, **changes: object) -> BookingRule:
    """The institution's rules, with these changes."""
    place = Institution.objects.get(public_id=institution)
    made, _ = BookingRule.objects.update_or_create(institution=place, defaults=changes)
    offers.forget_all()
    return made


def free(slot: str) -> list[int]:
    """The numbers that nobody has."""
    return list(Slot.objects.get(public_id=slot).free)


def row(ref: BookingRef) -> Booking:
    """The booking as it stands."""
    return Booking.objects.get(public_id=ref.booking_id)


def moved(slot: Slot, starts_at: datetime) -> None:
    """Let a band begin at another time."""
    Slot.objects.filter(pk=slot.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30))
    offers.forget_all()
