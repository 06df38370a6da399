"""Booking, holding, changing, cancelling, and what the clock does."""

from dataclasses import asdict
from datetime import timedelta

import pytest
import time_machine
from django.forms.models import model_to_dict

from appointments import errors
from appointments.events import AppointmentBooked
from appointments.models import Booking, ReturnedPlace, Schedule, Slot
from appointments.rules import BookingState, ScheduleState
from appointments.selectors import offers
from appointments.services import bookings, care, coming, leaving, suspension
from appointments.services.hospital import book_by_hospital
from appointments.types import BookedBy
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound, PermissionRefused
from foundation.events import services as events
from foundation.events.models import OutboxMessage
from institutions.rules import Role
from tests.appointments.booking import free, resident, row, rule, session, somebody
from tests.institutions import people as staff

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-03")]

SYSTEM = Actor.system("tests")


def client_of(institution: str) -> Actor:
    return Actor(kind=ActorKind.CLIENT, id="client", institution=institution)


def test_a_free_place_is_booked_at_once_with_the_first_number() -> None:
    clinic, who = session(), resident()
    ref = who.books(clinic.slot)
    assert (ref.state, ref.number, ref.held_until) == ("booked", 1, None)
    assert free(clinic.slot) == [2, 3]
    assert row(ref).booked_at is not None


def test_the_statement_writes_the_rows_that_audit_and_outbox_write() -> None:
    clinic, who = session(), resident()
    ref = who.books(clinic.slot)
    written = AuditEntry.objects.latest("pk"), OutboxMessage.objects.latest("pk")
    event = AppointmentBooked(
        booking_id=ref.booking_id,
        person_id=who.patient.person_id,
        account_id=who.account.public_id,
        institution=clinic.institution,
        schedule_id=clinic.schedule.public_id,
        starts_at=clinic.slots[0].starts_at.isoformat(),
    )
    audit.record(
        Action.APPOINTMENT_BOOKED,
        actor=who.actor.acting_for(who.patient.person_id),
        subject=row(ref),
        institution=clinic.institution,
        details={"channel": "h5"},
    )
    events.publish(event)
    plain = AuditEntry.objects.latest("pk"), OutboxMessage.objects.latest("pk")
    for mine, usual in zip(written, plain, strict=True):
        ours, theirs = model_to_dict(mine), model_to_dict(usual)
        for changing in ("id", "at", "occurred_at", "public_id"):
            ours.pop(changing, None), theirs.pop(changing, None)
        assert ours == theirs
    assert written[1].payload == asdict(event)
    assert abs(written[0].at - clock.now()) < timedelta(minutes=1)


def test_one_live_booking_per_person_and_session() -> None:
    clinic, who = session(bands=2), resident()
    who.books(clinic.slot)
    with pytest.raises(errors.AlreadyBooked):
        who.books(clinic.slots[1].public_id)
    assert free(clinic.slots[1].public_id) == [1, 2, 3]


def test_joined_anchors_are_one_person() -> None:
    clinic, who, other = session(bands=2), resident(), somebody()
    bookings.book_slot(slot=clinic.slot, patient=other, by=BookedBy(channel="window"), actor=SYSTEM)
    joined = type(who.patient)(
        who.patient.person_pk, who.patient.person_id, (who.patient.person_pk, other.person_pk)
    )
    with pytest.raises(errors.AlreadyBooked):
        bookings.book_slot(slot=clinic.slots[1].public_id, patient=joined, by=who.by, actor=who.actor)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"state": ScheduleState.STOPPED}, errors.SlotStopped),
        ({"fee_fen": 500}, errors.FeeChanged),
    ],
)
def test_what_changed_after_it_was_remembered_is_seen_by_the_statement(
    changes: dict[str, object], error: type[Exception]
) -> None:
    clinic, who = session(), resident()
    offers.offer_of(clinic.slot)
    Schedule.objects.filter(pk=clinic.schedule.pk).update(**changes)
    with pytest.raises(error):
        who.books(clinic.slot)
    assert not Booking.objects.exists()


