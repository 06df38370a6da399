"""From what happens on the way to a doctor to what residents are told, and when."""

import re
from datetime import UTC, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from appointments.events import AppointmentStopped
from appointments.models import Booking, Slot
from appointments.rules import BookingState
from foundation.accounts import services as accounts
from foundation.accounts.models import Account
from foundation.core import clock
from foundation.events import relay
from foundation.events import services as events
from foundation.events.models import Delivery, DeliveryState, OutboxMessage
from foundation.events.services import Message as Event
from identity import selectors as identity
from identity import services as holdings
from identity.rules import Evidence
from mpi import selectors as mpi
from notifications import services
from notifications.handlers import records, visits
from notifications.models import Dispatch, Message, Reminder
from notifications.models.reminder import ReminderState
from notifications.rules.topics import Topic
from notifications.services import reminders
from tests.accounts import people as strangers
from tests.accounts.people import signed_in as with_session
from tests.identity import test_family as family
from tests.notifications.sending import DAYTIME, daytime, dispatch, template
from tests.privacy.kept.of_appointments import booking

pytestmark = pytest.mark.django_db

VISIT = DAYTIME + timedelta(days=3)


class Visit:
    """A booking three days from now, and the account of its person."""

    def __init__(self, **times: Any) -> None:
        self.row: Booking = booking(BookingState.BOOKED)
        Slot.objects.filter(pk=self.row.slot_id).update(
            starts_at=VISIT, ends_at=VISIT + timedelta(minutes=30), **times
        )
        self.person_id = self.row.person.public_id
        ((account_id, _relation),) = identity.holders(self.row.person_id)
        self.account = Account.objects.get(public_id=account_id)

    def event(self, topic: str, key: str = "e1", **more: Any) -> Event:
        payload = {
            "booking_id": self.row.public_id,
            "person_id": self.person_id,
            "account_id": self.account.public_id,
            "institution": self.row.institution.public_id,
            "schedule_id": self.row.schedule.public_id,
            **more,
        }
        return Event(key, topic, payload)

    def booked(self) -> None:
        visits.on_booked(self.event("appointment.booked.v1", starts_at=VISIT.isoformat()))

    def ends(self, state: str) -> None:
        Booking.objects.filter(pk=self.row.pk).update(state=state)

    def told(self) -> list[str]:
        return list(
            Message.objects.filter(account=self.account).order_by("pk").values_list("kind", flat=True)
        )


def at(moment: Any) -> int:
    """A worker's look at the reminders at a moment."""
    with daytime() as moving:
        moving.move_to(moment)
        return reminders.tell_due()


@pytest.mark.row("OP-04")
def test_a_booking_is_reminded_of_a_day_and_two_hours_before() -> None:
    with daytime():
        visit = Visit()
        visit.booked()
        visit.booked()
    assert at(VISIT - timedelta(hours=25)) == 0
    assert at(VISIT - timedelta(hours=23, minutes=59)) == 1
    assert at(VISIT - timedelta(hours=23)) == 0
    assert at(VISIT - timedelta(hours=1, minutes=59)) == 1
    assert visit.told() == ["appointment.booked", "reminder.day", "reminder.hours"]
    message = Message.objects.latest("pk")
    assert message.params["at"] == VISIT.astimezone(UTC).isoformat()
    assert message.institution == visit.row.institution.public_id


@pytest.mark.row("OP-04")
def test_an_opened_reminder_says_hospital_department_doctor_time_and_for_whom(client: Client) -> None:
    with daytime():
        visit = Visit()
        visit.booked()
        message = Message.objects.get()
        with_session(client, visit.account)
        page = client.get(f"/messages/{message.public_id}/").content.decode()
    for word in ("本人", visit.row.institution.short_name, "测试内科", "2026年11月26日 10:00"):
        assert re.search(rf"<dd[^>]*>\s*{re.escape(word)}\s*</dd>", page), word
    with_session(client, strangers.stranger())
    assert client.get(f"/messages/{message.public_id}/").status_code == 404


@pytest.mark.row("OP-04")
def test_a_visit_of_tomorrow_morning_is_reminded_of_once() -> None:
    with daytime() as moving:
        visit = Visit()
        moving.move_to(VISIT - timedelta(hours=20))
        visit.booked()
    assert [row.kind for row in Reminder.objects.all()] == ["reminder.hours"]


