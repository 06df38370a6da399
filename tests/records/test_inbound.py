"""Reports and visits that hospitals tell of by events, with what goes wrong on the way."""

from typing import Any

import pytest

from foundation.events.inbound import InboundEvent, PatientRef, inbound_type
from foundation.events.schemas import problems_of
from institutions.services import clinics
from institutions.types import DepartmentDetails
from records import inbound
from records.errors import ReportNotFound
from records.models import Report
from records.rules import bounds_of
from records.selectors.reports import read_report, visits_of
from sandbox.his.catalogue import KINDS
from tests.cards.holding import CENTRE, CardHolder
from tests.cards.world import Hospital
from tests.interop.senders import event as envelope
from tests.records import world
from tests.records.world import SIGNED

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-12"), pytest.mark.row("NT-01")]

TYPES = [
    inbound.REPORT_PUBLISHED,
    inbound.REPORT_AMENDED,
    inbound.REPORT_REVOKED,
    inbound.ENCOUNTER_RECORDED,
    inbound.INPATIENT_ADMITTED,
    inbound.INPATIENT_TRANSFERRED,
    inbound.INPATIENT_DISCHARGED,
]


@pytest.fixture
def patient(here: Hospital) -> CardHolder:
    return world.proved()


def said_of(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    said = envelope(kind, patient={"patient_id": "P1"})
    said["data"] |= data
    return said


def heard(where: Hospital, who: CardHolder, kind: str, data: dict[str, Any], *, seq: int = 1) -> None:
    found = inbound_type(kind)
    assert found is not None
    found.handler(
        InboundEvent(
            id="m",
            type=kind,
            institution=where.public_id,
            institution_pk=0,
            seq=seq,
            aggregate="report:1",
            occurred_at=SIGNED,
            data=data,
            patient=PatientRef(who.card.person_id, who.card.subject),
        )
    )


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_the_example_of_each_type_fits_and_is_heard(kind: Any, here: Hospital, patient: CardHolder) -> None:
    said = said_of(kind.name, dict(kind.example))
    assert problems_of(said, kind.validator) == []
    if kind is inbound.REPORT_REVOKED:
        heard(here, patient, "report.published", dict(inbound.REPORT_PUBLISHED.example))
    heard(here, patient, kind.name, dict(kind.example))


@pytest.mark.parametrize(
    "kind", ["report.published", "report.amended", "report.revoked", "inpatient.admitted"]
)
def test_what_the_sandbox_sends_fits(kind: str) -> None:
    found = inbound_type(kind)
    assert found is not None
    said = said_of(kind, KINDS[kind].example("N1", SIGNED))
    assert problems_of(said, found.validator) == []


def test_a_wrong_field_is_named() -> None:
    example = dict(inbound.REPORT_PUBLISHED.example) | {"kind": "blood", "reported_at": "yesterday"}
    said = said_of("report.published", example)
    found = {problem["field"] for problem in problems_of(said, inbound.REPORT_PUBLISHED.validator)}
    assert found == {"data.kind", "data.reported_at"}


def test_department_and_range_are_read_as_the_hospital_writes_them(
    here: Hospital, patient: CardHolder
) -> None:
    clinics.save_department(
        institution=here.public_id, details=DepartmentDetails("91", "检验科"), actor=CENTRE
    )
    heard(here, patient, "report.published", dict(inbound.REPORT_PUBLISHED.example))
    shown = read_report(patient.card.person_id, Report.objects.get().public_id)
    assert (shown.department, shown.results[0].low, shown.results[0].high) == ("检验科", "3.5", "9.5")
    assert shown.results[0].reference == "3.5-9.5"
    assert [bounds_of(text) for text in ("<5", "≥60", "3.9～6.1", "阴性")] == [
        ("", "5"),
        ("60", ""),
        ("3.9", "6.1"),
        ("", ""),
    ]


def test_a_revocation_of_nothing_is_tried_again_and_not_lost(here: Hospital, patient: CardHolder) -> None:
    with pytest.raises(ReportNotFound):
        heard(here, patient, "report.revoked", {"report_no": "R9", "reason": ""})


def test_a_stay_is_one_visit_from_admission_to_discharge(here: Hospital, patient: CardHolder) -> None:
    for kind, bed in (("admitted", "12"), ("transferred", "3"), ("discharged", "")):
        data = {"inpatient_no": "ZY1", "ward": "内科一病区" if bed else "", "bed": bed}
        heard(here, patient, f"inpatient.{kind}", data)
    [visit] = visits_of(patient.card.person_id, with_content=True).rows
    assert (visit.kind, visit.department) == ("inpatient", "内科一病区 3")
    assert visit.ended_at is not None