def test_a_band_that_is_stopped_by_itself_says_so_and_why() -> None:
    clinic, who = session(bands=2), resident()
    offers.offer_of(clinic.slot)
    suspension.stop_slot(slot=clinic.slot, reason="院内会诊", actor=SYSTEM)
    for _ in range(2):
        with pytest.raises(errors.SlotStopped) as refused:
            who.books(clinic.slot)
        assert refused.value.text() == "医生这个时间停诊：院内会诊"
    assert errors.SlotStopped().text() == "医生这个时间停诊"
    assert who.books(clinic.slots[1].public_id).state == "booked"


def test_before_the_release_and_after_the_close_nothing_is_sold() -> None:
    clinic, who = session(), resident()
    with (
        time_machine.travel(clinic.schedule.releases_at - timedelta(seconds=1), tick=False),
        pytest.raises(errors.SlotNotReleased),
    ):
        who.books(clinic.slot)
    offers.forget_all()
    with (
        time_machine.travel(clinic.schedule.closes_at, tick=False),
        pytest.raises(errors.SlotClosed),
    ):
        who.books(clinic.slot)


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"person_day_limit": 1}, errors.PersonDayLimit),
        ({"person_open_limit": 1}, errors.PersonOpenLimit),
        ({"account_day_limit": 1}, errors.AccountDayLimit),
    ],
)
def test_limits_of_person_and_account(limits: dict[str, int], error: type[Exception]) -> None:
    clinic, who = session(), resident()
    second = session(institution=clinic.institution)
    rule(clinic.institution, **limits)
    who.books(clinic.slot)
    with pytest.raises(error):
        who.books(second.slot)
    # Another hospital counts for itself.
    who.books(session().slot)


def test_the_limit_of_a_device_holds_over_accounts() -> None:
    clinic = session()
    rule(clinic.institution, device_day_limit=1)
    for number, refused in (("13900001001", False), ("13900001002", True)):
        who = resident(number)
        by = BookedBy(channel="h5", account=who.account.public_id, device="d" * 64)
        if refused:
            with pytest.raises(errors.DeviceDayLimit):
                bookings.book_slot(slot=clinic.slot, patient=who.patient, by=by, actor=who.actor)
        else:
            bookings.book_slot(slot=clinic.slot, patient=who.patient, by=by, actor=who.actor)


def test_whoever_cancels_too_often_books_no_more_that_day() -> None:
    clinic, who = session(), resident()
    rule(clinic.institution, cancel_day_limit=1, person_day_limit=9)
    leaving.cancel_booking(booking=who.books(clinic.slot).booking_id, actor=who.actor)
    with pytest.raises(errors.CancelDayLimit):
        who.books(clinic.slot)


def test_a_cancelled_place_comes_back_after_a_random_time() -> None:
    clinic, who = session(capacity=1), resident()
    rule(clinic.institution, return_least_minutes=5, return_most_minutes=30)
    ref = who.books(clinic.slot)
    leaving.cancel_booking(booking=ref.booking_id, actor=who.actor)
    assert (row(ref).state, row(ref).end_reason) == ("cancelled", "resident")
    assert free(clinic.slot) == []
    place = ReturnedPlace.objects.get()
    wait = place.returns_at - clock.now()
    assert timedelta(minutes=4) < wait <= timedelta(minutes=30)
    assert care.return_places(actor=SYSTEM) == 0
    with time_machine.travel(place.returns_at, tick=False):
        assert care.return_places(actor=SYSTEM) == 1
    assert free(clinic.slot) == [1]
    assert not ReturnedPlace.objects.exists()


def test_a_place_does_not_come_back_to_a_band_that_was_made_smaller() -> None:
    clinic = session(capacity=2)
    first, second = resident(), resident("13900001002")
    ref = first.books(clinic.slot)
    second.books(clinic.slot)
    Slot.objects.update(capacity=1)
    leaving.cancel_booking(booking=ref.booking_id, actor=first.actor)
    with time_machine.travel(ReturnedPlace.objects.get().returns_at, tick=False):
        care.return_places(actor=SYSTEM)
    assert free(clinic.slot) == []