@pytest.mark.row("OP-04")
@pytest.mark.parametrize("topic", ["appointment.cancelled.v1", "appointment.missed.v1"])
def test_nobody_is_reminded_of_what_has_ended(topic: str) -> None:
    with daytime():
        visit = Visit()
        visit.booked()
        visits.on_ended(visit.event(topic, "e2", reason="person"))
    assert {row.state for row in Reminder.objects.all()} == {ReminderState.CANCELLED}
    assert at(VISIT - timedelta(hours=1)) == 0
    assert visit.told()[1:] == [topic.removesuffix(".v1")]


@pytest.mark.row("OP-04")
def test_a_booking_that_ended_is_not_reminded_of_though_its_event_is_late() -> None:
    with daytime():
        visit = Visit()
        visit.booked()
        visit.ends(BookingState.CANCELLED)
    assert at(VISIT - timedelta(hours=23)) == 1
    assert visit.told() == ["appointment.booked"]
    assert Reminder.objects.get(kind="reminder.day").state == ReminderState.CANCELLED


@pytest.mark.row("OP-04")
def test_a_booking_that_moved_is_reminded_of_at_its_new_time() -> None:
    with daytime():
        old, new = Visit(), Visit()
        old.booked()
        visits.on_moved(
            new.event("appointment.moved.v1", "e2", starts_at=VISIT.isoformat(), moved_from=old.row.public_id)
        )
    waiting = Reminder.objects.filter(state=ReminderState.WAITING)
    assert {row.booking for row in waiting} == {new.row.public_id}
    assert new.told() == ["appointment.moved"]


@pytest.mark.row("OP-04")
def test_who_has_checked_in_is_not_reminded() -> None:
    with daytime():
        visit = Visit()
        visit.booked()
        visits.on_arrived(visit.event("appointment.arrived.v1", "e2"))
    assert not Reminder.objects.filter(state=ReminderState.WAITING).exists()


def test_a_clinic_that_stops_today_is_told_at_night_and_one_of_later_in_the_morning() -> None:
    template("appointment.stopped")
    with daytime() as moving:
        visit = Visit()
        visit.booked()
        moving.move_to(VISIT.replace(hour=23) - timedelta(days=1))
        visits.on_stopped(visit.event("appointment.stopped.v1", "e2", substitute=""))
        later = dispatch(Message.objects.latest("pk"))
        assert later.due_at == VISIT.replace(hour=7)
        moving.move_to(VISIT.replace(hour=5))
        visits.on_stopped(visit.event("appointment.stopped.v1", "e3", substitute=""))
        assert dispatch(Message.objects.latest("pk")).due_at == clock.now()
    assert visit.told() == ["appointment.booked", "appointment.stopped", "appointment.stopped"]
    assert not Reminder.objects.filter(state=ReminderState.WAITING).exists()


def test_a_guardian_hears_of_the_childs_visit_and_a_stranger_of_nothing() -> None:
    with daytime():
        visit = Visit()
        parent = family.guardian("13900000061")
        child, _number = family.person(family.born(5))
        family.hold(parent, child)
        payload = {"person_id": child.person_id, "booking_id": "b1", "institution": "", "reason": "hospital"}
        visits.on_ended(Event("e9", "appointment.cancelled.v1", payload))
        visits.on_ended(Event("e8", "appointment.cancelled.v1", {**payload, "person_id": "0" * 26}))
    (message,) = Message.objects.all()
    assert (message.account_id, message.person_id) == (parent.pk, child.person_pk)
    assert message.params["relation"] == "child"
    assert visit.told() == []


def test_who_only_knew_a_name_and_a_number_hears_nothing_of_reports() -> None:
    unsure = accounts.open_resident(phone="13900000062")
    ref, _number = family.person()
    holdings.open_self_holding(
        account_pk=unsure.pk, person_pk=ref.person_pk, evidence=Evidence.REAL_NAME, actor=family.CLERK
    )
    payload = {"report_id": "r1", "person_id": ref.person_id, "institution": ""}
    records.on_report(Event("e1", "report.published.v1", payload))
    assert not Message.objects.exists()


def test_an_adult_who_let_a_relative_look_after_the_card_alone_hears_of_reports() -> None:
    relative, elder = family.guardian("13900000063"), family.guardian("13900000064")
    own = identity.self_person(elder.pk)
    assert own is not None
    family.hold(
        relative,
        mpi.PersonRef(own.person_pk, own.person_id),
        relation="parent",
        evidence=Evidence.HOLDER_CONSENT,
    )
    payload = {"report_id": "r1", "person_id": own.person_id, "institution": ""}
    records.on_report(Event("e1", "report.published.v1", payload))
    assert [message.account_id for message in Message.objects.all()] == [elder.pk]


