"""Rows of the way from a schedule to a visit."""

from datetime import timedelta
from typing import Any

from appointments.models import (
    Booking,
    ExamItem,
    ExamOrder,
    Medicine,
    Queue,
    Schedule,
    ServiceSample,
    Slot,
    Ticket,
)
from appointments.rules import BookingState, Session
from appointments.rules.queueing import MedicineState, TicketState
from foundation.core import clock
from institutions.models import Department
from tests.privacy.kept.basics import holder, institution


def booking(state: str = BookingState.DONE, **more: Any) -> Booking:
    place = institution()
    department, _ = Department.objects.get_or_create(
        institution=place, code="01", defaults={"name": "测试内科"}
    )
    moment = clock.now()
    schedule = Schedule.objects.create(
        institution=place,
        department=department,
        code=f"S{Schedule.objects.count()}",
        date=clock.beijing(moment).date(),
        session=Session.MORNING,
        releases_at=moment - timedelta(days=7),
        closes_at=moment,
    )
    slot = Slot.objects.create(
        schedule=schedule, starts_at=moment, ends_at=moment + timedelta(minutes=30), capacity=2, free=[2]
    )
    ended = {"ended_at": moment} if state == BookingState.DONE else {}
    return Booking.objects.create(
        institution=place,
        schedule=schedule,
        slot=slot,
        person=holder().card.person,
        number=1,
        state=state,
        channel="h5",
        created_at=moment,
        **(ended | more),
    )


def queue() -> Queue:
    place = institution()
    department, _ = Department.objects.get_or_create(
        institution=place, code="01", defaults={"name": "测试内科"}
    )
    found, _ = Queue.objects.get_or_create(
        institution=place,
        department=department,
        date=clock.beijing(clock.now()).date(),
        session=Session.MORNING,
        defaults={"letter": "A"},
    )
    return found


def ticket(state: str = TicketState.SERVED) -> Ticket:
    where, moment = queue(), clock.now()
    return Ticket.objects.create(
        institution=where.institution,
        queue=where,
        person=holder().card.person,
        code=f"A{Ticket.objects.count():03d}",
        position=Ticket.objects.count(),
        state=state,
        way="desk",
        joined_at=moment,
        ended_at=moment if state == TicketState.SERVED else None,
    )


def sample() -> ServiceSample:
    return ServiceSample.objects.create(department=queue().department, seconds=300, at=clock.now())


def medicine(state: str = MedicineState.COLLECTED) -> Medicine:
    card, moment = holder().card, clock.now()
    return Medicine.objects.create(
        institution=institution(),
        person=card.person,
        subject=card.person.public_id,
        number=f"R{Medicine.objects.count()}",
        pick_code="A12",
        state=state,
        ready_at=moment,
        ended_at=None if state == MedicineState.READY else moment,
    )


def exam_order(state: str = BookingState.DONE) -> ExamOrder:
    booked = booking(state)
    item, _ = ExamItem.objects.get_or_create(
        institution=booked.institution,
        department=booked.schedule.department,
        code="US",
        defaults={"name": "腹部彩超"},
    )
    return ExamOrder.objects.create(
        institution=booked.institution,
        person=booked.person,
        item=item,
        number=f"J{ExamOrder.objects.count()}",
        booking=booked,
        ordered_at=clock.now(),
    )
