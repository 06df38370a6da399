"""What hospitals tell of money: charges, payments at their own till, money given back.

A hospital numbers what it says of each of its bills, and it is applied in that order. Each new
charge becomes a bill of the person, who is told.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Value, When

from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType, Patient
from payments import services
from payments.errors import BillNotFound
from payments.insurance.claims import CLAIM
from payments.models import Bill
from payments.rules import LIVE_STATES, BillState, Category
from payments.services.charging import cancel_by_hospital, charge_bill, refund_by_hospital
from payments.services.posting import confirm_posting
from payments.types import Charge

HOSPITALS = Actor.system("hospital-events")
# Money does not go ahead of what came before it while that can still be found.
PATIENCE = timedelta(days=1)

_NUMBER = {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]+$", "minLength": 1, "maxLength": 32}
_FEN = {"type": "integer", "minimum": 1, "maximum": 10**11}
_CHARGE: Mapping[str, Any] = {
    "bill_no": _NUMBER,
    "items": {
        "type": "array",
        "minItems": 1,
        "maxItems": 100,
        "items": {
            "type": "object",
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 100},
                "amount_fen": {"type": "integer", "minimum": 0, "maximum": 10**11},
                "category": {"enum": [category.value for category in Category]},
                "quantity": {"type": "integer", "minimum": 1, "maximum": 10_000},
            },
            "required": ["title", "amount_fen"],
            "additionalProperties": False,
        },
    },
    "total_fen": _FEN,
    "expires_at": {"type": "string", "format": "date-time"},
    # What an insurance needs to pay a part; without it a bill is paid by people alone.
    "reduction_fen": {"type": "integer", "minimum": 0, "maximum": 10**11},
    "insurance": CLAIM,
}


def on_charged(event: InboundEvent) -> None:
    """Open the bill; a charge that was changed before it was paid takes the place of the old one."""
    _charge(event, Category.OTHER)


def on_payable(event: InboundEvent) -> None:
    """The same for what a doctor prescribed."""
    _charge(event, Category.MEDICINE)


def _charge(event: InboundEvent, category: Category) -> None:
    charges = [
        Charge(
            item["title"],
            item["amount_fen"],
            Category(item.get("category", category)),
            item.get("quantity", 1),
        )
        for item in event.data["items"]
    ]
    until = event.data.get("expires_at")
    if event.patient is None:
        raise BillNotFound  # the schema asks for a patient
    charge_bill(
        source=event.type.partition(".")[0],
        number=event.data["bill_no"],
        person_pk=event.patient.person_pk,
        institution=event.institution,
        items=charges,
        total_fen=event.data["total_fen"],
        expires_at=datetime.fromisoformat(until) if until else None,
        reduction_fen=event.data.get("reduction_fen", 0),
        claim=event.data.get("insurance"),
        actor=HOSPITALS,
    )


def on_cancelled(event: InboundEvent) -> None:
    """The hospital takes a charge back: nobody owes it any more, and what was paid goes back."""
    cancel_by_hospital(bill=_bill(event).public_id, actor=HOSPITALS)


def on_paid_confirmed(event: InboundEvent) -> None:
    """The hospital's till took the money, or its system has booked what was paid here."""
    bill = _bill(event)
    receipt = event.data["receipt_no"]
    if event.data["paid_by"] == "hospital":
        services.record_till_payment(
            bill=bill.public_id, captured_fen=event.data["amount_fen"], receipt=receipt, actor=HOSPITALS
        )
        bill.refresh_from_db(fields=["state"])
        if bill.state != BillState.PAID:
            return  # too late or not the right amount: it is owed back
        services.note_receipt(bill=bill.public_id, receipt=receipt, actor=HOSPITALS)
        return
    # One that comes after the money went back stands as a difference: the hospital is told so.
    confirm_posting(
        bill=bill.public_id, receipt=receipt, amount_fen=event.data["amount_fen"], actor=HOSPITALS
    )


def on_refunded(event: InboundEvent) -> None:
    """The hospital's till gave money back, or the hospital asks that it be given back.

    A number that was told before stands for the same refund: asked for and given back are two steps
    of one, and each of them told again changes nothing.
    """
    bill = _bill(event)
    refund_by_hospital(
        bill=bill.public_id,
        number=event.data["refund_no"],
        amount_fen=event.data["amount_fen"],
        is_done=event.data["refunded_by"] == "hospital",
        actor=HOSPITALS,
    )


