"""The console of the exchange, on both sites."""

import re
from typing import Any

import pytest
from django.test import Client

from cards.services.binding import link_patient
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from foundation.events import relay
from foundation.events import services as events
from foundation.events.models import Delivery, DeliveryState, InboxMessage
from foundation.events.types import InboxState, Outcome, WaitReason
from foundation.gateway import inbound
from foundation.gateway import services as gateway
from institutions.rules import Role
from interop.models import WebhookDelivery, WebhookEndpoint
from tests.cards.world import Holder, holder
from tests.events.test_relay import Both
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.interop.senders import event

pytestmark = pytest.mark.django_db

URL = "https://his.example.org/hook"


@pytest.fixture
def place() -> str:
    place = people.hospital()
    client = people.system(place).client
    gateway.set_hosts(client=client, hosts=["his.example.org"], actor=people.CENTRE)
    return place


@pytest.fixture
def hospital(client: Client, place: str) -> Client:
    return people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))


@pytest.fixture
def centre() -> Client:
    return people.at_work(Client(), people.staff(Role.CENTRE_ADMIN, username="centre"))


def waiting_event(place: str, **patient: str) -> InboxMessage:
    """An event about somebody whom nobody knows by that number."""
    inbound.accept(event(patient=patient), institution=place)
    relay.work_inbox()
    return InboxMessage.objects.get()


def address(row: Any, *more: str, site: str = "institution") -> str:
    options = row._meta
    return "/".join(["", site, options.app_label, options.model_name, row.public_id, *more, ""])


@pytest.mark.row("HI-05")
def test_a_hospital_registers_its_address_and_sees_the_secret_once(hospital: Client, place: str) -> None:
    client = gateway_client(place)
    page = submit(
        hospital,
        "/institution/interop/webhookendpoint/add/",
        client=client,
        url=URL,
        types=["appointment.booked"],
    )
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", page.content.decode())
    assert secret
    assert "no-store" in page["Cache-Control"]
    row = WebhookEndpoint.objects.get()
    detail = hospital.get(address(row, "change")).content.decode()
    assert URL in detail
    assert secret[0] not in detail
    assert AuditEntry.objects.filter(action="webhook.added").count() == 1


def gateway_client(place: str) -> str:
    from foundation.gateway import selectors

    return selectors.client_named(place, "HIS")


def test_an_address_elsewhere_is_refused_on_the_form(hospital: Client, place: str) -> None:
    page = submit(
        hospital,
        "/institution/interop/webhookendpoint/add/",
        client=gateway_client(place),
        url="https://elsewhere.example.org/",
        types=["appointment.booked"],
    )
    assert "地址不在接入应用登记的域名内" in page.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_an_address_is_tried_stopped_and_used_again(hospital: Client, place: str) -> None:
    test_a_hospital_registers_its_address_and_sees_the_secret_once(hospital, place)
    row = WebhookEndpoint.objects.get()
    for act in ("test", "rotate", "stop", "resume"):
        assert submit(hospital, address(row, "do", act)).status_code in {200, 302}
    assert WebhookDelivery.objects.get().type == "webhook.test"
    listed = hospital.get("/institution/interop/webhookdelivery/").content.decode()
    assert "webhook.test" in listed
    row.refresh_from_db()
    assert (row.state, row.keys.count()) == ("active", 2)


@pytest.mark.row("NT-01")
def test_a_hospital_sees_whom_an_event_is_about_and_retries_it(
    hospital: Client, centre: Client, place: str
) -> None:
    row = waiting_event(place, patient_id="P-20261121-77")
    assert row.waiting_for == WaitReason.PERSON
    listed = hospital.get("/institution/events/inboxmessage/").content.decode()
    assert "等待找到就诊人" in listed
    assert "P-20261121-77" in hospital.get(address(row, "change")).content.decode()
    assert "P-20261121-77" not in centre.get(address(row, "change", site="admin")).content.decode()
    assert AuditEntry.objects.filter(action="event.read", subject_id=row.public_id).count() == 2
    bind(place, "P-20261121-77")
    assert submit(hospital, address(row, "do", "retry")).status_code == 302
    relay.work_inbox()
    row.refresh_from_db()
    assert (row.state, row.outcome) == (InboxState.DONE, Outcome.APPLIED)


def bind(place: str, patient_id: str) -> Holder:
    who = holder()
    actor = Actor(kind=ActorKind.CLIENT, id=gateway_client(place), institution=place)
    link_patient(card_pk=who.card.pk, patient_id=patient_id, actor=actor)
    return who


def test_an_event_is_given_up_with_a_reason(hospital: Client, place: str) -> None:
    row = waiting_event(place, patient_id="P-78")
    assert submit(hospital, address(row, "do", "discard")).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.outcome) == (InboxState.DONE, Outcome.DISCARDED)
    # What is done is offered no act, and refuses one.
    assert hospital.get(address(row, "do", "retry")).status_code == 409


def test_a_dead_letter_between_rooms_is_the_centres_business(
    centre: Client, hospital: Client, settings: Any
) -> None:
    settings.EVENT_WIRING = "tests.events.subscribers"
    events.publish(Both("t1"))
    relay.expand()
    Delivery.objects.filter(subscriber__endswith="fail").update(state=DeliveryState.DEAD, attempts=12)
    row = Delivery.objects.get(state=DeliveryState.DEAD)
    assert "test.both.v1" in centre.get("/admin/events/delivery/").content.decode()
    assert hospital.get("/institution/events/delivery/").status_code == 404
    assert submit(centre, f"/admin/events/delivery/{row.pk}/do/retry/").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryState.PENDING, 0)


def test_an_auditor_looks_and_changes_nothing(place: str) -> None:
    auditor = people.at_work(Client(), people.staff(Role.AUDITOR, username="auditor"))
    row = waiting_event(place, patient_id="P-79")
    page = auditor.get(address(row, "change", site="admin"))
    assert page.status_code == 200
    assert "/do/retry/" not in page.content.decode()
    assert auditor.get(address(row, "do", "retry", site="admin")).status_code == 403
