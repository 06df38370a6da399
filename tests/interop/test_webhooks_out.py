"""Messages to institutions: whom they concern, how they are signed, and how long they are tried."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook, WebhookVerificationError

from appointments.events import AppointmentBooked, MedicineReady, QueueCalled
from foundation.core import clock
from foundation.core.errors import PermissionRefused
from foundation.events import relay, wiring
from foundation.events import services as events
from foundation.events.services import Message
from foundation.gateway import services as gateway
from foundation.gateway.errors import AddressNotAllowed
from gmcrypto import statements
from institutions.rules import Role
from interop.models import DeliveryState, EndpointState, WebhookDelivery, WebhookEndpoint, WebhookKey
from interop.webhooks import outgoing, services
from interop.webhooks.errors import EndpointKnown, UnknownMessageTypes
from records.events import AccessGranted, EmergencyOpened, RecordOpened
from sdk.webhooks import Receiver as Reader
from sdk.webhooks import SharedKey, Sm2PublicKey
from tests.institutions import people
from tests.interop.receiver import Receiver, receiver

pytestmark = pytest.mark.django_db
REASON = "测试"


@pytest.fixture
def his() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


class Exchange:
    """A hospital with an address that is told of bookings."""

    def __init__(self, his: Receiver, serial: int = 1) -> None:
        self.place = people.hospital(serial)
        self.client = people.system(self.place).client
        gateway.set_hosts(client=self.client, hosts=["127.0.0.1"], actor=people.CENTRE)
        self.admin = people.staff(Role.INSTITUTION_ADMIN, self.place, username=f"admin{serial}")
        self.actor = people.actor(self.admin)
        self.endpoint, self.secret = services.add_endpoint(
            client=self.client,
            url=his.url,
            types=["appointment.booked"],
            actor=self.actor,
            reason=REASON,
        )


@pytest.fixture
def exchange(his: Receiver) -> Exchange:
    return Exchange(his)


def book(place: str, booking: str = "b1") -> None:
    events.publish(
        AppointmentBooked(
            booking_id=booking,
            person_id="p1",
            account_id="a1",
            institution=place,
            schedule_id="s1",
            starts_at="2026-11-22T08:00:00+08:00",
        )
    )
    relay.expand()
    relay.deliver()


def post_all() -> list[bool]:
    return [outgoing.send(public_id) for public_id in outgoing.due()]


@pytest.mark.row("HI-05")
def test_a_hospital_is_told_of_its_bookings_by_ids_alone(exchange: Exchange, his: Receiver) -> None:
    book(exchange.place)
    assert post_all() == [True]
    [notice] = his.notices
    assert notice["type"] == "appointment.booked"
    assert notice["data"] == {
        "booking_id": "b1",
        "schedule_id": "s1",
        "starts_at": "2026-11-22T08:00:00+08:00",
    }
    assert WebhookDelivery.objects.get().state == DeliveryState.DONE
    assert post_all() == []


def test_the_signature_is_right_for_the_standards_library_and_for_the_sdk(
    exchange: Exchange, his: Receiver
) -> None:
    book(exchange.place)
    post_all()
    [(headers, body)] = his.raw
    assert Webhook(exchange.secret).verify(body, headers)["type"] == "appointment.booked"
    with pytest.raises(WebhookVerificationError):
        Webhook(exchange.secret).verify(body + b" ", headers)
    for key in (
        SharedKey(exchange.secret),
        SharedKey(exchange.secret, "v1sm3"),
        Sm2PublicKey(statements.public_key()),
    ):
        assert Reader(key).read(headers, body).data["booking_id"] == "b1"


@pytest.mark.row("HI-05")
def test_another_hospital_is_told_nothing(exchange: Exchange, his: Receiver) -> None:
    book(people.hospital(2))
    assert not WebhookDelivery.objects.exists()


def test_what_was_not_asked_for_is_not_told(exchange: Exchange) -> None:
    services.change_types(
        endpoint=exchange.endpoint.public_id,
        types=["schedule.stopped"],
        actor=exchange.actor,
        reason=REASON,
    )
    book(exchange.place)
    assert not WebhookDelivery.objects.exists()


@pytest.mark.row("HI-05")
def test_a_message_is_tried_for_days_and_then_left_to_staff(exchange: Exchange, his: Receiver) -> None:
    his.status = 500
    book(exchange.place)
    began = moment = clock.now()
    while (row := WebhookDelivery.objects.get()).state != DeliveryState.DEAD:
        moment = max(moment, row.next_attempt_at)
        # The breaker's minute is Valkey's own, which does not travel.
        outgoing.breaker_of(exchange.endpoint).succeeded()
        with time_machine.travel(moment, tick=False):
            post_all()
    row = WebhookDelivery.objects.get()
    assert (row.attempts, len(row.tries), row.last_error) == (10, 10, "status 500")
    assert timedelta(days=3) < moment - began < timedelta(days=5)
    his.status = 200
    with time_machine.travel(moment, tick=False):
        services.replay(delivery=row.public_id, actor=exchange.actor, reason=REASON)
        assert post_all() == [True]
    assert len({headers["webhook-id"] for headers, _body in his.raw}) == 1


def test_an_address_that_does_not_answer_is_left_alone_for_a_moment(
    exchange: Exchange, his: Receiver
) -> None:
    his.status = 503
    for number in range(7):
        book(exchange.place, f"b{number}")
    post_all()
    assert len(his.notices) == 5
    held = WebhookDelivery.objects.filter(attempts=0)
    assert [row.next_attempt_at > clock.now() for row in held] == [True, True]


def test_redirects_are_not_followed(exchange: Exchange, his: Receiver) -> None:
    his.status = 302
    book(exchange.place)
    assert post_all() == [False]
    assert (len(his.notices), WebhookDelivery.objects.get().last_status) == (1, 302)


def test_an_address_that_is_gone_is_told_nothing_more(exchange: Exchange, his: Receiver) -> None:
    his.status = 410
    book(exchange.place)
    assert post_all() == [False]
    assert WebhookEndpoint.objects.get().state == EndpointState.GONE
    book(exchange.place, "b2")
    assert WebhookDelivery.objects.count() == 1
    his.status = 200
    services.resume_endpoint(endpoint=exchange.endpoint.public_id, actor=exchange.actor, reason=REASON)
    assert (
        services.replay_failed(endpoint=exchange.endpoint.public_id, actor=exchange.actor, reason=REASON) == 1
    )
    assert post_all() == [True]


def test_old_and_new_secret_sign_for_seven_days(exchange: Exchange, his: Receiver) -> None:
    fresh = services.rotate_secret(endpoint=exchange.endpoint.public_id, actor=exchange.actor, reason=REASON)
    book(exchange.place)
    post_all()
    [(headers, body)] = his.raw
    for secret in (exchange.secret, fresh):
        Webhook(secret).verify(body, headers)
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        book(exchange.place, "b2")
        post_all()
        headers, body = his.raw[1]
        Webhook(fresh).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(exchange.secret).verify(body, headers)
    assert WebhookKey.objects.filter(not_after=None).count() == 1


def test_an_address_outside_the_registered_hosts_is_refused(exchange: Exchange, his: Receiver) -> None:
    def add(url: str, types: list[str]) -> Any:
        return services.add_endpoint(
            client=exchange.client, url=url, types=types, actor=exchange.actor, reason=REASON
        )

    with pytest.raises(AddressNotAllowed):
        add("https://elsewhere.example.org/hook", ["appointment.booked"])
    with pytest.raises(UnknownMessageTypes):
        add(f"{his.url}x", ["weather.changed"])
    with pytest.raises(EndpointKnown):
        add(his.url, ["appointment.booked"])


def test_a_host_that_is_taken_away_ends_what_was_on_its_way(exchange: Exchange, his: Receiver) -> None:
    book(exchange.place)
    gateway.set_hosts(client=exchange.client, hosts=["his.example.org"], actor=people.CENTRE)
    assert post_all() == [False]
    assert (WebhookDelivery.objects.get().state, his.notices) == (DeliveryState.DEAD, [])


def test_who_may_only_look_changes_nothing(exchange: Exchange) -> None:
    auditor = people.actor(people.staff(Role.AUDITOR, username="auditor"))
    with pytest.raises(PermissionRefused):
        services.stop_endpoint(endpoint=exchange.endpoint.public_id, actor=auditor, reason=REASON)


def test_what_a_killed_worker_held_is_sent_by_the_next_one(exchange: Exchange, his: Receiver) -> None:
    book(exchange.place)
    WebhookDelivery.objects.update(state=DeliveryState.SENDING, attempts=1)
    assert post_all() == [True]
    assert his.notices != []


@pytest.mark.row("HI-05")
def test_queues_medicines_and_accesses_are_told_to_the_hospital_whose_they_are(
    exchange: Exchange, his: Receiver
) -> None:
    wanted = ["queue.called", "medicine.ready", "access.granted", "record.opened", "emergency.opened"]
    services.change_types(
        endpoint=exchange.endpoint.public_id, types=wanted, actor=exchange.actor, reason=REASON
    )
    with transaction.atomic():
        for place in (people.hospital(2), exchange.place):
            events.publish(QueueCalled("t1", "p1", "3号诊室", place))
            events.publish(MedicineReady("m1", "p1", place))
            events.publish(AccessGranted("g1", "p1", place))
            events.publish(RecordOpened("a1", "p1", place))
            events.publish(EmergencyOpened("o1", "p1", place))
    relay.expand()
    relay.deliver()
    post_all()
    assert {notice["type"]: notice["data"] for notice in his.notices} == {
        "queue.called": {"ticket_id": "t1", "place": "3号诊室"},
        "medicine.ready": {"medicine_id": "m1"},
        "access.granted": {"grant_id": "g1"},
        "record.opened": {"access_id": "a1"},
        "emergency.opened": {"opening_id": "o1"},
    }
    assert len(his.notices) == len(wanted)


def test_a_clinic_that_stops_is_written_down_in_few_statements(exchange: Exchange) -> None:
    services.change_types(
        endpoint=exchange.endpoint.public_id,
        types=["appointment.booked"],
        actor=exchange.actor,
        reason=REASON,
    )
    told = [
        Message(f"m{number}", "appointment.booked.v1", {"institution": exchange.place, "booking_id": "b"})
        for number in range(50)
    ]
    many = wiring.many_handler("interop.webhooks.outgoing.on_event")
    assert many is not None
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        many(told)
    assert len(asked) <= 5
    assert WebhookDelivery.objects.count() == 50
    with transaction.atomic():
        many(told)
    assert WebhookDelivery.objects.count() == 50


@pytest.mark.row("HI-05")
def test_some_messages_are_posted_together(exchange: Exchange, his: Receiver) -> None:
    for number in range(3):
        book(exchange.place, f"b{number}")
    due = outgoing.due()
    assert outgoing.send_many(["0" * 26, *due]) == 3
    assert outgoing.send_many(due) == 0
    assert len(his.notices) == 3
