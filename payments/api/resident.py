"""The resident API about bills: what is owed, and what was paid."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts.api.resident import ResidentView
from foundation.audit import services as audit
from foundation.audit.actions import Action
from payments.api import schemas
from payments.errors import BillNotFound
from payments.pdf import render_voucher
from payments.selectors.history import Standing, Wanted, fees_of
from payments.selectors.invoices import invoice_document, invoices_of
from payments.selectors.resident import ShownBill, bill_of, full_name_of, open_bills

_NO_STORE = {"Cache-Control": "no-store"}


class Bills(ResidentView):
    """Bills."""

    @extend_schema(
        operation_id="listBills",
        parameters=[
            OpenApiParameter("before", str, required=False),
            OpenApiParameter("person", str, required=False, description="`person_id` of one person."),
            OpenApiParameter("standing", str, required=False, enum=Standing.values),
            OpenApiParameter("year", int, required=False, description="Opened in that year, in Beijing."),
            OpenApiParameter("hospital", str, required=False, description="One of `hospitals`."),
            OpenApiParameter(
                "open",
                bool,
                required=False,
                description="Only what is still to be paid, the most urgent first.",
            ),
        ],
        responses={200: schemas.Bills},
        tags=["bills"],
    )
    def get(self, request: Request) -> Response:
        """What the account, and those for whom it pays, owe and paid; the latest first."""
        account = accounts.account_of(request._request)
        if request.query_params.get("open") == "true":
            rows = open_bills(account_pk=account.pk)
            return Response({"bills": [_told(row) for row in rows], "older": ""}, headers=_NO_STORE)
        given = request.query_params
        wanted = Wanted(*(given.get(name, "") for name in ("person", "standing", "year", "hospital")))
        page = fees_of(account_pk=account.pk, wanted=wanted, before=given.get("before", ""))
        told = {
            "bills": [_told(row) for row in page.rows],
            "older": page.older,
            "sums": {
                "to_pay_fen": page.sums.to_pay_fen,
                "paid_fen": page.sums.paid_fen,
                "refunded_fen": page.sums.refunded_fen,
            },
            "years": page.years,
            "hospitals": [{"hospital": public_id, "name": name} for public_id, name in page.hospitals],
        }
        return Response(told, headers=_NO_STORE)


class OneBill(ResidentView):
    """One bill."""

    @extend_schema(operation_id="readBill", responses={200: schemas.WholeBill}, tags=["bills"])
    def get(self, request: Request, bill_id: str) -> Response:
        """The bill with its lines; once it is paid, this is the receipt."""
        shown = bill_of(account_pk=accounts.account_of(request._request).pk, bill_id=bill_id)
        lines = [
            {
                "title": line.title,
                "category": line.category,
                "quantity": line.quantity,
                "amount_fen": line.amount_fen,
            }
            for line in shown.lines
        ]
        refunds = [
            {
                "refund_id": refund.refund_id,
                "amount_fen": refund.amount_fen,
                "state": refund.state,
                "reason": refund.reason,
                "part": refund.part,
                "way": refund.way,
                "at_window": refund.by_hand,
                "opened_at": refund.opened_at,
                "usual_by": refund.usual_by,
                "ended_at": refund.ended_at,
            }
            for refund in shown.refunds
        ]
        legs = [
            {
                "kind": leg.kind,
                "label": leg.label,
                "way": leg.way,
                "amount_fen": leg.amount_fen,
                "refunded_fen": leg.refunded_fen,
            }
            for leg in shown.legs
        ]
        sections = [
            {"category": one.category, "label": one.label, "amount_fen": one.amount_fen}
            for one in shown.sections
        ]
        invoices = [
            {
                "invoice_id": one.invoice_id,
                "code": one.code,
                "number": one.number,
                "check_code": one.check_code,
                "amount_fen": one.amount_fen,
                "issued_at": one.issued_at,
                "reversed_at": one.reversed_at,
                "has_document": one.has_document,
            }
            for one in invoices_of(shown)
        ]
        more = {
            "invoices": invoices,
            "lines": lines,
            "sections": sections,
            "legs": legs,
            "refunds": refunds,
            "paid_by": shown.way,
            "received_fen": shown.received_fen,
            "receipt": shown.receipt,
            "paid_for_by": shown.payer,
        }
        return Response(_told(shown) | more, headers=_NO_STORE)


class InvoiceDocument(ResidentView):
    """The file of an electronic invoice."""

    @extend_schema(
        operation_id="readInvoiceDocument",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["bills"],
    )
    def get(self, request: Request, bill_id: str, invoice_id: str) -> HttpResponse:
        """The hospital's PDF; not there for a while after the invoice was told of."""
        account = accounts.account_of(request._request)
        content = invoice_document(account_pk=account.pk, bill_id=bill_id, invoice_id=invoice_id)
        audit.record(
            Action.INVOICE_READ,
            actor=accounts.actor_of(request._request),
            subject=("payments.Invoice", invoice_id),
        )
        return HttpResponse(content, content_type="application/pdf", headers=_NO_STORE)


class Voucher(ResidentView):
    """The receipt as a file."""

    @extend_schema(
        operation_id="readVoucher",
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["bills"],
    )
    def get(self, request: Request, bill_id: str) -> HttpResponse:
        """The receipt of a paid bill as PDF with the hospital's letterhead; it is no invoice."""
        shown = bill_of(account_pk=accounts.account_of(request._request).pk, bill_id=bill_id)
        if not shown.is_paid:
            raise BillNotFound
        content = render_voucher(shown, institution=full_name_of(shown))
        audit.record(
            Action.VOUCHER_PRINTED,
            actor=accounts.actor_of(request._request),
            subject=("payments.Bill", bill_id),
        )
        return HttpResponse(content, content_type="application/pdf", headers=_NO_STORE)


def _told(shown: ShownBill) -> dict[str, Any]:
    return {
        "bill_id": shown.bill_id,
        "number": shown.number,
        "institution": shown.institution,
        "person_id": shown.whom.person_id,
        "state": shown.state,
        "total_fen": shown.total_fen,
        "reduction_fen": shown.reduction_fen,
        "due_fen": shown.due_fen,
        "refund_fen": shown.refund_fen,
        "refunded_fen": shown.refunded_fen,
        "created_at": shown.created_at,
        "expires_at": shown.expires_at,
        "paid_at": shown.paid_at,
    }