def test_a_call_says_the_room_and_takes_the_place_of_what_still_waits() -> None:
    template("queue.near")
    template("queue.called", fields={"place": "{place}"})
    with daytime():
        visit = Visit()
        services.set_topic(account_pk=visit.account.pk, topic=Topic.QUEUE, ways={"sms": True})
        ticket = {"ticket_id": "t1", "person_id": visit.person_id}
        for key, ahead in (("a", 5), ("b", 4), ("c", 3)):
            visits.on_queue_near(Event(key, "queue.near.v1", {**ticket, "ahead": ahead}))
        visits.on_queue_called(Event("d", "queue.called.v1", {**ticket, "place": "3号诊室"}))
    states = list(Dispatch.objects.order_by("pk").values_list("message__kind", "state"))
    assert states == [("queue.near", "cancelled"), ("queue.near", "cancelled"), ("queue.called", "created")]


def test_a_bill_for_a_booking_is_told_with_the_booking() -> None:
    visit = Visit()
    bill = {"bill_id": "b1", "person_id": visit.person_id, "institution": "", "subject_id": "x"}
    for key, topic, subject in (
        ("a", "bill.opened.v1", "appointments.Booking"),
        ("b", "bill.opened.v1", "hospital"),
        ("c", "bill.refund_due.v1", "appointments.Booking"),
    ):
        visits.on_bill(Event(key, topic, {**bill, "subject_type": subject}))
    assert visit.told() == ["bill.opened", "bill.refund_due"]


def stop(people: int) -> list[Visit]:
    """A clinic stops: an event for each booking, written together."""
    stopped = [Visit() for _ in range(people)]
    # What made them was told before.
    OutboxMessage.objects.all().delete()
    with transaction.atomic():
        events.publish_many(
            AppointmentStopped(
                booking_id=visit.row.public_id,
                person_id=visit.person_id,
                account_id=visit.account.public_id,
                institution=visit.row.institution.public_id,
                schedule_id=visit.row.schedule.public_id,
                substitute="",
            )
            for visit in stopped
        )
    return stopped


def test_the_relay_hands_a_stopped_clinics_events_over_together() -> None:
    stopped = stop(3)
    relay.expand()
    relay.deliver()
    assert Message.objects.filter(kind="appointment.stopped").count() == 3
    assert {visit.told()[-1] for visit in stopped} == {"appointment.stopped"}
    Delivery.objects.update(state=DeliveryState.PENDING)
    relay.deliver()
    assert Message.objects.filter(kind="appointment.stopped").count() == 3


def test_one_event_that_cannot_be_told_delays_only_itself() -> None:
    stop(2)
    relay.expand()
    mine = Delivery.objects.filter(subscriber="notifications.handlers.visits.on_stopped")
    bad = mine.order_by("pk")[0]
    bad.message.payload = {"person_id": "x"}
    bad.message.save()
    relay.deliver()
    assert Message.objects.filter(kind="appointment.stopped").count() == 1
    states = dict(mine.values_list("pk", "state"))
    assert states.pop(bad.pk) == DeliveryState.PENDING
    assert set(states.values()) == {DeliveryState.DONE}


@pytest.mark.row("NT-02")
def test_who_reads_records_is_told_to_the_person_and_to_no_relative_who_only_helps() -> None:
    relative, elder = family.guardian("13900000065"), family.guardian("13900000066")
    own = identity.self_person(elder.pk)
    assert own is not None
    family.hold(
        relative,
        mpi.PersonRef(own.person_pk, own.person_id),
        relation="parent",
        evidence=Evidence.HOLDER_CONSENT,
    )
    payload = {"person_id": own.person_id, "institution": "", "request_id": "r1", "grant_id": "g1"}
    for kind in ("access.asked", "access.granted", "access.revoked", "record.opened", "emergency.opened"):
        records.on_access(Event(kind, f"{kind}.v1", {**payload, "access_id": "a1", "opening_id": "o1"}))
    told = Message.objects.order_by("pk")
    assert {message.account_id for message in told} == {elder.pk}
    assert told[0].params == {"request": "r1", "relation": "self"}
    assert len(told) == 5
