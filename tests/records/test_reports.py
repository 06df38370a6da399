"""Reports as hospitals publish, amend and withdraw them (OP-12)."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.errors import InvalidInput
from foundation.events.models import OutboxMessage
from mpi import services as mpi
from mpi.errors import PersonErased
from records import charts
from records.errors import DocumentNotReadable, ReportIsWithdrawn, ReportNotFound, ReportOfAnother
from records.models import Document, Report, ReportVersion
from records.rules import mark_words, number_of
from records.selectors.reports import lacking_documents, read_report, reports_of
from records.selectors.trends import trend_of
from records.services.documents import keep_document
from records.services.reports import publish_report, withdraw_report
from tests.cards import world as cards
from tests.cards.holding import CENTRE, CardHolder
from tests.cards.test_api_institution import call, new_key
from tests.cards.world import Holder, Hospital, code_of, static_of
from tests.records import world
from tests.records.world import HOSPITAL, RED, SIGNED, WHITE

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-12")]

PDF = b"%PDF-1.7\nexample"


@pytest.fixture
def patient(here: Hospital) -> CardHolder:
    who = world.proved()
    world.patient_of(here, who)
    return who


def publish(where: Hospital, who: CardHolder, details: Any) -> Any:
    return publish_report(
        institution=where.public_id, person_pk=who.card.person_id, details=details, actor=HOSPITAL
    )


def topics() -> list[str]:
    rows = OutboxMessage.objects.filter(topic__startswith="report.").order_by("pk")
    return list(rows.values_list("topic", flat=True))


def test_a_report_is_kept_once_however_often_it_is_said(here: Hospital, patient: CardHolder) -> None:
    said = world.details()
    first, second = publish(here, patient, said), publish(here, patient, said)
    assert (first.is_changed, second.is_changed) == (True, False)
    assert first.report_id == second.report_id
    assert topics() == ["report.published.v1"]
    shown = read_report(patient.card.person_id, first.report_id)
    assert (shown.title, shown.results[0].value, shown.results[0].mark_words) == ("血常规", "12.5", "偏高")
    assert shown.abnormal == 1


def test_an_amendment_keeps_what_was_said_before(here: Hospital, patient: CardHolder) -> None:
    said = world.details()
    publish(here, patient, said)
    later = replace(said, reported_at=SIGNED + timedelta(hours=1), indicators=(RED,), reason="标本重测")
    amended = publish(here, patient, later)
    assert (amended.version, topics()) == (2, ["report.published.v1", "report.amended.v1"])
    now = read_report(patient.card.person_id, amended.report_id)
    before = read_report(patient.card.person_id, amended.report_id, version=1)
    assert (len(now.results), now.reason, now.is_current) == (1, "标本重测", True)
    assert (len(before.results), before.is_current) == (2, False)
    # What was signed before and comes late changes nothing.
    assert not publish(here, patient, said).is_changed
    assert read_report(patient.card.person_id, amended.report_id).version == 2


def test_a_withdrawn_report_says_nothing_any_more(here: Hospital, patient: CardHolder) -> None:
    said = world.details()
    kept = publish(here, patient, said)
    assert withdraw_report(institution=here.public_id, number=said.number, reason="发错人", actor=HOSPITAL)
    assert not withdraw_report(
        institution=here.public_id, number=said.number, reason="发错人", actor=HOSPITAL
    )
    with pytest.raises(ReportIsWithdrawn):
        read_report(patient.card.person_id, kept.report_id)
    [head] = reports_of(patient.card.person_id, with_titles=True).rows
    assert (head.is_withdrawn, head.title, head.abnormal) == (True, "", None)
    # A late repetition of what was withdrawn brings it back as little.
    assert not publish(here, patient, said).is_changed
    with pytest.raises(ReportNotFound):
        withdraw_report(institution=here.public_id, number="R-none", reason="", actor=HOSPITAL)


def test_a_number_of_somebody_elses_report_is_refused(here: Hospital, patient: CardHolder) -> None:
    said = world.details()
    publish(here, patient, said)
    other = world.proved("13900001002", "测试乙")
    with pytest.raises(ReportOfAnother):
        publish(here, other, said)
    assert reports_of(other.card.person_id).rows == []


def test_the_same_number_of_another_hospital_is_another_report(here: Hospital, patient: CardHolder) -> None:
    there = cards.hospital(short_name="西区医院")
    said = world.details()
    assert publish(here, patient, said).report_id != publish(there, patient, said).report_id


def test_nothing_that_a_report_says_lies_open(here: Hospital, patient: CardHolder) -> None:
    publish(here, patient, world.details(conclusion="考虑细菌感染"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT records_report::text FROM records_report")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT content FROM records_report_version")
        rows += str([bytes(row[0]) for row in cursor.fetchall()])
    messages = str(list(OutboxMessage.objects.values_list("payload", flat=True)))
    entries = str(list(AuditEntry.objects.values_list("details", flat=True)))
    for word in ("血常规", "白细胞", "WBC", "细菌感染", "12.5"):
        assert word not in rows + messages + entries


def test_what_a_shredded_person_had_is_listed_and_not_read(here: Hospital, patient: CardHolder) -> None:
    kept = publish(here, patient, world.details())
    mpi.destroy_person_key(person_pk=patient.card.person_id, actor=CENTRE, reason="测试")
    [head] = reports_of(patient.card.person_id, with_titles=True).rows
    assert head.title == ""
    with pytest.raises(PersonErased):
        read_report(patient.card.person_id, kept.report_id)
    with pytest.raises(PersonErased):
        publish(here, patient, world.details())


def test_a_pdf_is_kept_for_the_version_that_it_is_of(here: Hospital, patient: CardHolder) -> None:
    said = world.details(has_document=True)
    kept = publish(here, patient, said)
    assert lacking_documents(here.public_id) == [(kept.report_id, said.number, 1)]
    assert keep_document(report=kept.report_id, version=1, content=PDF, actor=HOSPITAL)
    assert not keep_document(report=kept.report_id, version=1, content=PDF + b"2", actor=HOSPITAL)
    assert Document.objects.get().content == PDF
    assert lacking_documents(here.public_id) == []
    with pytest.raises(DocumentNotReadable):
        keep_document(report=kept.report_id, version=1, content=b"<html>", actor=HOSPITAL)
    with pytest.raises(ReportNotFound):
        keep_document(report=kept.report_id, version=2, content=PDF, actor=HOSPITAL)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"number": ""}, "report_no"), ({"kind": "x"}, "kind"), ({"title": " "}, "title")],
)
def test_what_does_not_fit_is_named(
    here: Hospital, patient: CardHolder, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        publish(here, patient, world.details(**changes))
    assert refused.value.field == field
    assert not Report.objects.exists()


def test_a_trend_takes_equal_codes_from_all_hospitals(here: Hospital, patient: CardHolder) -> None:
    there = cards.hospital(short_name="西区医院")
    for days, value, unit in (
        (60, "8.1", "10^9/L"),
        (30, "9.9", "10^9/L"),
        (20, "9900", "/uL"),
        (10, "<1", ""),
    ):
        world.report(
            there,
            patient,
            reported_at=SIGNED - timedelta(days=days),
            indicators=(replace(WHITE, value=value, unit=unit, mark=""),),
        )
    asked = world.report(here, patient)
    trend = trend_of(patient.card.person_id, asked.report_id, 1)
    assert [point.result.value for point in trend.points] == ["8.1", "9.9", "9900", "<1", "12.5"]
    assert [str(point.number) for point in trend.drawn] == ["8.1", "9.9", "12.5"]
    chart = charts.chart_of(trend)
    assert chart is not None
    assert [dot.is_abnormal for dot in chart.dots] == [False, False, True]
    assert chart.dots[0].x < chart.dots[1].x < chart.dots[2].x
    assert chart.dots[0].y > chart.dots[1].y > chart.dots[2].y
    red = trend_of(patient.card.person_id, asked.report_id, 2)
    assert charts.chart_of(red) is None
    with pytest.raises(ReportNotFound):
        trend_of(patient.card.person_id, asked.report_id, 9)


def test_marks_and_numbers_are_read_as_hospitals_write_them() -> None:
    assert [mark_words(mark) for mark in ("H", "ll", "N", "", "+++")] == ["偏高", "明显偏低", "", "", "+++"]
    assert [number_of(value) is not None for value in ("1,200", "-0.5", "<0.5", "阴性", "1e9")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def given(**changes: Any) -> dict[str, Any]:
    body = {
        "patient_id": "P001",
        "report_no": "R-api",
        "kind": "lab",
        "title": "血常规",
        "reported_at": "2026-03-02T09:30:00+08:00",
        "results": [{"code": "WBC", "name": "白细胞计数", "value": "12.5", "unit": "10^9/L", "mark": "H"}],
    }
    return body | changes


def test_a_hospital_publishes_amends_and_withdraws_by_calls(here: Hospital, patient: CardHolder) -> None:
    first = call(here, "/api/v1/reports", given(), key=new_key()).json()
    amended = call(
        here,
        "/api/v1/reports",
        given(conclusion="复查", reported_at="2026-03-02T10:30:00+08:00"),
        key=new_key(),
    ).json()
    assert (first["version"], amended["version"], amended["changed"]) == (1, 2, True)
    withdrawal = {"report_no": "R-api", "reason": "发错"}
    assert call(here, "/api/v1/reports/withdrawals", withdrawal, key=new_key()).json() == {"changed": True}
    visit = {
        "patient_id": "P001",
        "encounter_no": "E1",
        "kind": "outpatient",
        "started_at": "2026-03-02T08:00:00+08:00",
        "diagnoses": ["急性支气管炎"],
    }
    assert call(here, "/api/v1/encounters", visit, key=new_key()).json()["encounter_id"]


def test_a_call_about_no_patient_of_the_hospital_is_refused(here: Hospital, patient: CardHolder) -> None:
    there = cards.hospital(short_name="西区医院")
    refused = call(there, "/api/v1/reports", given(), key=new_key())
    assert (refused.status_code, refused.json()["code"]) == (403, "person_not_bound")
    both = given(health_card_id="x" * 64)
    assert call(here, "/api/v1/reports", both, key=new_key()).status_code == 400
    narrow = cards.hospital(scopes=("card:read",))
    assert call(narrow, "/api/v1/reports", given(), key=new_key()).status_code == 403
    assert not ReportVersion.objects.exists()


def test_a_machine_prints_after_a_dynamic_code_was_verified(here: Hospital, patient: CardHolder) -> None:
    kept = world.report(here, patient, reported_at=clock.now())
    there = cards.hospital(short_name="西区医院")
    world.report(there, patient, reported_at=clock.now())
    old = world.report(here, patient, reported_at=clock.now() - timedelta(days=91))
    who = Holder(patient.card, patient.card.numbers.get(), patient.id_number)
    text = code_of(who)
    early = call(here, "/api/v1/report-prints", {"code": text})
    assert early.status_code >= 400
    cards.scan(text, here)
    listed = call(here, "/api/v1/report-prints", {"code": text}).json()["reports"]
    assert [one["report_id"] for one in listed] == [kept.report_id]
    printed = call(here, f"/api/v1/report-prints/{kept.report_id}", {"code": text}).json()
    assert base64.b64decode(printed["pdf"]).startswith(b"%PDF-")
    assert call(here, f"/api/v1/report-prints/{old.report_id}", {"code": text}).status_code == 404
    assert call(there, "/api/v1/report-prints", {"code": text}).status_code >= 400
    assert AuditEntry.objects.filter(action="report.printed").count() == 1


def test_a_static_code_prints_nothing(here: Hospital, patient: CardHolder) -> None:
    world.report(here, patient, reported_at=clock.now())
    text = static_of(Holder(patient.card, patient.card.numbers.get(), patient.id_number))
    cards.scan(text, here)
    refused = call(here, "/api/v1/report-prints", {"code": text})
    assert refused.json()["code"] == "static_code_not_allowed"
