"""Two desks that call next at once call two people; and what happens without the guard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from appointments.models import Queue, Ticket
from appointments.queueing import places
from appointments.rules import Session
from appointments.rules.queueing import CheckInWay, TicketState
from appointments.services import calling
from foundation.core import clock
from tests.appointments.waiting import Clinic, clinic, resident

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-05")]

DESKS = 6


def waiting(count: int) -> tuple[Clinic, Queue]:
    with transaction.atomic():
        where = clinic()
        queue = places.queue_of(
            institution_pk=where.institution_pk,
            department_pk=where.department_pk,
            doctor_pk=None,
            day=clock.beijing(clock.now()).date(),
            session=Session.MORNING,
        )
        for number in range(count):
            places.join(
                places.held(queue.pk),
                person_pk=resident(number + 1).card.person_id,
                way=CheckInWay.DESK,
                actor=where.nurse,
            )
    return where, queue


def race(press: Callable[[int], str], presses: int = DESKS) -> list[str]:
    barrier = threading.Barrier(presses, timeout=30)

    def one(number: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            return press(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(presses) as threads:
        return list(threads.map(one, range(presses)))


def test_desks_that_call_at_once_call_different_people_in_their_order() -> None:
    where, queue = waiting(DESKS + 2)

    def press(number: int) -> str:
        return calling.call_next(queue=queue.public_id, desk=f"{number} 诊室", current="", actor=where.nurse)

    called = race(press)
    assert len(set(called)) == DESKS
    first = Ticket.objects.order_by("position", "pk")[:DESKS]
    assert {ticket.public_id for ticket in first} == set(called)
    assert Ticket.objects.filter(state=TicketState.WAITING).count() == 2


def test_reading_who_is_first_and_calling_them_afterwards_would_call_one_person_to_many_desks() -> None:
    _, queue = waiting(DESKS + 2)
    reading = threading.Barrier(DESKS, timeout=30)

    def without_the_queue_held(number: int) -> str:
        with transaction.atomic():
            rows = Ticket.objects.filter(queue=queue, state=TicketState.WAITING)
            first = rows.order_by("position", "pk")[0]
            reading.wait()
            first.state, first.desk = TicketState.CALLED, f"{number} 诊室"
            first.save()
        return first.public_id

    assert len(set(race(without_the_queue_held))) == 1


def test_arrivals_at_once_get_different_numbers() -> None:
    where, queue = waiting(0)
    with transaction.atomic():
        people = [resident(number + 1).card.person_id for number in range(DESKS)]

    def press(number: int) -> str:
        with transaction.atomic():
            ticket = places.join(
                places.held(queue.pk), person_pk=people[number], way=CheckInWay.DESK, actor=where.nurse
            )
        return ticket.code

    assert sorted(race(press)) == [f"A{number:03d}" for number in range(1, DESKS + 1)]


def test_one_person_who_checks_in_twice_at_once_has_one_place() -> None:
    where, queue = waiting(0)
    with transaction.atomic():
        person = resident(1).card.person_id

    def press(_number: int) -> str:
        with transaction.atomic():
            return places.join(
                places.held(queue.pk), person_pk=person, way=CheckInWay.DESK, actor=where.nurse
            ).public_id

    assert len(set(race(press))) == 1
    assert Ticket.objects.count() == 1


def test_first_arrivals_of_two_doctors_make_two_queues_with_their_own_letters() -> None:
    with transaction.atomic():
        where = clinic()

    def press(number: int) -> str:
        with transaction.atomic():
            return places.queue_of(
                institution_pk=where.institution_pk,
                department_pk=where.department_pk,
                doctor_pk=where.doctor_pk if number % 2 else None,
                day=clock.beijing(clock.now()).date(),
                session=Session.MORNING,
            ).letter

    assert sorted(set(race(press))) == ["A", "B"]
    assert Queue.objects.count() == 2
