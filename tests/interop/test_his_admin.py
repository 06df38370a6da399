"""Hospitals' systems and open patient numbers, as staff see them on their sites."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from foundation.gateway import services as gateway
from institutions.rules import Role
from interop.his import joining, patients
from interop.his.models import HospitalSystem, PatientRecord, RecordState
from tests.cards.world import CENTRE, holder
from tests.institutions import people
from tests.institutions.test_admin import submit
from tests.interop.his_world import CODE, played
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

SYSTEMS = "/institution/his/hospitalsystem/"
RECORDS = "/institution/his/patientrecord/"


@pytest.fixture
def place() -> str:
    found = people.hospital(1)
    client = people.system(found).client
    gateway.set_hosts(client=client, hosts=("his.example.com",), actor=CENTRE, reason="测试")
    return found


def form(place: str, base_url: str = "https://his.example.com/ehc") -> dict[str, object]:
    return {
        "institution": place,
        "base_url": base_url,
        "offers": ["events", "patients"],
        "days_ahead": "14",
        "every_minutes": "5",
    }


@pytest.mark.row("HI-01")
def test_an_institution_registers_its_system_and_sees_the_secret_once(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    shown = submit(client, f"{SYSTEMS}add/", **form(place))
    row = HospitalSystem.objects.get()
    assert shown.status_code in {200, 302}
    page = client.get(shown.url) if shown.status_code == 302 else shown
    assert row.secret in page.content.decode()
    again = client.get(f"{SYSTEMS}{row.public_id}/change/").content.decode()
    assert row.secret not in again
    assert "漏收的事件、院内建档" in again


def test_an_address_elsewhere_is_refused(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    for address in ("https://other.example.com", "http://his.example.com", "https://127.0.0.1"):
        answer = submit(client, f"{SYSTEMS}add/", **form(place, address))
        assert "域名" in answer.content.decode()
    assert HospitalSystem.objects.count() == 0


def test_strangers_and_clerks_do_not_see_it(client: Client, place: str) -> None:
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, place))
    submit(client, f"{SYSTEMS}add/", **form(place))
    row = HospitalSystem.objects.get()
    stranger = people.staff(Role.INSTITUTION_ADMIN, people.hospital(2), username="stranger")
    people.at_work(client, stranger)
    assert client.get(f"{SYSTEMS}{row.public_id}/change/").status_code == 404
    assert client.post(f"{SYSTEMS}{row.public_id}/do/suspend/").status_code in {403, 404}
    people.at_work(client, people.staff(Role.WINDOW_CLERK, place))
    assert client.get(SYSTEMS).status_code == 403


@pytest.mark.row("HI-02")
def test_a_clerk_chooses_the_number(client: Client, sandbox: Sandbox, settings: Settings) -> None:
    settings.DEMO = True
    hospital = played(sandbox)
    told = patients.ask(
        person_pk=holder(name="测重名").card.person_id,
        institution=hospital.where.public_id,
        cause="scan",
        actor=hospital.actor,
    )
    patients.work(record=told.record_id)
    people.at_work(client, people.staff(Role.WINDOW_CLERK, hospital.where.public_id))
    page = client.get(f"{RECORDS}{told.record_id}/change/").content.decode()
    assert re.search(r"D0001 · \*\*名 · 1970-01-01", page)
    submit(client, f"{RECORDS}{told.record_id}/do/choose/", patient_id="D0002")
    assert PatientRecord.objects.get().state == RecordState.DONE


@pytest.mark.row("HI-01")
def test_a_demo_tells_the_sandbox_its_hospitals_by_itself(sandbox: Sandbox, settings: Settings) -> None:
    from portal import demo

    settings.DEMO = True
    demo.load()
    assert joining.join_sandbox() == 2
    assert joining.join_sandbox() == 0
    assert HospitalSystem.objects.count() == 2
    codes = [each["code"] for each in sandbox.show("his/hospitals")["hospitals"]]
    assert codes == ["90001", "90002"]
    sandbox.order("reset")
    assert joining.join_sandbox() == 2
    assert CODE not in codes
