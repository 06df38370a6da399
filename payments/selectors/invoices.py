"""Electronic invoices as their readers see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Q

from foundation.core import clock
from gmcrypto.fields import prefetch_keys
from payments.errors import InvoiceUnknown
from payments.models import Invoice, InvoiceDocument, InvoiceState
from payments.selectors.resident import ShownBill, bill_of


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice, for somebody who may read what the bill is for.

    Attributes:
        has_document: Whether its PDF is here.
        awaits_document: Whether the hospital has one that is yet to be fetched.
    """

    invoice_id: str
    code: str
    number: str
    check_code: str = field(repr=False)
    amount_fen: int
    issued_at: datetime
    reversed_at: datetime | None
    red_number: str
    has_document: bool
    awaits_document: bool

    @property
    def is_reversed(self) -> bool:
        """Whether it is not in force any more."""
        return self.reversed_at is not None


def invoices_of(bill: ShownBill) -> Sequence[ShownInvoice]:
    """The invoices of a bill for its reader, the latest first; none where the lines are not for them."""
    return _shown(bill.bill_id) if bill.whom.reads_charges else []


def invoice_document(*, account_pk: int, bill_id: str, invoice_id: str) -> bytes:
    """The PDF of an invoice.

    Raises:
        BillNotFound: It is of somebody for whom the account does not pay.
        InvoiceUnknown: There is none, not for this reader, or its PDF is not here.
    """
    shown = bill_of(account_pk=account_pk, bill_id=bill_id)
    if invoice_id not in {one.invoice_id for one in invoices_of(shown)}:
        raise InvoiceUnknown
    row = InvoiceDocument.objects.filter(invoice__public_id=invoice_id).first()
    if row is None:
        raise InvoiceUnknown
    content: bytes = row.content
    return content


def lacking_invoices(institution: str, *, most: int = 100) -> list[tuple[str, str, str]]:
    """Invoices of an institution whose PDF is to be asked for now.

    What was never asked for goes first, the oldest before the newest, and then what has been due the longest.

    Returns:
        Public id, code and number.
    """
    rows = Invoice.objects.filter(
        Q(next_ask_at=None) | Q(next_ask_at__lte=clock.now()),
        bill__institution__public_id=institution,
        has_document=True,
        document=None,
    ).exclude(state=InvoiceState.REVERSED)
    waiting = rows.order_by(F("next_ask_at").asc(nulls_first=True), "pk")
    return list(waiting.values_list("public_id", "code", "number")[:most])


def _shown(bill_id: str) -> Sequence[ShownInvoice]:
    rows = list(Invoice.objects.filter(bill__public_id=bill_id).select_related("document").order_by("-pk"))
    prefetch_keys(rows)
    return [
        ShownInvoice(
            invoice_id=row.public_id,
            code=row.code,
            number=row.number,
            check_code=row.check_code,
            amount_fen=row.amount_fen,
            issued_at=row.issued_at,
            reversed_at=row.reversed_at,
            red_number=row.red_number,
            has_document=hasattr(row, "document"),
            awaits_document=row.has_document and not hasattr(row, "document"),
        )
        for row in rows
    ]
