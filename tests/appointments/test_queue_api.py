"""The resident API and the institution API about check-in and queues."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
import time_machine
from django.db import transaction
from django.test import Client

from appointments.models import CheckInRule, Ticket
from appointments.rules.queueing import TicketState
from appointments.selectors import check_in as reading
from cards.codes.mint import mint_dynamic
from foundation.core import clock
from foundation.core.clock import BEIJING
from tests.appointments.waiting import Clinic, arrived, booked, clinic, resident, session
from tests.cards.holding import CardHolder
from tests.cards.test_api_resident import Phone
from tests.institutions import people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("OP-05")]

NOON = datetime(2026, 12, 10, 12, 0, tzinfo=BEIJING)


@pytest.fixture(autouse=True)
def noon() -> object:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def where(noon: object) -> Clinic:
    with transaction.atomic():
        return clinic()


@pytest.fixture
def who(where: Clinic) -> CardHolder:
    with transaction.atomic():
        return resident()


def call(system: people.System, path: str, body: dict[str, Any]) -> Any:
    content = orjson.dumps(body)
    headers = system.signer.headers(
        "POST", path, content, idempotency_key=secrets.token_urlsafe(16), timestamp=int(NOON.timestamp())
    )
    return Client().generic("POST", path, content, content_type="application/json", **headers)


def test_a_resident_checks_in_and_follows_the_place(where: Clinic, who: CardHolder) -> None:
    phone, slot = Phone(who.account), session(where)
    with transaction.atomic():
        arrived(where, slot, 1)
    booking = booked(who, slot, number=2).public_id
    visit = phone.get("queue").json()["visits"][0]
    assert (visit["booking_id"], visit["open"], visit["by_location"]) == (booking, True, False)
    code = reading.day_code(where.institution, NOON.date())
    path = f"appointments/{booking}/check-in"
    assert phone.get(path).json() == visit
    made = phone.post(path, {"code": code})
    assert made.status_code == 200
    ticket = made.json()
    assert (ticket["code"], ticket["state"], ticket["ahead"]) == ("A002", "waiting", 1)
    assert phone.post(path, {"code": code}).json()["ticket_id"] == ticket["ticket_id"]
    assert phone.get("queue").json()["tickets"][0]["ticket_id"] == ticket["ticket_id"]
    left = phone.post(f"queue/{ticket['ticket_id']}/leave")
    assert left.json()["state"] == "left"
    assert phone.get(f"queue/{ticket['ticket_id']}").json()["ahead"] is None


def test_what_is_wrong_is_said_by_its_code(where: Clinic, who: CardHolder) -> None:
    CheckInRule.objects.create(institution_id=where.institution_pk, latitude="30.5", longitude="114.3")
    phone = Phone(who.account)
    booking = booked(who, session(where)).public_id
    path = f"appointments/{booking}/check-in"
    assert phone.post(path, {}).status_code == 400
    assert phone.post(path, {"latitude": 30.5}).status_code == 400
    assert phone.post(path, {"code": "12"}).json()["code"] == "day_code_wrong"
    far = {"latitude": 31.0, "longitude": 114.3, "accuracy": 5}
    assert phone.post(path, far).json()["code"] == "not_at_hospital"
    assert phone.get(f"queue/{'x' * 26}").json()["code"] == "ticket_not_found"
    early = booked(who, session(where, starts_in=timedelta(hours=5), doctor=False)).public_id
    answer = phone.post(f"appointments/{early}/check-in", {"code": "12"})
    assert answer.json()["code"] == "day_code_wrong"
    near = {"latitude": 30.5, "longitude": 114.3, "accuracy": 5}
    assert phone.post(f"appointments/{early}/check-in", near).json()["code"] == "check_in_too_early"
    assert not Ticket.objects.exists()


def test_strangers_reach_nothing(where: Clinic, who: CardHolder) -> None:
    with transaction.atomic():
        stranger = Phone(resident(2).account)
        ticket = arrived(where, session(where), 1)
    booking = booked(who, session(where, doctor=False)).public_id
    assert stranger.get(f"queue/{ticket.public_id}").status_code == 404
    assert stranger.post(f"queue/{ticket.public_id}/leave").status_code == 404
    assert stranger.get(f"appointments/{booking}/check-in").status_code == 404
    assert stranger.post(f"appointments/{booking}/check-in", {"code": "1"}).status_code == 404
    assert stranger.get("queue").json() == {"tickets": [], "visits": []}


def test_a_machine_checks_in_whoever_scanned_their_card_there(where: Clinic, who: CardHolder) -> None:
    with transaction.atomic():
        system = people.system(where.institution)
        elsewhere = people.system(people.hospital(2))
        people.terminal(where.institution)
    booked(who, session(where))
    text = mint_dynamic(who.card.numbers.get(), at=clock.now()).text
    not_scanned = call(system, "/api/v1/check-ins", {"code": text})
    assert not_scanned.json()["code"] == "no_scan_session"
    scanned = {"code": text, "scene": "0101021", "terminal_id": "T0001"}
    assert call(system, "/api/v1/codes/verify", scanned).status_code == 200
    place = call(system, "/api/v1/check-ins", {"code": text})
    assert place.status_code == 200
    assert (place.json()["code"], place.json()["ahead"]) == ("A001", 0)
    assert call(system, "/api/v1/check-ins", {"code": text}).json() == place.json()
    assert call(elsewhere, "/api/v1/check-ins", {"code": text}).status_code == 409
    assert Ticket.objects.get().way == "system"


def test_a_machine_names_one_person_and_needs_the_scope(where: Clinic, who: CardHolder) -> None:
    with transaction.atomic():
        system = people.system(where.institution)
        other = people.system(where.institution, scopes=["code:verify"], name="LIS")
    both = {"code": "x", "patient_id": "y"}
    assert call(system, "/api/v1/check-ins", both).json()["code"] == "invalid_input"
    assert call(other, "/api/v1/check-ins", {"code": "x"}).status_code == 403
    unbound = call(system, "/api/v1/check-ins", {"health_card_id": who.card.numbers.get().value})
    assert unbound.status_code in {403, 404}
    assert not Ticket.objects.exclude(state=TicketState.LEFT).exists()