def test_too_late_to_cancel_on_the_net_and_not_at_the_window() -> None:
    clinic, who = session(starts_in=timedelta(hours=3)), resident()
    ref = who.books(clinic.slot)
    clerk = staff.actor(staff.staff(Role.WINDOW_CLERK, clinic.institution))
    with time_machine.travel(clinic.slots[0].starts_at - timedelta(minutes=119), tick=False):
        with pytest.raises(errors.TooLateToCancel):
            leaving.cancel_booking(booking=ref.booking_id, actor=who.actor)
        leaving.cancel_booking(booking=ref.booking_id, reason="来电", actor=clerk)
    assert row(ref).end_reason == "staff"


def test_nobody_else_sees_or_cancels_a_booking() -> None:
    clinic, who = session(), resident()
    ref = who.books(clinic.slot)
    stranger = resident("13900001002", "测试丙")
    elsewhere = staff.hospital(7)
    clerk = staff.actor(staff.staff(Role.WINDOW_CLERK, elsewhere))
    doctor = staff.actor(staff.staff(Role.DOCTOR, clinic.institution))
    for actor in (stranger.actor, clerk, client_of(elsewhere)):
        with pytest.raises(errors.BookingNotFound):
            leaving.cancel_booking(booking=ref.booking_id, actor=actor)
    with pytest.raises(PermissionRefused):
        leaving.cancel_booking(booking=ref.booking_id, actor=doctor)
    assert row(ref).state == "booked"


def test_a_change_takes_the_new_place_and_gives_the_old_one_back() -> None:
    clinic, who = session(bands=2), resident()
    ref = who.books(clinic.slot)
    other = clinic.slots[1].public_id
    changed = leaving.change_booking(booking=ref.booking_id, slot=other, actor=who.actor)
    assert (row(ref).state, row(ref).end_reason) == ("cancelled", "moved")
    assert row(changed).moved_from == row(ref)
    assert free(other) == [2, 3]
    assert ReturnedPlace.objects.get().slot == clinic.slots[0]
    event = OutboxMessage.objects.get(topic="appointment.moved.v1")
    assert event.payload["moved_from"] == ref.booking_id


def test_a_change_to_a_place_that_is_gone_leaves_the_old_one() -> None:
    clinic, who = session(bands=2, capacity=1), resident()
    ref = who.books(clinic.slot)
    other = clinic.slots[1].public_id
    resident("13900001002").books(other)
    with pytest.raises(errors.SlotFull):
        leaving.change_booking(booking=ref.booking_id, slot=other, actor=who.actor)
    assert row(ref).state == "booked"
    assert not ReturnedPlace.objects.exists()
    with pytest.raises(errors.SamePlace):
        leaving.change_booking(booking=ref.booking_id, slot=clinic.slot, actor=who.actor)
    elsewhere = session(institution=clinic.institution, department="02")
    with pytest.raises(errors.ChangeElsewhere):
        leaving.change_booking(booking=ref.booking_id, slot=elsewhere.slot, actor=who.actor)


def test_a_family_books_together_or_not_at_all() -> None:
    clinic, who, child = session(capacity=2), resident(), somebody()
    made = bookings.book_together(
        choices=[(clinic.slot, who.patient), (clinic.slot, child)], by=who.by, actor=who.actor
    )
    assert sorted(ref.number for ref in made) == [1, 2]
    full, other, third = session(capacity=1), resident("13900001003"), somebody()
    with pytest.raises(errors.SlotFull):
        bookings.book_together(
            choices=[(full.slot, other.patient), (full.slot, third)], by=other.by, actor=other.actor
        )
    assert free(full.slot) == [1]
    with pytest.raises(errors.NobodyChosen):
        bookings.book_together(choices=[], by=other.by, actor=other.actor)


