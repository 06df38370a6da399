"""Several check-ins of one booking at once give one place; and what happens without each guard."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction

from appointments.models import Booking, CheckInRule, Queue, Ticket
from appointments.queueing import places
from appointments.rules.queueing import CheckInWay
from appointments.services import check_in
from foundation.core.errors import DomainError
from foundation.events.models import OutboxMessage
from tests.appointments.waiting import Clinic, arrived, booked, clinic, resident, session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-05")]

PHONES = 6
Press = Callable[[], str]


def coming() -> tuple[Clinic, Booking, Press]:
    """Somebody at the hospital whose family presses on every phone; the queue is there already."""
    with transaction.atomic():
        where, who = clinic(), resident()
        slot = session(where)
        arrived(where, slot, 1)
        booking = booked(who, slot, number=2)
        CheckInRule.objects.create(institution_id=where.institution_pk, latitude="30.5", longitude="114.3")

    def press() -> str:
        return check_in.check_in_with_location(
            booking=booking.public_id,
            account_pk=who.account.pk,
            latitude=30.5,
            longitude=114.3,
            accuracy=10,
            actor=who.actor,
        )

    return where, booking, press


def race(press: Press) -> Counter[str]:
    """What each phone was answered, all of them in the same moment."""
    barrier = threading.Barrier(PHONES, timeout=30)

    def one(_number: int) -> str:
        try:
            connection.ensure_connection()
            barrier.wait()
            return press()
        except DomainError as exc:
            return exc.code
        except IntegrityError:
            return "constraint"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(PHONES) as threads:
        return Counter(threads.map(one, range(PHONES)))


def test_every_phone_is_told_the_one_place() -> None:
    _, booking, press = coming()
    answers = race(press)
    ticket = Ticket.objects.get(booking=booking)
    assert answers == {ticket.public_id: PHONES}
    for topic in ("appointment.arrived.v1", "queue.joined.v1"):
        told = OutboxMessage.objects.filter(topic=topic, payload__person_id=booking.person.public_id)
        assert told.count() == 1, topic


def test_without_the_queue_held_all_but_one_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _, booking, press = coming()
    reading = threading.Barrier(PHONES, timeout=30)

    def not_held(queue_pk: int) -> Queue:
        found = Queue.objects.select_related("institution", "department").get(pk=queue_pk)
        reading.wait()
        return found

    monkeypatch.setattr(places, "held", not_held)
    answers = race(press)
    # The state of the booking still decides; but five are told that they cannot check in.
    assert answers[Ticket.objects.get(booking=booking).public_id] == 1
    assert answers["booking_state_conflict"] == PHONES - 1


def test_looking_first_and_writing_afterwards_is_stopped_by_the_constraint_alone() -> None:
    _, booking, _press = coming()
    queue = Queue.objects.get()
    looking = threading.Barrier(PHONES, timeout=30)
    numbers = iter(range(100, 100 + PHONES))

    def unguarded() -> str:
        with transaction.atomic():
            is_here = Ticket.objects.filter(booking=booking).exists()
            looking.wait()
            assert not is_here
            number = next(numbers)
            Ticket.objects.create(
                institution=queue.institution,
                queue=queue,
                person=booking.person,
                booking=booking,
                code=f"A{number}",
                position=number,
                way=CheckInWay.LOCATION,
                joined_at=booking.created_at,
            )
        return "place"

    assert race(unguarded) == {"place": 1, "constraint": PHONES - 1}
