"""Being called, missing the call, and the pause."""

from datetime import timedelta

import pytest

from appointments import errors
from appointments.models import Ticket
from appointments.rules import BookingState
from appointments.rules.queueing import TicketState
from appointments.services import calling, check_in, queues
from foundation.audit.models import AuditEntry
from foundation.core.errors import PermissionRefused, StalePage
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from tests.appointments.waiting import (
    DESK,
    Clinic,
    arrived,
    booked,
    call,
    order,
    resident,
    session,
    states,
    topics,
)
from tests.institutions import people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.row("OP-05")]


def test_only_those_who_call_may_call(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    pharmacist = people.actor(people.staff(Role.PHARMACIST, where.institution))
    with pytest.raises(PermissionRefused):
        calling.call_next(queue=ticket.queue.public_id, desk=DESK, current="", actor=pharmacist)


def test_people_are_called_in_the_order_of_their_numbers(where: Clinic) -> None:
    slot = session(where)
    third, first, second = (arrived(where, slot, number) for number in (3, 1, 2))
    assert order(where) == [first.code, second.code, third.code]
    assert call(where) == first.public_id
    assert call(where, current=first.public_id) == second.public_id
    assert states(first, second, third) == [TicketState.SERVED, TicketState.CALLED, TicketState.WAITING]
    first.refresh_from_db()
    assert first.booking is not None
    assert first.booking.state == BookingState.DONE
    assert Ticket.objects.get(pk=second.pk).place == f"三层东 {DESK}"


def test_a_class_goes_first_and_its_reason_is_on_record(where: Clinic) -> None:
    slot = session(where)
    arrived(where, slot, 1)
    booking = booked(resident(50), slot, number=9)
    urgent = check_in.check_in_at_desk(
        booking=booking.public_id, priority=1, reason="胸痛", actor=where.nurse
    )
    assert call(where) == urgent
    entry = AuditEntry.objects.filter(action="queue.joined").latest("pk")
    assert (entry.reason, entry.details["level"]) == ("胸痛", "1")


def test_a_double_press_calls_one_person(where: Clinic) -> None:
    slot = session(where)
    first, second = arrived(where, slot, 1), arrived(where, slot, 2)
    call(where)
    with pytest.raises(StalePage):
        call(where)
    assert states(first, second) == [TicketState.CALLED, TicketState.WAITING]


def test_the_last_one_is_seen_and_then_nobody_waits(where: Clinic) -> None:
    only = arrived(where, session(where), 1)
    call(where)
    assert call(where, current=only.public_id) == ""
    with pytest.raises(errors.NobodyWaits):
        call(where)
    with pytest.raises(errors.DeskNeeded):
        call(where, desk="  ")


def test_who_misses_the_call_goes_back_three_places_once_and_then_is_out(where: Clinic) -> None:
    slot = session(where)
    tickets = [arrived(where, slot, number) for number in range(1, 6)]
    call(where)
    assert not calling.pass_over(ticket=tickets[0].public_id, actor=where.nurse)
    assert order(where) == ["A002", "A003", "A004", "A001", "A005"]
    current = ""
    for expected in ("A002", "A003", "A004", "A001"):
        current = call(where, current=current)
        assert Ticket.objects.get(public_id=current).code == expected
    assert calling.pass_over(ticket=current, actor=where.nurse)
    assert states(tickets[0]) == [TicketState.PASSED]
    told = OutboxMessage.objects.filter(topic="queue.passed.v1").order_by("pk")
    assert [message.payload["is_out"] for message in told] == [False, True]


def test_the_desk_takes_back_who_is_out_behind_those_who_wait(where: Clinic) -> None:
    slot = session(where, starts_in=timedelta(minutes=-10))
    first, second = arrived(where, slot, 1), arrived(where, slot, 2)
    for _ in range(2):
        call(where) if not Ticket.objects.filter(state=TicketState.CALLED).exists() else None
        current = Ticket.objects.get(state=TicketState.CALLED)
        calling.pass_over(ticket=current.public_id, actor=where.nurse)
    assert Ticket.objects.filter(state=TicketState.WAITING).count() == 2
    current = Ticket.objects.get(public_id=call(where))
    calling.pass_over(ticket=current.public_id, actor=where.nurse)
    assert states(current) == [TicketState.PASSED]
    queues.take_back(ticket=current.public_id, reason="刚回来", actor=where.nurse)
    assert order(where)[-1] == current.code
    with pytest.raises(errors.TicketMoveRefused):
        queues.take_back(ticket=current.public_id, reason="再来", actor=where.nurse)
    assert {first.pk, second.pk} == set(Ticket.objects.values_list("pk", flat=True))


def test_a_recall_is_told_again(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    call(where)
    calling.recall(ticket=ticket.public_id, actor=where.nurse)
    calling.recall(ticket=ticket.public_id, actor=where.nurse)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.calls) == (TicketState.RECALLED, 3)
    assert topics().count("queue.called.v1") == 3
    calling.finish(ticket=ticket.public_id, actor=where.nurse)
    with pytest.raises(errors.TicketMoveRefused):
        calling.recall(ticket=ticket.public_id, actor=where.nurse)


def test_people_are_told_at_five_three_and_one_ahead_and_once_each(where: Clinic) -> None:
    slot = session(where)
    for number in range(1, 9):
        arrived(where, slot, number)
    current = ""
    for _ in range(7):
        current = call(where, current=current)
    last = Ticket.objects.get(code="A008")
    told = OutboxMessage.objects.filter(topic="queue.near.v1", payload__ticket_id=last.public_id)
    assert [message.payload["ahead"] for message in told.order_by("pk")] == [5, 3, 1]
    first = Ticket.objects.get(code="A001")
    assert not OutboxMessage.objects.filter(
        topic="queue.near.v1", payload__ticket_id=first.public_id
    ).exists()


def test_a_pause_stops_the_calling_and_keeps_the_places(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    queue = ticket.queue.public_id
    queues.pause_queue(queue=queue, reason="医生抢救病人", actor=where.nurse)
    with pytest.raises(errors.QueuePaused):
        call(where)
    with pytest.raises(StalePage):
        queues.pause_queue(queue=queue, reason="再停", actor=where.nurse)
    queues.resume_queue(queue=queue, actor=where.nurse)
    assert call(where) == ticket.public_id
