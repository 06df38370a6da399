"""Queues that the hospital's own system calls: each event once, in any order, told on."""

from datetime import datetime
from typing import Any

import pytest
import time_machine

from appointments import errors
from appointments.handlers import on_appointment_stopped
from appointments.models import Booking, Ticket
from appointments.rules import BookingState
from appointments.rules.queueing import TicketState
from appointments.selectors import queues as shown
from appointments.services import calling
from cards.services.binding import bind_card
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from foundation.events import relay
from foundation.events.models import InboxMessage, OutboxMessage
from foundation.events.services import Message
from foundation.gateway import inbound
from tests.appointments.waiting import Clinic, arrived, booked, clinic, resident, session
from tests.cards.holding import CardHolder
from tests.interop.senders import event

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-05"), pytest.mark.row("NT-01")]

NOON = datetime(2026, 12, 10, 12, 0, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def where() -> Clinic:
    return clinic()


@pytest.fixture
def who(where: Clinic) -> CardHolder:
    found = resident()
    bind_card(card_pk=found.card.pk, actor=Actor(where.nurse.kind, "c" * 26, where.institution))
    return found


def tell(where: Clinic, who: CardHolder, kind: str, seq: int, **data: Any) -> None:
    told = {"queue_code": "Q1", "department": "0101", "ticket_no": "12", **data}
    patient = {"health_card_id": who.card.numbers.get().value}
    inbound.accept(
        event(kind, seq=seq, aggregate="ticket:1210:Q1:12", patient=patient, **told),
        institution=where.institution,
    )
    relay.work_inbox()


def topics() -> list[str]:
    rows = OutboxMessage.objects.filter(topic__startswith="queue.").order_by("pk")
    return list(rows.values_list("topic", flat=True))


def test_from_the_check_in_to_the_end_as_the_hospital_says(where: Clinic, who: CardHolder) -> None:
    booking = booked(who, session(where))
    tell(where, who, "visit.checked_in", 1)
    tell(where, who, "queue.updated", 2, state="waiting", ahead=4, minutes_least=10, minutes_most=25)
    ticket = Ticket.objects.get()
    page = shown.shown_ticket(account_pk=who.account.pk, ticket=ticket.public_id)
    assert (page.code, page.ahead) == ("12", 4)
    assert page.minutes is not None
    assert (page.minutes.low, page.minutes.high) == (10, 25)
    assert Booking.objects.get(pk=booking.pk).state == BookingState.ARRIVED
    tell(where, who, "queue.called", 3, room="3 诊室")
    page = shown.shown_ticket(account_pk=who.account.pk, ticket=ticket.public_id)
    assert (page.is_called, page.place) == (True, "3 诊室")
    tell(where, who, "queue.updated", 4, state="served")
    assert Booking.objects.get(pk=booking.pk).state == BookingState.DONE
    assert topics() == ["queue.joined.v1", "queue.near.v1", "queue.called.v1", "queue.served.v1"]


def test_what_is_older_than_what_is_known_changes_nothing(where: Clinic, who: CardHolder) -> None:
    tell(where, who, "queue.called", 5, room="3 诊室")
    tell(where, who, "queue.updated", 4, state="waiting", ahead=2)
    assert Ticket.objects.get().state == TicketState.CALLED
    assert set(InboxMessage.objects.values_list("state", flat=True)) == {"done"}
    assert topics().count("queue.called.v1") == 1


def test_a_department_that_nobody_knows_is_waited_for(where: Clinic, who: CardHolder) -> None:
    tell(where, who, "queue.updated", 1, state="waiting", department="0999")
    assert not Ticket.objects.exists()
    assert InboxMessage.objects.get().state != "done"


def test_our_desks_leave_the_hospitals_queues_alone(where: Clinic, who: CardHolder) -> None:
    tell(where, who, "queue.updated", 1, state="waiting", ahead=1)
    queue = Ticket.objects.get().queue.public_id
    with pytest.raises(errors.QueueRunByHospital):
        calling.call_next(queue=queue, desk="3 诊室", current="", actor=where.nurse)


@pytest.mark.row("OP-05")
def test_whoever_waits_for_a_session_that_is_stopped_waits_no_more(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    assert ticket.booking is not None
    stopped = Message("m" * 26, "appointment.stopped.v1", {"booking_id": ticket.booking.public_id})
    for _ in range(2):
        on_appointment_stopped(stopped)
    ticket.refresh_from_db()
    assert ticket.state == TicketState.LEFT
