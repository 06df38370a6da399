"""A clinic with bookings, people who check in, and desks that call; made for these tests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from appointments.models import Booking, Queue, Schedule, Slot, Ticket
from appointments.rules import BookingState, Session
from appointments.rules.queueing import TicketState
from appointments.services import calling, check_in
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from foundation.events.models import OutboxMessage
from institutions import selectors as institutions
from institutions.rules import Role
from institutions.selectors import clinics
from institutions.services import clinics as clinic_services
from institutions.types import DepartmentDetails, DoctorDetails
from tests.cards.holding import CardHolder, card_holder
from tests.institutions import people

CENTRE = Actor.system("tests")
# In the middle of a day, so that what is near in time is on the same date in Beijing.
NOON = datetime(2026, 12, 10, 12, 0, tzinfo=BEIJING)
DESK = "3 诊室"
_serial = count(1)


@dataclass(frozen=True)
class Clinic:
    """One department of a hospital with a doctor, and a nurse at its desk."""

    institution: str
    institution_pk: int
    department: str
    department_pk: int
    doctor_pk: int
    nurse: Actor


def clinic(serial: int = 1) -> Clinic:
    place = people.hospital(serial)
    department = clinic_services.save_department(
        institution=place, details=DepartmentDetails("0101", "心血管内科", place="三层东"), actor=CENTRE
    )
    clinic_services.save_doctor(
        institution=place, details=DoctorDetails("1001", "测试医生", "0101", "11"), actor=CENTRE
    )
    found = clinics.department_by_public_id(department)
    assert found is not None
    return Clinic(
        institution=place,
        institution_pk=institutions.visible(CENTRE).get(public_id=place).pk,
        department=department,
        department_pk=found.pk,
        doctor_pk=clinics.doctors_by_code(place)["1001"].pk,
        nurse=people.actor(people.staff(Role.NURSE, place)),
    )


def session(where: Clinic, *, starts_in: timedelta = timedelta(minutes=30), doctor: bool = True) -> Slot:
    """A band of half an hour in a session of today."""
    moment = clock.now() + starts_in
    schedule = Schedule.objects.create(
        institution_id=where.institution_pk,
        department_id=where.department_pk,
        doctor_id=where.doctor_pk if doctor else None,
        code=f"S{next(_serial)}",
        date=clock.beijing(clock.now()).date(),
        session=Session.MORNING,
        releases_at=moment - timedelta(days=7),
        closes_at=moment,
    )
    return Slot.objects.create(
        schedule=schedule,
        starts_at=moment,
        ends_at=moment + timedelta(minutes=30),
        capacity=100,
        free=list(range(1, 101)),
    )


def resident(number: int = 1, name: str = "测试甲") -> CardHolder:
    return card_holder(f"139000{number:05d}", name)


def booked(who: CardHolder, slot: Slot, *, number: int = 1, state: str = BookingState.BOOKED) -> Booking:
    moment = clock.now()
    return Booking.objects.create(
        institution_id=slot.schedule.institution_id,
        schedule=slot.schedule,
        slot=slot,
        person_id=who.card.person_id,
        account=who.account.public_id,
        number=number,
        state=state,
        channel="h5",
        created_at=moment,
        held_until=moment if state == BookingState.HELD else None,
    )


def arrived(where: Clinic, slot: Slot, number: int, name: str = "测试甲") -> Ticket:
    """Somebody who booked the number and was checked in at the desk."""
    booking = booked(resident(1_000 + next(_serial), name), slot, number=number)
    ticket = check_in.check_in_at_desk(booking=booking.public_id, priority=3, reason="", actor=where.nurse)
    return Ticket.objects.get(public_id=ticket)


def states(*tickets: Ticket) -> list[str]:
    found = dict(Ticket.objects.values_list("pk", "state"))
    return [found[ticket.pk] for ticket in tickets]


def order(where: Clinic) -> list[str]:
    rows = Ticket.objects.filter(state=TicketState.WAITING, institution=where.institution_pk)
    return list(rows.order_by("position", "pk").values_list("code", flat=True))


def call(where: Clinic, *, desk: str = DESK, current: str = "") -> str:
    queue = Queue.objects.get().public_id
    return calling.call_next(queue=queue, desk=desk, current=current, actor=where.nurse)


def topics() -> list[str]:
    return list(OutboxMessage.objects.filter(topic__startswith="queue.").values_list("topic", flat=True))
