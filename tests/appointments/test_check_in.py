"""Checking in: by code, by place, at the desk, at a machine; and who is not checked in."""

from datetime import timedelta
from typing import Any

import pytest

from appointments import errors
from appointments.models import Booking, CheckInRule, Ticket
from appointments.rules import BookingState
from appointments.rules.queueing import TicketState
from appointments.selectors import check_in as reading
from appointments.selectors import queues as shown
from appointments.services import check_in
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound, TooManyRequests
from tests.appointments.waiting import (
    NOON,
    Clinic,
    arrived,
    booked,
    resident,
    session,
    topics,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon"), pytest.mark.row("OP-05")]


def test_the_code_of_the_day_checks_in_whoever_booked(where: Clinic) -> None:
    who = resident()
    booking = booked(who, session(where))
    code = reading.day_code(where.institution, NOON.date())
    ticket = check_in.check_in_with_code(
        booking=booking.public_id, account_pk=who.account.pk, code=f" {code[:3]} {code[3:]}", actor=who.actor
    )
    row = Ticket.objects.get(public_id=ticket)
    assert (row.code, row.state, row.person_id) == ("A001", TicketState.WAITING, who.card.person_id)
    booking.refresh_from_db()
    assert (booking.state, booking.arrived_at) == (BookingState.ARRIVED, NOON)
    assert topics() == ["queue.joined.v1"]
    assert AuditEntry.objects.get(action="queue.joined").details == {"method": "code", "level": "3"}


def test_a_second_check_in_gives_the_same_place(where: Clinic) -> None:
    who = resident()
    booking = booked(who, session(where))
    code = reading.day_code(where.institution, NOON.date())
    given: dict[str, Any] = {
        "booking": booking.public_id,
        "account_pk": who.account.pk,
        "code": code,
        "actor": who.actor,
    }
    assert check_in.check_in_with_code(**given) == check_in.check_in_with_code(**given)
    assert topics() == ["queue.joined.v1"]


def test_a_wrong_code_is_refused_and_guessing_ends(where: Clinic) -> None:
    who = resident()
    booking = booked(who, session(where))
    right = reading.day_code(where.institution, NOON.date())
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    given: dict[str, Any] = {"booking": booking.public_id, "account_pk": who.account.pk, "actor": who.actor}
    for _ in range(check_in.CODE_TRIES):
        with pytest.raises(errors.DayCodeWrong):
            check_in.check_in_with_code(code=wrong, **given)
    with pytest.raises(TooManyRequests):
        check_in.check_in_with_code(code=right, **given)
    assert not Ticket.objects.exists()


def test_codes_differ_from_day_to_day_and_from_place_to_place(where: Clinic) -> None:
    codes = {reading.day_code(where.institution, NOON.date() + timedelta(days=day)) for day in range(20)}
    assert len(codes) > 15
    assert reading.day_code(where.institution, NOON.date()) != reading.day_code("x" * 26, NOON.date())


def test_a_phone_in_the_hospital_checks_in_and_its_place_is_not_kept(where: Clinic) -> None:
    CheckInRule.objects.create(institution_id=where.institution_pk, latitude="30.5", longitude="114.3")
    who = resident()
    booking = booked(who, session(where))
    given: dict[str, Any] = {"booking": booking.public_id, "account_pk": who.account.pk, "actor": who.actor}
    with pytest.raises(errors.NotAtHospital):
        check_in.check_in_with_location(latitude=30.6, longitude=114.3, accuracy=20, **given)
    with pytest.raises(errors.LocationTooVague):
        check_in.check_in_with_location(latitude=30.5, longitude=114.3, accuracy=5_000, **given)
    check_in.check_in_with_location(latitude=30.5005, longitude=114.3005, accuracy=20, **given)
    assert Ticket.objects.get().way == "location"
    kept = str(list(AuditEntry.objects.values_list("details", "reason")))
    assert "30.5" not in kept
    assert "114.3" not in kept


def test_without_a_point_of_the_hospital_the_code_is_the_way(where: Clinic) -> None:
    who = resident()
    booking = booked(who, session(where))
    with pytest.raises(errors.LocationNotOffered):
        check_in.check_in_with_location(
            booking=booking.public_id,
            account_pk=who.account.pk,
            latitude=30.5,
            longitude=114.3,
            accuracy=10,
            actor=who.actor,
        )


@pytest.mark.parametrize(
    ("starts_in", "refusal"),
    [(timedelta(hours=3), errors.CheckInTooEarly), (timedelta(hours=-3), errors.CheckInOver)],
)
def test_one_checks_in_around_ones_time(
    where: Clinic, starts_in: timedelta, refusal: type[Exception]
) -> None:
    who = resident()
    booking = booked(who, session(where, starts_in=starts_in))
    code = reading.day_code(where.institution, NOON.date())
    with pytest.raises(refusal):
        check_in.check_in_with_code(
            booking=booking.public_id, account_pk=who.account.pk, code=code, actor=who.actor
        )
    assert Booking.objects.get().state == BookingState.BOOKED


def test_the_desk_takes_in_who_is_late_or_was_missed(where: Clinic) -> None:
    slot = session(where, starts_in=timedelta(hours=-3))
    booking = booked(resident(), slot, state=BookingState.MISSED)
    check_in.check_in_at_desk(booking=booking.public_id, priority=3, reason="", actor=where.nurse)
    booking.refresh_from_db()
    assert booking.state == BookingState.ARRIVED


@pytest.mark.parametrize("state", [BookingState.HELD, BookingState.CANCELLED, BookingState.STOPPED])
def test_what_is_no_live_booking_is_not_checked_in(where: Clinic, state: str) -> None:
    who = resident()
    booking = booked(who, session(where), state=state)
    with pytest.raises(errors.CheckInRefused):
        check_in.check_in_at_desk(booking=booking.public_id, priority=3, reason="", actor=where.nurse)
    assert not Ticket.objects.exists()


def test_strangers_neither_check_in_nor_read(where: Clinic) -> None:
    who, stranger = resident(), resident(2)
    booking = booked(who, session(where))
    code = reading.day_code(where.institution, NOON.date())
    with pytest.raises(NotFound):
        check_in.check_in_with_code(
            booking=booking.public_id, account_pk=stranger.account.pk, code=code, actor=stranger.actor
        )
    ticket = check_in.check_in_with_code(
        booking=booking.public_id, account_pk=who.account.pk, code=code, actor=who.actor
    )
    with pytest.raises(errors.TicketNotFound):
        shown.shown_ticket(account_pk=stranger.account.pk, ticket=ticket)
    assert shown.tickets_of(stranger.account.pk) == []
    assert [one.ticket for one in shown.tickets_of(who.account.pk)] == [ticket]


def test_somebody_without_a_booking_is_given_a_place_at_the_desk(where: Clinic) -> None:
    ticket = arrived(where, session(where), 1)
    who = resident(5)
    given: dict[str, Any] = {
        "queue": ticket.queue.public_id,
        "person_pk": who.card.person_id,
        "priority": 3,
        "reason": "",
    }
    walked_in = check_in.join_at_desk(actor=where.nurse, **given)
    assert walked_in == check_in.join_at_desk(actor=where.nurse, **given)
    assert Ticket.objects.get(public_id=walked_in).booking_id is None


def test_a_hospitals_machine_checks_in_the_next_booking(where: Clinic) -> None:
    who = resident()
    later = booked(who, session(where, starts_in=timedelta(minutes=90), doctor=False), number=2)
    sooner = booked(who, session(where), number=1)
    client = Actor(kind=ActorKind.CLIENT, id="c" * 26, institution=where.institution)
    given: dict[str, Any] = {
        "persons": [who.card.person_id],
        "institution_pk": where.institution_pk,
        "actor": client,
    }
    first = check_in.check_in_by_system(booking="", **given)
    assert Ticket.objects.get(public_id=first).booking_id == sooner.pk
    second = check_in.check_in_by_system(booking=later.public_id, **given)
    assert Ticket.objects.get(public_id=second).booking_id == later.pk
    with pytest.raises(errors.CheckInRefused):
        check_in.check_in_by_system(booking="x" * 26, **given)