def _bills(event: InboundEvent) -> Any:
    return Bill.objects.filter(institution=event.institution_pk, reference=event.data["bill_no"])


def _bill(event: InboundEvent) -> Bill:
    """The live bill of this number, else the latest."""
    is_live = Case(When(state__in=LIVE_STATES, then=Value(1)), default=Value(0))
    found: Bill | None = _bills(event).order_by(is_live.desc(), "-pk").first()
    if found is None:
        raise BillNotFound
    return found


BILL_CHARGED = InboundType(
    name="bill.charged",
    meaning="A patient owes the hospital something; sent again before it is paid, it replaces itself.",
    aggregate="bill:<bill_no>",
    fields=_CHARGE,
    required=["bill_no", "items", "total_fen"],
    example={
        "bill_no": "MZ20261120-0001",
        "items": [
            {"title": "腹部彩超", "amount_fen": 12_000, "category": "examination"},
            {"title": "血常规", "amount_fen": 2_500, "category": "laboratory"},
        ],
        "total_fen": 14_500,
    },
    handler=on_charged,
    patience=PATIENCE,
)
PRESCRIPTION_PAYABLE = InboundType(
    name="prescription.payable",
    meaning="A prescription waits to be paid for.",
    aggregate="bill:<bill_no>",
    fields=_CHARGE,
    required=["bill_no", "items", "total_fen"],
    example={
        "bill_no": "CF20261120-0001",
        "items": [{"title": "示范胶囊 0.25g", "amount_fen": 3_640, "quantity": 2}],
        "total_fen": 3_640,
        "expires_at": "2026-11-23T23:59:59+08:00",
        "reduction_fen": 100,
        "insurance": {
            "visit_no": "MZ0001",
            "visit_id": "VIS0001",
            "began_at": "2026-11-20T09:30:00+08:00",
            "department_code": "0301",
            "department_name": "呼吸内科",
            "speciality": "A03",
            "care_kind": "11",
            "batch_no": "B0001",
            "person_no": "0042",
            "scheme": "310",
            "insured_at": "110100",
            "lines": [
                {
                    "line_no": "1",
                    "national_code": "XN0000000000001",
                    "own_code": "Y0001",
                    "charged_at": "2026-11-20T09:40:00+08:00",
                    "quantity": "2",
                    "price_yuan": "18.20",
                    "amount_fen": 3_640,
                }
            ],
        },
    },
    handler=on_payable,
    patience=PATIENCE,
)
BILL_CANCELLED = InboundType(
    name="bill.cancelled",
    meaning="A charge is taken back; what was paid for it goes back.",
    aggregate="bill:<bill_no>",
    fields={"bill_no": _NUMBER},
    required=["bill_no"],
    example={"bill_no": "MZ20261120-0001"},
    handler=on_cancelled,
    patience=PATIENCE,
    patient=Patient.OPTIONAL,
)
BILL_PAID_CONFIRMED = InboundType(
    name="bill.paid_confirmed",
    meaning="The hospital's till took the money (`hospital`), or its system booked what was paid here"
    " (`platform`).",
    aggregate="bill:<bill_no>",
    fields={
        "bill_no": _NUMBER,
        "receipt_no": _NUMBER,
        "amount_fen": _FEN,
        "paid_by": {"enum": ["hospital", "platform"]},
    },
    required=["bill_no", "receipt_no", "amount_fen", "paid_by"],
    example={
        "bill_no": "MZ20261120-0001",
        "receipt_no": "SJ0001",
        "amount_fen": 14_500,
        "paid_by": "hospital",
    },
    handler=on_paid_confirmed,
    patience=PATIENCE,
    patient=Patient.OPTIONAL,
)
BILL_REFUNDED = InboundType(
    name="bill.refunded",
    meaning="The hospital's till gave money back (`hospital`), or asks that it be given back here"
    " (`platform`).",
    aggregate="bill:<bill_no>",
    fields={
        "bill_no": _NUMBER,
        "refund_no": _NUMBER,
        "amount_fen": _FEN,
        "refunded_by": {"enum": ["hospital", "platform"]},
    },
    required=["bill_no", "refund_no", "amount_fen", "refunded_by"],
    example={
        "bill_no": "MZ20261120-0001",
        "refund_no": "TF0001",
        "amount_fen": 2_500,
        "refunded_by": "hospital",
    },
    handler=on_refunded,
    patience=PATIENCE,
    patient=Patient.OPTIONAL,
)
