"""Waiting: where one stands, leaving, changing over, and the end of the day."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from appointments import errors
from appointments.models import Booking, Queue, ServiceSample, Ticket
from appointments.rules.queueing import QueueState, TicketState
from appointments.selectors import calling as desk
from appointments.selectors import check_in as reading
from appointments.selectors import queues as shown
from appointments.services import calling, check_in, queues
from appointments.tasks import close_queues
from foundation.core import clock
from institutions.rules import Role
from tests.appointments.waiting import (
    DESK,
    NOON,
    Clinic,
    arrived,
    booked,
    call,
    resident,
    session,
    states,
)
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.row("OP-05")]


def test_another_hospitals_desk_reaches_nothing(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    other = people.actor(people.staff(Role.NURSE, people.hospital(2)))
    with pytest.raises(errors.TicketNotFound):
        queues.dismiss(ticket=ticket.public_id, reason="试试", actor=other)
    with pytest.raises(errors.QueueNotFound):
        calling.call_next(queue=ticket.queue.public_id, desk=DESK, current="", actor=other)
    with pytest.raises(errors.QueueNotFound):
        desk.console_of(queue=ticket.queue.public_id, desk=DESK, actor=other)
    with pytest.raises(errors.CheckInRefused):
        check_in.check_in_at_desk(booking=Booking.objects.get().public_id, priority=3, reason="", actor=other)


def test_the_position_and_a_range_of_minutes_are_shown(where: Clinic, noon: time_machine.Traveller) -> None:
    slot = session(where)
    for number in (1, 2):
        arrived(where, slot, number)
    who = resident(1)
    check_in.check_in_at_desk(
        booking=booked(who, slot, number=3).public_id, priority=3, reason="", actor=where.nurse
    )
    mine = Ticket.objects.get(person=who.card.person_id).public_id
    assert shown.shown_ticket(account_pk=who.account.pk, ticket=mine).minutes is None
    for _ in range(6):
        ServiceSample.objects.create(
            department_id=where.department_pk, doctor_id=where.doctor_pk, seconds=600, at=clock.now()
        )
    page = shown.shown_ticket(account_pk=who.account.pk, ticket=mine)
    assert page.ahead == 2
    assert page.minutes is not None
    assert (page.minutes.low, page.minutes.high) == (20, 30)
    current = call(where)
    noon.shift(timedelta(minutes=10))
    call(where, current=current)
    assert ServiceSample.objects.latest("at").seconds == 600
    assert shown.shown_ticket(account_pk=who.account.pk, ticket=mine).ahead == 0


def test_a_transfer_keeps_the_time_of_the_arrival(where: Clinic, noon: time_machine.Traveller) -> None:
    ticket = arrived(where, session(where, doctor=False), 1)
    noon.shift(timedelta(minutes=5))
    other = arrived(where, session(where, starts_in=timedelta(minutes=-40)), 1)
    made = queues.transfer(
        ticket=ticket.public_id, to=other.queue.public_id, reason="转给专家", actor=where.nurse
    )
    assert states(ticket) == [TicketState.TRANSFERRED]
    new = Ticket.objects.get(public_id=made)
    assert (new.queue_id, new.booking_id, new.code) == (other.queue_id, ticket.booking_id, "B002")
    assert new.position < other.position
    with pytest.raises(errors.TicketMoveRefused):
        queues.transfer(ticket=ticket.public_id, to=other.queue.public_id, reason="再转", actor=where.nurse)


def test_who_leaves_makes_room_and_stands_behind_if_they_come_again(where: Clinic) -> None:
    slot = session(where)
    who = resident(1)
    booking = booked(who, slot, number=1)
    code = reading.day_code(where.institution, NOON.date())
    given: dict[str, Any] = {
        "booking": booking.public_id,
        "account_pk": who.account.pk,
        "code": code,
        "actor": who.actor,
    }
    first = check_in.check_in_with_code(**given)
    queues.leave_queue(ticket=first, account_pk=who.account.pk, actor=who.actor)
    with pytest.raises(errors.TicketMoveRefused):
        queues.leave_queue(ticket=first, account_pk=who.account.pk, actor=who.actor)
    with pytest.raises(errors.TicketNotFound):
        queues.leave_queue(ticket=first, account_pk=resident(2).account.pk, actor=who.actor)
    again = check_in.check_in_with_code(**given)
    assert again != first
    assert Ticket.objects.get(public_id=again).code == "A002"


def test_a_list_of_places_asks_the_database_as_often_for_many_as_for_one(
    where: Clinic, django_assert_max_num_queries: object
) -> None:
    slot = session(where)
    who = resident(1)
    check_in.check_in_at_desk(
        booking=booked(who, slot, number=1).public_id, priority=3, reason="", actor=where.nurse
    )
    for number in range(2, 12):
        arrived(where, slot, number)
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        shown.tickets_of(who.account.pk)
    queue = Queue.objects.get().public_id
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        assert desk.console_of(queue=queue, desk=DESK, actor=where.nurse).count == 11


def test_at_night_the_queues_of_the_day_are_closed(where: Clinic, noon: time_machine.Traveller) -> None:
    ticket = arrived(where, session(where), 1)
    assert close_queues() == 0
    noon.shift(timedelta(days=1))
    assert close_queues() == 1
    ticket.refresh_from_db()
    assert (ticket.state, ticket.queue.state) == (TicketState.LEFT, QueueState.CLOSED)
    assert close_queues() == 0
