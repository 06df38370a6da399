"""What a hospital's system answers takes its effect: schedules, documents, numbers; and what we tell it."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from appointments.events import AppointmentBooked
from appointments.models import Schedule
from appointments.rules import ScheduleState
from foundation.core import clock
from foundation.events import inbound as types
from foundation.events import relay, schemas
from foundation.events import services as events
from institutions.services import clinics
from institutions.types import DepartmentDetails, DoctorDetails
from interop.his import client, documents, patients, pulling
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem, PatientRecord
from interop.models import WebhookDelivery
from interop.webhooks import outgoing
from interop.webhooks.services import add_endpoint
from mpi import selectors as mpi
from records.models import Document, Report, ReportVersion
from records.selectors.reports import document_of, lacking_documents, lacks_document
from tests.appointments.world import at, day
from tests.cards.world import CENTRE, holder
from tests.interop.his_world import CODE, Played, played, settle
from tests.records.world import patient_of, proved
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_home(settings: Settings) -> None:
    settings.DEMO = True


@pytest.fixture
def place(db: None, sandbox: Sandbox) -> Played:
    found = played(sandbox)
    institution = found.where.public_id
    clinics.save_department(institution=institution, details=DepartmentDetails("01", "内科"), actor=CENTRE)
    doctor = DoctorDetails("1001", "示范医生甲", "01", "11")
    clinics.save_doctor(institution=institution, details=doctor, actor=CENTRE)
    return found


def planned(code: str = "S1", *, capacity: int = 3, ahead: int = 1, **changes: Any) -> dict[str, Any]:
    """A session as the hospital tells it."""
    when = day(ahead)
    return {
        "code": code,
        "department": "01",
        "doctor": "1001",
        "date": when.isoformat(),
        "session": "am",
        "bands": [
            {
                "starts_at": at(when, 8).isoformat(),
                "ends_at": at(when, 9).isoformat(),
                "capacity": capacity,
            }
        ],
        **changes,
    }


def pull(place: Played, *said: dict[str, Any]) -> bool:
    place.sandbox.order("his/schedules", hospital=CODE, schedules=list(said))
    HospitalSystem.objects.update(next_pull_at=clock.now() - timedelta(seconds=1))
    return pulling.pull_system(system=place.system.public_id)


def states() -> dict[str, str]:
    return dict(Schedule.objects.values_list("code", "state"))


@pytest.mark.row("OP-02")
def test_what_the_hospital_plans_is_taken_over_and_what_it_drops_is_stopped(place: Played) -> None:
    assert pull(place, planned("S1"), planned("S2", ahead=2), planned("S3", is_open=False))
    assert states() == {"S1": "open", "S2": "open", "S3": "stopped"}
    place.system.refresh_from_db()
    assert place.system.as_of is not None
    assert place.system.as_of <= clock.now()
    assert pull(place, planned("S1", capacity=5), planned("S3", is_open=False))
    assert states()["S2"] == ScheduleState.STOPPED
    assert Schedule.objects.get(code="S1").slots.get().capacity == 5


@pytest.mark.row("OP-02")
@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ([], "schedules_empty"),
        ([{"code": "S9"}], "schedule_not_understood"),
        ([planned("S9", fee_fen="free")], "schedule_not_understood"),
        ([planned("S9", department="77")], "schedule_refused_department"),
    ],
)
def test_a_list_that_cannot_be_right_stops_nothing(
    place: Played, said: list[dict[str, Any]], failure: str
) -> None:
    assert pull(place, planned("S1"), planned("S2"))
    kept = [planned("S1")] if said else []
    assert not pull(place, *kept, *said)
    place.system.refresh_from_db()
    assert place.system.failure == failure
    expected = ScheduleState.STOPPED if failure.startswith("schedule_refused") else ScheduleState.OPEN
    assert states()["S2"] == expected


def report(place: Played, number: str, kind: str = "report.published") -> None:
    """The hospital publishes a report of its patient A1, and the event is lost."""
    place.send(
        kind,
        number=number,
        patient={"patient_id": "A1"},
        data={"has_document": True},
        way={"drop": True},
    )


@pytest.mark.row("OP-12")
def test_the_document_of_a_report_is_fetched(place: Played) -> None:
    who = proved()
    patient_of(place.where, who, "A1")
    report(place, "R1")
    report(place, "R2")
    assert pull_events(place) == 2
    assert len(lacking_documents(place.where.public_id)) == 2
    system = HospitalSystem.objects.select_related("institution").get()
    place.sandbox.fault("his", "outage", path=f"/his/{CODE}/v1/reports/R1")
    with pytest.raises(HospitalFailure):
        documents.fetch_documents(system=system)
    place.sandbox.repair()
    # The one at which the hospital broke goes behind the other, and is asked for again.
    assert documents.fetch_documents(system=system) == 1
    assert lacking_documents(place.where.public_id) == []
    assert lacks_document(report=Report.objects.get(number="R1").public_id, version=1)
    ReportVersion.objects.update(next_ask_at=clock.now())
    assert documents.fetch_documents(system=system) == 1
    for row in Report.objects.all():
        found = document_of(row.public_id, 1)
        assert found is not None
        assert found.startswith(b"%PDF-")
    assert documents.fetch_documents(system=system) == 0
    assert Document.objects.count() == 2


@pytest.mark.row("OP-12")
def test_documents_that_never_come_hold_up_neither_older_nor_newer_ones(
    place: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    patient_of(place.where, proved(), "A1")
    for number in ("R1", "G2", "G3", "G4", "R5"):
        report(place, number)
    # What the hospital says of some is no PDF, whenever it is asked.
    place.sandbox.fault("his", "garbage", path=f"/his/{CODE}/v1/reports/G")
    assert pull_events(place) == 5
    system = HospitalSystem.objects.select_related("institution").get()
    assert [documents.fetch_documents(system=system) for _ in range(4)] == [1, 0, 1, 0]
    assert lacking_documents(place.where.public_id) == []
    asked = ReportVersion.objects.values_list("report__number", "asks")
    assert dict(asked) == dict.fromkeys(("R1", "G2", "G3", "G4", "R5"), 1)
    place.sandbox.repair()
    ReportVersion.objects.update(next_ask_at=clock.now())
    assert [documents.fetch_documents(system=system) for _ in range(3)] == [2, 1, 0]


@pytest.mark.row("OP-12")
def test_only_the_latest_version_is_asked_for(place: Played) -> None:
    patient_of(place.where, proved(), "A1")
    report(place, "R1")
    report(place, "R1", "report.amended")
    assert pull_events(place) == 2
    assert [version for _, _, version in lacking_documents(place.where.public_id)] == [2]


def pull_events(place: Played) -> int:
    HospitalSystem.objects.update(offers=["events"], next_pull_at=clock.now())
    assert pulling.pull_system(system=place.system.public_id)
    settle()
    HospitalSystem.objects.update(offers=["documents", "events", "patients", "schedules"])
    return len(place.sandbox.show("his/sent")["sent"])


def booked(place: Played, person_pk: int) -> None:
    events.publish(
        AppointmentBooked(
            booking_id="b1",
            person_id=mpi.public_id_of(person_pk),
            account_id="a1",
            institution=place.where.public_id,
            schedule_id="s1",
            starts_at=(clock.now() + timedelta(days=1)).isoformat(),
        )
    )
    while relay.expand():
        pass
    while relay.deliver():
        pass


@pytest.mark.row("HI-02")
def test_who_books_for_the_first_time_gets_a_number(place: Played) -> None:
    who = holder()
    booked(place, who.card.person_id)
    booked(place, who.card.person_id)
    assert PatientRecord.objects.get().cause == "booking"
    patients.work(record=PatientRecord.objects.get().public_id)
    (number,) = place.patients()
    assert mpi.local_id_of(who.card.person_id, place.where.public_id) == number


@pytest.mark.row("HI-05")
def test_the_hospital_takes_our_messages_as_ours(
    place: Played, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _endpoint, secret = add_endpoint(
        client=place.where.signer.client,
        url=f"{place.sandbox.url}/his/{CODE}/messages",
        types=["appointment.booked"],
        actor=CENTRE,
        reason="测试",
    )
    place.introduce(checks=[{"version": "v1sm3", "key": secret}])
    booked(place, holder().card.person_id)
    assert [outgoing.send(public_id) for public_id in outgoing.due()] == [True]
    (taken,) = place.sandbox.show("his/messages")["messages"]
    assert (taken["objection"], taken["versions"]) == ("", ["v1sm3"])
    assert taken["message"]["type"] == "appointment.booked"
    assert taken["message"]["data"]["booking_id"] == "b1"
    place.introduce(checks=[])
    WebhookDelivery.objects.update(state="pending", next_attempt_at=clock.now())
    assert [outgoing.send(public_id) for public_id in outgoing.due()] == [False]


@pytest.mark.row("HI-05")
def test_the_sandbox_sends_every_type_that_is_heard_as_its_schema_asks(place: Played) -> None:
    kinds = {each["type"]: each for each in place.sandbox.show("his/kinds")["kinds"]}
    for kind in types.inbound_types():
        assert kind.name in kinds, kind.name
        place.send(kind.name, number="N1", patient={"patient_id": "A1"}, way={"drop": True})
        about = kinds[kind.name]["about"]
        assert kind.aggregate.startswith(f"{about}:"), kind.name
    said = place.sandbox.show("his/sent")["sent"]
    assert len(said) == len(types.inbound_types())
    system = HospitalSystem.objects.select_related("institution").get()
    for told in client.feed(system, after=0).events:
        found = types.inbound_type(told["type"])
        assert found is not None
        assert schemas.problems_of(told, found.validator) == [], told["type"]
