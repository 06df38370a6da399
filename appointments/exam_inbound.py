"""What hospitals tell of examinations."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from appointments.errors import ExamOrderNotFound
from appointments.models import ExamOrder
from appointments.services import exams
from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType, Patient

HOSPITALS = Actor.system("hospital-events")

_NUMBER: Mapping[str, Any] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_.:/-]+$",
    "minLength": 1,
    "maxLength": 64,
}
_MOMENT: Mapping[str, Any] = {"type": "string", "format": "date-time"}


def on_ordered(event: InboundEvent) -> None:
    """A doctor ordered an examination: the patient books it."""
    if event.patient is None:
        raise ExamOrderNotFound  # the schema asks for a patient
    until = event.data.get("valid_until")
    exams.order_exam(
        institution_pk=event.institution_pk,
        person_pk=event.patient.person_pk,
        number=event.data["order_no"],
        item=event.data["item_code"],
        ordered_at=event.occurred_at,
        valid_until=datetime.fromisoformat(until) if until else None,
        actor=HOSPITALS,
    )


def on_booked(event: InboundEvent) -> None:
    """The hospital has settled the time itself."""
    exams.fix_exam(
        order=_order(event),
        starts_at=datetime.fromisoformat(event.data["starts_at"]),
        ends_at=datetime.fromisoformat(event.data["ends_at"]),
        place=event.data.get("place", ""),
        actor=HOSPITALS,
    )


def on_reminder(event: InboundEvent) -> None:
    """The examination is to be done soon."""
    exams.remind_of_exam(
        order=_order(event), starts_at=datetime.fromisoformat(event.data["starts_at"]), actor=HOSPITALS
    )


def on_cancelled(event: InboundEvent) -> None:
    """The order is taken back."""
    exams.cancel_order(order=_order(event), actor=HOSPITALS)


def _order(event: InboundEvent) -> str:
    rows = ExamOrder.objects.filter(institution=event.institution_pk, number=event.data["order_no"])
    found = rows.values_list("public_id", flat=True).first()
    if found is None:
        raise ExamOrderNotFound
    return found


EXAM_ORDERED = InboundType(
    name="exam.ordered",
    meaning="A doctor ordered an examination, which the patient books.",
    aggregate="exam:<order_no>",
    fields={"order_no": _NUMBER, "item_code": {**_NUMBER, "maxLength": 40}, "valid_until": _MOMENT},
    required=["order_no", "item_code"],
    example={
        "order_no": "JC20261120-0001",
        "item_code": "US-ABD",
        "valid_until": "2026-12-20T23:59:59+08:00",
    },
    handler=on_ordered,
)
EXAM_BOOKED = InboundType(
    name="exam.booked",
    meaning="The hospital itself settled when and where an ordered examination is done.",
    aggregate="exam:<order_no>",
    fields={
        "order_no": _NUMBER,
        "starts_at": _MOMENT,
        "ends_at": _MOMENT,
        "place": {"type": "string", "maxLength": 100},
    },
    required=["order_no", "starts_at", "ends_at"],
    example={
        "order_no": "JC20261120-0001",
        "starts_at": "2026-11-23T09:00:00+08:00",
        "ends_at": "2026-11-23T09:15:00+08:00",
        "place": "医技楼一层 2 号机房",
    },
    handler=on_booked,
    patient=Patient.OPTIONAL,
)
EXAM_REMINDER = InboundType(
    name="exam.reminder",
    meaning="The hospital has an ordered examination remembered, which is to be done soon.",
    aggregate="exam:<order_no>",
    fields=EXAM_BOOKED.fields,
    required=["order_no", "starts_at"],
    example=EXAM_BOOKED.example,
    handler=on_reminder,
    patient=Patient.OPTIONAL,
)
EXAM_CANCELLED = InboundType(
    name="exam.cancelled",
    meaning="An ordered examination is taken back; a place that was taken for it is free again.",
    aggregate="exam:<order_no>",
    fields={"order_no": _NUMBER},
    required=["order_no"],
    example={"order_no": "JC20261120-0001"},
    handler=on_cancelled,
    patient=Patient.OPTIONAL,
)
