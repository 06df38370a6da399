"""What hospitals tell of reports, visits and stays."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType, Patient
from institutions.selectors import clinics
from mpi.types import PersonRef
from records.rules import EncounterKind, ReportKind, bounds_of
from records.services.encounters import record_encounter
from records.services.reports import publish_report, withdraw_report
from records.types import EncounterDetails, Indicator, ReportDetails

ACTOR = Actor.system("events")


def on_report(event: InboundEvent) -> None:
    """Keep a report, or another version of one."""
    data = event.data
    publish_report(
        institution=event.institution,
        person_pk=_patient(event).person_pk,
        details=ReportDetails(
            number=data["report_no"],
            kind=data["kind"],
            title=data["title"],
            reported_at=datetime.fromisoformat(data["reported_at"]),
            indicators=[_indicator(one) for one in data.get("results", ())],
            findings=data.get("findings", ""),
            conclusion=data.get("conclusion", ""),
            department=_department(event),
            doctor=data.get("doctor", ""),
            specimen=data.get("specimen", ""),
            encounter=data.get("encounter_no", ""),
            reason=data.get("reason", ""),
            has_document=data.get("has_document", False),
            document=data.get("document_sm3", ""),
        ),
        actor=_actor(event),
    )


def on_report_revoked(event: InboundEvent) -> None:
    """Take a report back."""
    withdraw_report(
        institution=event.institution,
        number=event.data["report_no"],
        reason=event.data.get("reason", ""),
        actor=_actor(event),
    )


def on_encounter(event: InboundEvent) -> None:
    """Keep a visit, or what is new of one."""
    data = event.data
    ended = data.get("ended_at")
    record_encounter(
        institution=event.institution,
        person_pk=_patient(event).person_pk,
        details=EncounterDetails(
            number=data["encounter_no"],
            kind=data["kind"],
            started_at=datetime.fromisoformat(data["started_at"]),
            ended_at=datetime.fromisoformat(ended) if ended else None,
            department=_department(event),
            doctor=data.get("doctor", ""),
            complaint=data.get("complaint", ""),
            diagnoses=data.get("diagnoses", ()),
            advice=data.get("advice", ""),
            medicines=data.get("medicines", ()),
        ),
        actor=_actor(event),
    )


def on_stay(event: InboundEvent) -> None:
    """Note that a stay began, went on elsewhere or ended."""
    has_ended = event.type == "inpatient.discharged"
    place = " ".join(filter(None, (event.data.get("ward", ""), event.data.get("bed", ""))))
    record_encounter(
        institution=event.institution,
        person_pk=_patient(event).person_pk,
        details=EncounterDetails(
            number=event.data["inpatient_no"],
            kind=EncounterKind.INPATIENT,
            started_at=event.occurred_at,
            ended_at=event.occurred_at if has_ended else None,
            department=place,
        ),
        is_partial=True,
        actor=_actor(event),
    )


def _patient(event: InboundEvent) -> PersonRef:
    if event.patient is None:
        raise LookupError("patient")
    return PersonRef(event.patient.person_pk, event.patient.person_id)


def _actor(event: InboundEvent) -> Actor:
    return replace(ACTOR, institution=event.institution)


def _department(event: InboundEvent) -> str:
    """The department in words, where the hospital names it by its code."""
    said = str(event.data.get("department", ""))
    known = clinics.departments_by_code(event.institution).get(said) if said else None
    return known.name if known is not None else said


def _indicator(one: Mapping[str, Any]) -> Indicator:
    low, high = bounds_of(one.get("range", ""))
    return Indicator(
        code=one["code"],
        name=one["name"],
        value=one["value"],
        unit=one.get("unit", ""),
        low=one.get("low", low),
        high=one.get("high", high),
        range_text=one.get("range", ""),
        mark=one.get("mark", ""),
    )


def _text(most: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _list(most: int) -> dict[str, Any]:
    return {"type": "array", "maxItems": 100, "items": _text(most)}


_NUMBER = {"type": "string", "minLength": 1, "maxLength": 64}
_MOMENT = {"type": "string", "format": "date-time"}
_RESULT = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "minLength": 1, "maxLength": 40},
        "name": {"type": "string", "minLength": 1, "maxLength": 100},
        "value": _text(100),
        "unit": _text(40),
        "range": _text(100),
        "low": _text(40),
        "high": _text(40),
        "mark": _text(10),
    },
    "required": ["code", "name", "value"],
    "additionalProperties": False,
}
_REPORT = {
    "report_no": _NUMBER,
    "kind": {"enum": list(ReportKind.values)},
    "title": {"type": "string", "minLength": 1, "maxLength": 100},
    "reported_at": _MOMENT,
    "encounter_no": _text(64),
    "department": _text(100),
    "doctor": _text(60),
    "specimen": _text(60),
    "results": {"type": "array", "maxItems": 300, "items": _RESULT},
    "findings": _text(10_000),
    "conclusion": _text(10_000),
    "reason": _text(200),
    "has_document": {"type": "boolean"},
    # Of a PDF that came in the same message of HL7 v2.
    "document_sm3": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_NEEDED = ("report_no", "kind", "title", "reported_at")
_EXAMPLE = {
    "report_no": "20260302-0017",
    "kind": "lab",
    "title": "血常规",
    "reported_at": "2026-03-02T09:30:00+08:00",
    "department": "91",
    "doctor": "示范医生甲",
    "results": [
        {
            "code": "WBC",
            "name": "白细胞计数",
            "value": "12.5",
            "unit": "10^9/L",
            "range": "3.5-9.5",
            "mark": "H",
        }
    ],
}

REPORT_PUBLISHED = InboundType(
    name="report.published",
    meaning="A report was signed. The patient is told that there is one, and never what it says.",
    aggregate="report:<report_no>",
    fields=_REPORT,
    required=_NEEDED,
    example=_EXAMPLE,
    handler=on_report,
    is_whole=True,
)
REPORT_AMENDED = InboundType(
    name="report.amended",
    meaning="Another version takes the place of a report; the one before is kept and named as such.",
    aggregate="report:<report_no>",
    fields=_REPORT,
    required=_NEEDED,
    example=_EXAMPLE | {"reported_at": "2026-03-02T11:00:00+08:00", "reason": "标本重测"},
    handler=on_report,
    is_whole=True,
)
REPORT_REVOKED = InboundType(
    name="report.revoked",
    meaning="A report was taken back; what it said is not shown any more.",
    aggregate="report:<report_no>",
    fields={"report_no": _NUMBER, "reason": _text(200)},
    required=("report_no",),
    example={"report_no": "20260302-0017", "reason": "标本标识有误"},
    handler=on_report_revoked,
    patient=Patient.OPTIONAL,
)
ENCOUNTER_RECORDED = InboundType(
    name="encounter.recorded",
    meaning="What a doctor wrote down of a visit; the same number again brings what is new.",
    aggregate="encounter:<encounter_no>",
    fields={
        "encounter_no": _NUMBER,
        "kind": {"enum": list(EncounterKind.values)},
        "started_at": _MOMENT,
        "ended_at": _MOMENT,
        "department": _text(100),
        "doctor": _text(60),
        "complaint": _text(1_000),
        "diagnoses": _list(200),
        "advice": _text(4_000),
        "medicines": _list(200),
    },
    required=("encounter_no", "kind", "started_at"),
    example={
        "encounter_no": "MZ20260302-0088",
        "kind": "outpatient",
        "started_at": "2026-03-02T08:10:00+08:00",
        "department": "0102",
        "doctor": "示范医生丙",
        "diagnoses": ["急性支气管炎"],
    },
    handler=on_encounter,
    is_whole=True,
)


def _stay(name: str, meaning: str) -> InboundType:
    return InboundType(
        name=name,
        meaning=meaning,
        aggregate="stay:<inpatient_no>",
        fields={"inpatient_no": _NUMBER, "ward": _text(60), "bed": _text(20)},
        required=("inpatient_no",),
        example={"inpatient_no": "ZY20260302-0003", "ward": "内科一病区", "bed": "12"},
        handler=on_stay,
    )


INPATIENT_ADMITTED = _stay("inpatient.admitted", "A stay in hospital began.")
INPATIENT_TRANSFERRED = _stay("inpatient.transferred", "A stay goes on in another ward or bed.")
INPATIENT_DISCHARGED = _stay("inpatient.discharged", "A stay in hospital ended.")