def test_what_is_held_is_confirmed_in_time_or_expires() -> None:
    clinic, who = session(), resident()
    ref = bookings.hold_slot(slot=clinic.slot, patient=who.patient, by=who.by, actor=who.actor)
    assert ref.state == "held"
    assert bookings.confirm_booking(booking=ref.booking_id, actor=who.actor).state == "booked"
    with pytest.raises(errors.BookingStateConflict):
        bookings.confirm_booking(booking=ref.booking_id, actor=who.actor)

    second = session(institution=clinic.institution)
    late = bookings.hold_slot(slot=second.slot, patient=who.patient, by=who.by, actor=who.actor)
    assert late.held_until is not None
    assert care.expire_holds(actor=SYSTEM) == 0
    with time_machine.travel(late.held_until, tick=False):
        with pytest.raises(errors.HoldOver):
            bookings.confirm_booking(booking=late.booking_id, actor=who.actor)
        assert care.expire_holds(actor=SYSTEM) == 1
    assert row(late).state == "expired"
    assert ReturnedPlace.objects.filter(slot=second.slots[0]).exists()
    assert OutboxMessage.objects.filter(topic="appointment.expired.v1").count() == 1


def test_whoever_does_not_come_is_noted_where_others_were_checked_in() -> None:
    clinic, who, other = session(starts_in=timedelta(hours=2)), resident(), resident("13900001002")
    rule(clinic.institution, missed_limit=1)
    mine, theirs = who.books(clinic.slot), other.books(clinic.slot)
    coming.arrive_booking(booking=theirs.booking_id, actor=SYSTEM)
    assert care.mark_missed(actor=SYSTEM) == 0
    with time_machine.travel(clinic.slots[0].ends_at + timedelta(hours=13), tick=False):
        assert care.mark_missed(actor=SYSTEM) == 2
        assert (row(mine).state, row(theirs).state) == ("missed", "done")
        later = session(institution=clinic.institution, starts_in=timedelta(days=2))
        with pytest.raises(errors.BookingPaused):
            who.books(later.slot)
    assert OutboxMessage.objects.filter(topic="appointment.missed.v1").count() == 1


def test_where_nobody_is_checked_in_nobody_is_said_to_have_stayed_away() -> None:
    clinic, who = session(starts_in=timedelta(hours=2)), resident()
    ref = who.books(clinic.slot)
    with time_machine.travel(clinic.slots[0].ends_at, tick=False):
        assert care.mark_missed(actor=SYSTEM) == 1
    assert (row(ref).state, row(ref).end_reason) == ("done", "session_over")


def test_arriving_and_being_seen() -> None:
    clinic, who = session(), resident()
    ref = who.books(clinic.slot)
    nurse = staff.actor(staff.staff(Role.NURSE, clinic.institution))
    coming.arrive_booking(booking=ref.booking_id, actor=nurse)
    with pytest.raises(errors.BookingStateConflict):
        coming.arrive_booking(booking=ref.booking_id, actor=nurse)
    with pytest.raises(errors.BookingStateConflict):
        leaving.cancel_booking(booking=ref.booking_id, actor=who.actor)
    coming.finish_booking(booking=ref.booking_id, actor=nurse)
    assert row(ref).state == BookingState.DONE
    assert OutboxMessage.objects.filter(topic="appointment.arrived.v1").count() == 1


def test_a_hospital_takes_the_number_that_it_gave_at_its_own_window() -> None:
    clinic, patient = session(fee_fen=1_000), somebody()
    actor = client_of(clinic.institution)
    ref = book_by_hospital(slot=clinic.slot, patient=patient, hospital_ref="H1", number=2, actor=actor)
    assert (ref.state, ref.number) == ("booked", 2)
    assert free(clinic.slot) == [1, 3]
    again = book_by_hospital(slot=clinic.slot, patient=patient, hospital_ref="H1", number=2, actor=actor)
    assert again.booking_id == ref.booking_id
    with pytest.raises(errors.HospitalRefTaken):
        book_by_hospital(slot=clinic.slot, patient=somebody(), hospital_ref="H1", actor=actor)
    with pytest.raises(errors.SlotFull):
        book_by_hospital(slot=clinic.slot, patient=somebody(), hospital_ref="H2", number=2, actor=actor)
    with pytest.raises(NotFound):
        book_by_hospital(slot=clinic.slot, patient=somebody(), hospital_ref="H3", actor=client_of("other"))
