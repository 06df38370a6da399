"""What hospitals tell of electronic invoices; numbered among the events of their bill."""

from datetime import datetime
from typing import Any

from foundation.core.actor import Actor
from foundation.events.inbound import InboundEvent, InboundType, Patient
from payments.errors import BillNotFound
from payments.inbound import PATIENCE
from payments.models import Bill
from payments.rules import LIVE_STATES
from payments.services.invoices import InvoiceDetails, keep_invoice, reverse_invoice

HOSPITALS = Actor.system("hospital-events")

_NUMBER = {"type": "string", "pattern": "^[A-Za-z0-9_.:/-]+$", "minLength": 1, "maxLength": 32}
_TREASURY = {"type": "string", "pattern": "^[0-9A-Za-z]+$", "minLength": 1, "maxLength": 20}
_MOMENT = {"type": "string", "format": "date-time"}


def on_issued(event: InboundEvent) -> None:
    """Keep the invoice."""
    data = event.data
    keep_invoice(
        bill=_bill(event),
        details=InvoiceDetails(
            code=data["invoice_code"],
            number=data["invoice_no"],
            check_code=data["check_code"],
            amount_fen=data["amount_fen"],
            issued_at=datetime.fromisoformat(data["issued_at"]),
            has_document=data.get("has_document", False),
        ),
        actor=HOSPITALS,
    )


def on_reversed(event: InboundEvent) -> None:
    """Note that it was taken back."""
    data = event.data
    reverse_invoice(
        bill=_bill(event),
        code=data["invoice_code"],
        number=data["invoice_no"],
        red_number=data.get("red_invoice_no", ""),
        reversed_at=datetime.fromisoformat(data["reversed_at"]),
        actor=HOSPITALS,
    )


def _bill(event: InboundEvent) -> Bill:
    rows: Any = Bill.objects.select_related("institution").filter(
        institution=event.institution_pk, reference=event.data["bill_no"], state__in=LIVE_STATES
    )
    found: Bill | None = rows.order_by("-pk").first()
    if found is None:
        raise BillNotFound
    return found


INVOICE_ISSUED = InboundType(
    name="invoice.issued",
    meaning="An electronic invoice was issued for a bill that was paid. With `has_document` its PDF is"
    " fetched from the hospital's interface.",
    aggregate="bill:<bill_no>",
    fields={
        "bill_no": _NUMBER,
        "invoice_code": _TREASURY,
        "invoice_no": _TREASURY,
        "check_code": _TREASURY,
        "amount_fen": {"type": "integer", "minimum": 1, "maximum": 10**11},
        "issued_at": _MOMENT,
        "has_document": {"type": "boolean"},
    },
    required=["bill_no", "invoice_code", "invoice_no", "check_code", "amount_fen", "issued_at"],
    example={
        "bill_no": "MZ20261120-0001",
        "invoice_code": "11060126",
        "invoice_no": "0012345678",
        "check_code": "a1b2c3",
        "amount_fen": 14_500,
        "issued_at": "2026-11-20T10:05:00+08:00",
        "has_document": True,
    },
    handler=on_issued,
    patience=PATIENCE,
    patient=Patient.OPTIONAL,
)
INVOICE_REVERSED = InboundType(
    name="invoice.reversed",
    meaning="A red-letter invoice took an electronic invoice back; a new one may follow.",
    aggregate="bill:<bill_no>",
    fields={
        "bill_no": _NUMBER,
        "invoice_code": _TREASURY,
        "invoice_no": _TREASURY,
        "red_invoice_no": _TREASURY,
        "reversed_at": _MOMENT,
    },
    required=["bill_no", "invoice_code", "invoice_no", "reversed_at"],
    example={
        "bill_no": "MZ20261120-0001",
        "invoice_code": "11060126",
        "invoice_no": "0012345678",
        "red_invoice_no": "0012345699",
        "reversed_at": "2026-11-20T15:30:00+08:00",
    },
    handler=on_reversed,
    patience=PATIENCE,
    patient=Patient.OPTIONAL,
)
