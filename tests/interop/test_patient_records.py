"""HI-02 自动建档: a person in front of the hospital gets one number there."""

import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from cards.services.binding import bind_card, is_bound
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import PermissionRefused
from institutions.rules import Role
from interop.his import patients
from interop.his.errors import PatientNumbersNotOffered, PatientRecordSettled, PatientRecordUnknown
from interop.his.models import Offer, PatientRecord, RecordState
from mpi import selectors as mpi
from mpi import services as persons
from mpi.errors import SourceRecordTaken
from tests.cards.world import CENTRE, Holder, code_of, holder, hospital, scan
from tests.interop.his_world import Played, played
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-02")]

PATH = "/api/v1/patient-records"


@pytest.fixture(autouse=True)
def _at_home(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def place(db: None, sandbox: Sandbox) -> Played:
    return played(sandbox)


def open_record(place: Played, *, signer: Any = None, **body: str) -> Any:
    content = json.dumps(body).encode()
    signer = signer or place.where.signer
    headers = signer.headers("POST", PATH, content, idempotency_key=secrets.token_urlsafe(18))
    return Client().post(PATH, content, content_type="application/json", **headers)


def read_record(place: Played, record_id: str, *, signer: Any = None) -> Any:
    path = f"{PATH}/{record_id}"
    return Client().get(path, **(signer or place.where.signer).headers("GET", path))


def scanned(place: Played, who: Holder) -> str:
    text = code_of(who)
    scan(text, place.where)
    return text


def clerk(place: Played, role: str = Role.WINDOW_CLERK) -> Actor:
    return Actor(
        kind=ActorKind.STAFF, id="clerk", institution=place.where.public_id, scopes=frozenset({role})
    )


def asked(place: Played, who: Holder) -> PatientRecord:
    told = patients.ask(
        person_pk=who.card.person_id, institution=place.where.public_id, cause="scan", actor=place.actor
    )
    patients.work(record=told.record_id)
    return PatientRecord.objects.get(public_id=told.record_id)


def test_the_scan_of_an_unknown_person_makes_one_record_and_the_next_finds_it(place: Played) -> None:
    who = holder()
    first = open_record(place, code=scanned(place, who))
    assert first.status_code == 200
    assert first.json()["state"] == "done"
    number = first.json()["patient_id"]
    (record,) = place.patients().values()
    assert (record["id_number"], record["name"]) == (who.id_number, "测试甲")
    assert is_bound(who.card.pk, place.where.public_id)
    again = open_record(place, code=scanned(place, who))
    assert again.json() == {"state": "known", "patient_id": number, "record_id": None}
    assert place.calls("/patients") == 1
    actions = AuditEntry.objects.filter(subject_type="his.PatientRecord").values_list("action", flat=True)
    assert sorted(actions) == ["patient_number.created", "patient_number.wanted"]


def test_a_record_that_the_hospital_has_already_is_found(place: Played) -> None:
    who = holder()
    place.sandbox.order(
        "his/patients",
        hospital="90009",
        patient_id="OLD-1",
        name="测试甲",
        id_type="01",
        id_number=who.id_number,
    )
    assert open_record(place, code=scanned(place, who)).json()["patient_id"] == "OLD-1"
    assert place.calls("/patients") == 0
    assert mpi.local_id_of(who.card.person_id, place.where.public_id) == "OLD-1"


def test_a_patient_of_the_institution_is_named_by_card(place: Played) -> None:
    who = holder()
    number = who.number.value
    assert open_record(place, health_card_id=number).status_code == 403
    bind_card(card_pk=who.card.pk, actor=place.actor)
    assert open_record(place, health_card_id=number).json()["state"] == "done"


def test_what_names_nobody_is_refused(place: Played) -> None:
    who = holder()
    assert open_record(place).json()["code"] == "card_not_named"
    assert open_record(place, code="x", health_card_id="y").json()["code"] == "card_not_named"
    assert open_record(place, code=code_of(who)).json()["code"] == "no_scan_session"
    without = hospital(scopes=("code:verify",))
    assert open_record(place, signer=without.signer, code=code_of(who)).status_code == 403
    assert PatientRecord.objects.count() == 0


def test_a_hospital_that_offers_nothing_is_not_asked(db: None, sandbox: Sandbox) -> None:
    place = played(sandbox, offers=(Offer.EVENTS.value,))
    answer = open_record(place, code=scanned(place, holder()))
    assert (answer.status_code, answer.json()["code"]) == (409, "patient_numbers_not_offered")


def test_what_takes_longer_is_asked_again(place: Played) -> None:
    place.sandbox.fault("his", "outage")
    told = open_record(place, code=scanned(place, holder())).json()
    assert (told["state"], told["patient_id"]) == ("waiting", None)
    place.sandbox.repair()
    assert not patients.work(record=told["record_id"])
    PatientRecord.objects.update(next_attempt_at=clock.now())
    assert patients.work(record=told["record_id"])
    assert read_record(place, told["record_id"]).json()["state"] == "done"
    stranger = played(place.sandbox)
    assert read_record(place, told["record_id"], signer=stranger.where.signer).status_code == 404


def test_a_record_that_was_made_though_the_answer_was_lost_is_not_made_twice(place: Played) -> None:
    """The worker died between the hospital's answer and writing it down."""
    row = PatientRecord.objects.get(public_id=open_record_and_forget(place, holder()))
    assert patients.work(record=row.public_id)
    assert len(place.patients()) == 1


def open_record_and_forget(place: Played, who: Holder) -> str:
    row = asked(place, who)
    # As after a crash: the hospital finds nobody by certificate, and gets the same key again.
    for number, record in place.patients().items():
        place.sandbox.order(
            "his/patients", hospital="90009", patient_id=number, **{**record, "id_number": "lost"}
        )
    mpi.sourced(place.where.public_id, mpi.local_id_of(row.person_id, place.where.public_id)).delete()  # type: ignore[union-attr]
    PatientRecord.objects.update(
        state=RecordState.ASKING, next_attempt_at=clock.now() - timedelta(seconds=1), done_at=None
    )
    return row.public_id


def test_a_hospital_that_fails_too_often_is_for_staff(place: Played) -> None:
    place.sandbox.fault("his", "error")
    row = asked(place, holder())
    for _attempt in range(6):
        PatientRecord.objects.update(next_attempt_at=clock.now())
        patients.work(record=row.public_id)
    row.refresh_from_db()
    assert (row.state, row.failure) == (RecordState.FAILED, "unavailable")
    place.sandbox.repair()
    patients.try_again(record=row.public_id, actor=clerk(place))
    assert patients.work(record=row.public_id)


def test_records_that_cannot_be_told_apart_go_to_staff(place: Played) -> None:
    row = asked(place, holder(name="测重名"))
    assert row.state == RecordState.AMBIGUOUS
    assert [each.patient_id for each in patients.candidates_of(row)] == ["D0001", "D0002"]
    assert mpi.local_id_of(row.person_id, place.where.public_id) == ""
    told = read_record(place, row.public_id).json()
    assert (told["state"], told["patient_id"]) == ("ambiguous", None)
    with pytest.raises(PermissionRefused):
        patients.choose(record=row.public_id, patient_id="D0002", actor=clerk(place, Role.AUDITOR))
    with pytest.raises(PatientRecordUnknown):
        patients.choose(record=row.public_id, patient_id="D0002", actor=clerk(played(place.sandbox)))
    patients.choose(record=row.public_id, patient_id="D0002", actor=clerk(place))
    assert read_record(place, row.public_id).json()["patient_id"] == "D0002"
    with pytest.raises(PatientRecordSettled):
        patients.make_new(record=row.public_id, actor=clerk(place))
    row.refresh_from_db()
    assert row.candidates is None


def test_staff_may_say_that_none_of_them_is_meant(place: Played) -> None:
    row = asked(place, holder(name="测重名"))
    patients.make_new(record=row.public_id, actor=clerk(place))
    assert patients.work(record=row.public_id)
    row.refresh_from_db()
    assert (row.state, row.outcome) == (RecordState.DONE, "created")


def test_a_number_that_is_somebody_elses_here_goes_to_staff(place: Played) -> None:
    other, who = holder(), holder()
    persons.link_source_record(person_pk=other.card.person_id, source=place.where.public_id, local_id="OLD-1")
    place.sandbox.order(
        "his/patients",
        hospital="90009",
        patient_id="OLD-1",
        name="测试甲",
        id_type="01",
        id_number=who.id_number,
    )
    row = asked(place, who)
    assert row.state == RecordState.AMBIGUOUS
    with pytest.raises(SourceRecordTaken):
        patients.choose(record=row.public_id, patient_id="OLD-1", actor=clerk(place))


def test_a_person_who_was_shredded_meanwhile_is_not_told_of(place: Played) -> None:
    who = holder()
    told = patients.ask(
        person_pk=who.card.person_id, institution=place.where.public_id, cause="scan", actor=place.actor
    )
    persons.destroy_person_key(person_pk=who.card.person_id, actor=CENTRE, reason="测试")
    assert not patients.work(record=told.record_id)
    assert PatientRecord.objects.get().failure == "person_gone"
    assert place.calls("/patients/search") == 0


def test_a_number_that_was_linked_meanwhile_is_not_asked_for(place: Played) -> None:
    who = holder()
    told = patients.ask(
        person_pk=who.card.person_id, institution=place.where.public_id, cause="scan", actor=place.actor
    )
    persons.link_source_record(person_pk=who.card.person_id, source=place.where.public_id, local_id="OWN-1")
    assert patients.work(record=told.record_id)
    assert read_record(place, told.record_id).json()["patient_id"] == "OWN-1"
    assert PatientRecord.objects.get().state == RecordState.DONE
    assert place.calls("/patients/search") == 0


def test_without_a_system_nothing_is_asked() -> None:
    with pytest.raises(PatientNumbersNotOffered):
        patients.ask(
            person_pk=holder().card.person_id,
            institution=hospital().public_id,
            cause="scan",
            actor=CENTRE,
        )
