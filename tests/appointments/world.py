"""Hospitals with sessions, and people booked in them; made by services where there are some."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from appointments.models import Booking, Schedule, Slot
from appointments.rules import BookingState
from appointments.services.schedules import apply_schedules
from appointments.types import Applied, Band, Days, ScheduleDetails
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.clock import BEIJING
from institutions.services import clinics
from institutions.types import DepartmentDetails, DoctorDetails
from tests.cards import world as cards
from tests.institutions import people as institutions

HIS = "his"


@dataclass(frozen=True)
class Hospital:
    """A hospital with an internal and a paediatric department, and a doctor in the first."""

    public_id: str

    @property
    def system(self) -> Actor:
        """Its own system."""
        return Actor(ActorKind.CLIENT, HIS, institution=self.public_id)


def hospital(serial: int = 1) -> Hospital:
    """An approved hospital that sees patients."""
    public_id = institutions.hospital(serial)
    actor = Actor.system("tests")
    for code, name in (("01", "心血管内科"), ("02", "儿科")):
        details = DepartmentDetails(code, name, place="门诊楼三层", position=int(code))
        clinics.save_department(institution=public_id, details=details, actor=actor)
    clinics.save_doctor(
        institution=public_id, details=DoctorDetails("1001", "示范医生甲", "01", "11", "冠心病"), actor=actor
    )
    return Hospital(public_id)


def day(ahead: int = 1) -> date:
    """A day from today on, in Beijing."""
    return clock.beijing(clock.now()).date() + timedelta(days=ahead)


def at(when: date, hour: int, minute: int = 0) -> datetime:
    """A moment of a day in Beijing."""
    return datetime.combine(when, time(hour, minute), BEIJING)


def bands(when: date, *capacities: int) -> tuple[Band, ...]:
    """Half hours from eight in the morning on."""
    return tuple(
        Band(
            at(when, 8) + timedelta(minutes=30 * place),
            at(when, 8) + timedelta(minutes=30 * (place + 1)),
            capacity,
        )
        for place, capacity in enumerate(capacities)
    )


def details(code: str = "S1", *, ahead: int = 1, capacities: tuple[int, ...] = (3, 2), **changes: Any) -> Any:
    """A morning of the doctor, tomorrow, with two bands."""
    usual = ScheduleDetails(
        code=code,
        department="01",
        doctor="1001",
        date=day(ahead),
        session="am",
        kind="expert",
        bands=bands(day(ahead), *capacities),
    )
    return replace(usual, **changes)


def heard(
    place: Hospital, *said: ScheduleDetails, at_: datetime | None = None, complete_for: Days | None = None
) -> Applied:
    """The hospital's system says how its sessions stand."""
    return apply_schedules(
        institution=place.public_id,
        said=said,
        complete_for=complete_for,
        heard_at=at_ or clock.now(),
        actor=place.system,
    )


def schedule(code: str = "S1") -> Schedule:
    """The row of a schedule."""
    return Schedule.objects.get(code=code)


def slots(code: str = "S1") -> list[Slot]:
    """The bands of a schedule in their order."""
    return list(Slot.objects.filter(schedule__code=code).order_by("starts_at"))


def booked(slot: Slot, *, state: BookingState = BookingState.BOOKED, **more: Any) -> Booking:
    """Somebody new who has the first free number of a band."""
    slot.refresh_from_db()
    number = slot.free.pop(0)
    slot.save(update_fields=["free"])
    moment = clock.now()
    return Booking.objects.create(
        institution_id=slot.schedule.institution_id,
        schedule=slot.schedule,
        slot=slot,
        person=cards.holder().card.person,
        number=number,
        state=state,
        channel="h5",
        created_at=moment,
        held_until=moment + timedelta(minutes=10),
        **more,
    )
