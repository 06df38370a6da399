"""Two scans of an unknown person at once make one record in the hospital."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from pytest_django import Settings

from interop.his import client, patients
from interop.his.models import HospitalSystem, PatientRecord
from tests.cards.world import holder
from tests.interop.his_world import Played, played
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-02")]

SCANS = 8


@pytest.fixture
def place(sandbox: Sandbox, settings: Settings) -> Played:
    settings.DEMO = True
    return played(sandbox)


def race(work: object) -> list[str]:
    barrier = threading.Barrier(SCANS, timeout=30)

    def one(_turn: int) -> str:
        try:
            barrier.wait()
            return str(work())  # type: ignore[operator]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(SCANS) as threads:
        return list(threads.map(one, range(SCANS)))


def test_looking_first_and_creating_afterwards_makes_several(place: Played) -> None:
    system = HospitalSystem.objects.select_related("institution").get()
    person = {"name": "测试甲", "id_type": "01", "id_number": holder().id_number}
    looked = threading.Barrier(SCANS, timeout=30)

    def without_the_guard() -> str:
        found = client.search_patients(system, person)
        looked.wait()
        if found:
            return found[0].patient_id
        key = threading.current_thread().name
        return client.create_patient(system, person, key=f"key-of-{key}")

    assert len(set(race(without_the_guard))) == SCANS
    assert len(place.patients()) == SCANS


def test_with_the_guard_all_get_the_number_of_one(place: Played) -> None:
    who = holder()

    def scan() -> str:
        told = patients.ask(
            person_pk=who.card.person_id, institution=place.where.public_id, cause="scan", actor=place.actor
        )
        if not told.patient_id:
            told = patients.wait(record=told.record_id, institution=place.where.public_id, seconds=60)
        return told.patient_id

    numbers = race(scan)
    assert len(set(numbers)) == 1
    assert numbers[0]
    assert list(place.patients()) == [numbers[0]]
    assert place.calls("/patients") == 1
    assert PatientRecord.objects.count() == 1
