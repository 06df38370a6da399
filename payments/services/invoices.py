"""Electronic invoices that hospitals tell of: kept, reversed, and their PDFs when they were fetched."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from payments.errors import BillNotPaid, InvoiceAmountWrong, InvoiceTaken, InvoiceUnknown, InvoiceUnreadable
from payments.events import BillInvoiced, InvoiceReversed
from payments.models import Bill, Invoice, InvoiceDocument, InvoiceState
from payments.rules import BillState
from payments.scope import facts

LARGEST_DOCUMENT = 5 * 1024 * 1024
_PDF = b"%PDF-"


@dataclass(frozen=True, slots=True)
class InvoiceDetails:
    """What a hospital says of an invoice."""

    code: str
    number: str
    amount_fen: int
    issued_at: datetime
    has_document: bool = False
    check_code: str = field(default="", repr=False)


@transaction.atomic
def keep_invoice(*, bill: Bill, details: InvoiceDetails, actor: Actor) -> bool:
    """Keep an invoice of a bill that was paid; whether it is new. Told again, it may have got its document.

    Raises:
        BillNotPaid: Nothing was paid that could be invoiced.
        InvoiceAmountWrong: It is of more than the bill.
        InvoiceTaken: Code and number stand for another invoice.
    """
    known = Invoice.objects.filter(code=details.code, number=details.number).first()
    if known is not None:
        told = (details.amount_fen, details.issued_at, details.check_code)
        if known.bill_id != bill.pk or (known.amount_fen, known.issued_at, known.check_code) != told:
            raise InvoiceTaken
        if details.has_document and _now_has_document(known):
            events.publish(BillInvoiced(**facts(bill)))
        return False
    if bill.state != BillState.PAID:
        raise BillNotPaid
    if details.amount_fen > bill.total_fen:
        raise InvoiceAmountWrong
    row = Invoice(
        bill=bill,
        subject=bill.person_ref,
        code=details.code,
        number=details.number,
        check_code=details.check_code,
        amount_fen=details.amount_fen,
        has_document=details.has_document,
        issued_at=details.issued_at,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as exc:
        raise InvoiceTaken from exc
    _record(Action.INVOICE_KEPT, row, bill, actor)
    events.publish(BillInvoiced(**facts(bill)))
    return True


def _now_has_document(known: Invoice) -> bool:
    return bool(Invoice.objects.filter(pk=known.pk, has_document=False).update(has_document=True))


@transaction.atomic
def reverse_invoice(
    *, bill: Bill, code: str, number: str, red_number: str, reversed_at: datetime, actor: Actor
) -> None:
    """Note that a red-letter invoice took one back; told again it changes nothing.

    Raises:
        InvoiceUnknown: The bill has no such invoice.
    """
    row = Invoice.objects.filter(bill=bill, code=code, number=number).first()
    if row is None:
        raise InvoiceUnknown
    moved = Invoice.objects.filter(pk=row.pk, state=InvoiceState.ISSUED).update(
        state=InvoiceState.REVERSED, red_number=red_number, reversed_at=reversed_at
    )
    if moved:
        _record(Action.INVOICE_REVERSED, row, bill, actor)
        events.publish(InvoiceReversed(**facts(bill)))


def note_document_asked(*, invoice: str, pauses: Sequence[timedelta]) -> bool:
    """Write down that a hospital is asked for a PDF, before it is: what does not come goes behind the others.

    Args:
        pauses: Before it is asked for again; the last one repeats.

    Returns:
        Whether it is still to be asked for; of two workers one asks.
    """
    row = Invoice.objects.filter(public_id=invoice).first()
    if row is None:
        return False
    moment = clock.now()
    due = Invoice.objects.filter(Q(next_ask_at=None) | Q(next_ask_at__lte=moment), pk=row.pk)
    pause = pauses[min(row.asks, len(pauses) - 1)]
    return bool(due.update(asks=F("asks") + 1, next_ask_at=moment + pause))


@transaction.atomic
def keep_invoice_document(*, invoice: str, content: bytes, actor: Actor) -> bool:
    """Keep the PDF that the hospital made of an invoice; whether there was none yet.

    Raises:
        InvoiceUnknown: There is no such invoice.
        InvoiceUnreadable: It is no PDF, or is too large.
    """
    if not content.startswith(_PDF) or len(content) > LARGEST_DOCUMENT:
        raise InvoiceUnreadable
    row = Invoice.objects.select_for_update(of=("self",)).filter(public_id=invoice).first()
    if row is None:
        raise InvoiceUnknown
    if InvoiceDocument.objects.filter(invoice=row).exists():
        return False
    InvoiceDocument.objects.create(
        invoice=row, subject=row.subject, content=content, size=len(content), heard_at=clock.now()
    )
    _record(Action.INVOICE_DOCUMENT_KEPT, row, row.bill, actor)
    return True


def _record(action: Action, row: Invoice, bill: Bill, actor: Actor) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=bill.institution.public_id,
        details={"amount_fen": row.amount_fen},
    )
