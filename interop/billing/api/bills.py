"""The native institution API about bills: opened, found, ended, and what the institution did with them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import selectors as cards
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.errors import CardUnknown, PersonNotBound
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import InvalidInput
from foundation.events import schemas as schemas_of_events
from foundation.events.schemas import problems_of
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import BILL_READ, BILL_WRITE, PAYMENT_TAKE
from interop.billing.api import schemas
from mpi import selectors as mpi
from payments.errors import BillReturnedBefore
from payments.insurance.claims import CLAIM
from payments.rules import Category
from payments.selectors.hospital import HospitalBill, bill_of_hospital, bills_of_hospital
from payments.services import note_receipt, record_till_payment
from payments.services.charging import cancel_by_hospital, charge_bill
from payments.services.posting import Heard, confirm_posting, refuse_posting
from payments.types import Charge

_CLAIM = schemas_of_events.validator_of(CLAIM)
NO_STORE = {"Cache-Control": "no-store"}
RESPONSES = {404: Problem, 409: Problem, 422: Problem, **PROBLEMS}


class Bills(SignedView):
    """Bills of the institution."""

    permission_classes = [RequireScope(BILL_WRITE)]
    max_body_bytes = 262_144

    @extend_schema(
        operation_id="openBill",
        parameters=[KEY_HEADER],
        request=schemas.HospitalBillRequest,
        responses={201: schemas.HospitalBill, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Open a bill; the patient sees it on the phone at once, and can pay it.

        The same number again before it is paid replaces it; with the same content it is the same bill.
        """
        data, caller = valid(schemas.HospitalBillRequest, request), caller_of(request)
        bill = charge_bill(
            source=data["kind"],
            number=data["bill_no"],
            person_pk=_person(data, caller),
            institution=caller.institution,
            items=[
                Charge(each["title"], each["amount_fen"], Category(each["category"]), each["quantity"])
                for each in data["items"]
            ],
            total_fen=data["total_fen"],
            expires_at=data.get("expires_at"),
            reduction_fen=data["reduction_fen"],
            claim=_claim(data),
            actor=actor_of_caller(caller),
        )
        return Response(answer(bill, caller), status=201)


class BillSearch(SignedView):
    """Finding bills."""

    permission_classes = [RequireScope(BILL_READ)]

    @extend_schema(
        operation_id="findBills",
        request=schemas.HospitalBillQuery,
        responses={200: schemas.HospitalBills, **RESPONSES},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Find the institution's bills of a patient or of a number; `state=open` is what is due.

        It is a POST, so that no patient's number stands in an address.
        """
        data, caller = valid(schemas.HospitalBillQuery, request), caller_of(request)
        by_person = "health_card_id" in data or "patient_id" in data
        if not by_person and not data.get("bill_no") and not data.get("number"):
            raise InvalidInput(field="patient_id")
        found = bills_of_hospital(
            actor=actor_of_caller(caller),
            person_pk=_person(data, caller) if by_person else None,
            bill_no=data.get("bill_no", ""),
            number=data.get("number", ""),
            state=data.get("state", ""),
            cursor=data.get("cursor", ""),
        )
        audit.record(
            Action.BILL_SEARCHED,
            actor=actor_of_caller(caller),
            subject=("payments.Bill", found.rows[0].bill_id if len(found.rows) == 1 else ""),
            institution=caller.institution,
            details={"kind": "patient" if by_person else "number", "count": len(found.rows)},
        )
        told = {"bills": [shown(each) for each in found.rows], "next_cursor": found.next_cursor}
        return Response(told, headers=NO_STORE)


class OneBill(SignedView):
    """One bill."""

    permission_classes = [RequireScope(BILL_READ)]

    @extend_schema(
        operation_id="readHospitalBill",
        responses={200: schemas.HospitalBill, **RESPONSES},
        tags=["institution"],
    )
    def get(self, request: Request, bill_id: str) -> Response:
        """How it stands: paid by which parts, posted, what of it goes back."""
        return Response(answer(bill_id, caller_of(request)), headers=NO_STORE)


class BillEnd(SignedView):
    """The end of a bill."""

    permission_classes = [RequireScope(BILL_WRITE)]

    @extend_schema(
        operation_id="cancelBill",
        parameters=[KEY_HEADER],
        request=None,
        responses={200: schemas.HospitalBill, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str) -> Response:
        """Take a charge back: nobody owes it any more, and what was paid goes back."""
        caller = caller_of(request)
        cancel_by_hospital(bill=bill_id, actor=actor_of_caller(caller))
        return Response(answer(bill_id, caller))


class Posting(SignedView):
    """What the institution did with what was paid here."""

    permission_classes = [RequireScope(BILL_WRITE)]

    @extend_schema(
        operation_id="reportPosting",
        parameters=[KEY_HEADER],
        request=schemas.PostingRequest,
        responses={200: schemas.HospitalBill, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str) -> Response:
        """Say that it is posted, with the receipt's number; or refused, and all of it goes back.

        A posting that comes after the money went back is refused with `bill_returned`, and stands
        open as a difference until you say `refused`.
        """
        data, caller = valid(schemas.PostingRequest, request), caller_of(request)
        actor = actor_of_caller(caller)
        if data["outcome"] == "refused":
            refuse_posting(bill=bill_id, refusal=data.get("reason", ""), actor=actor)
            return Response(answer(bill_id, caller))
        for name in ("receipt_no", "amount_fen"):
            if not data.get(name):
                raise InvalidInput(field=name)
        heard = confirm_posting(
            bill=bill_id, receipt=data["receipt_no"], amount_fen=data["amount_fen"], actor=actor
        )
        if heard is Heard.TOO_LATE:
            raise BillReturnedBefore
        return Response(answer(bill_id, caller))


class TillPayments(SignedView):
    """Money that the institution's own till took."""

    permission_classes = [RequireScope(PAYMENT_TAKE)]

    @extend_schema(
        operation_id="recordTillPayment",
        parameters=[KEY_HEADER],
        request=schemas.TillPaymentRequest,
        responses={200: schemas.HospitalBill, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str) -> Response:
        """Record it; too late, or of another amount, it is owed back at your till."""
        data, caller = valid(schemas.TillPaymentRequest, request), caller_of(request)
        actor, receipt = actor_of_caller(caller), data["receipt_no"]
        if record_till_payment(bill=bill_id, captured_fen=data["amount_fen"], receipt=receipt, actor=actor):
            note_receipt(bill=bill_id, receipt=receipt, actor=actor)
        return Response(answer(bill_id, caller))


def answer(bill_id: str, caller: Caller) -> dict[str, Any]:
    """A bill as the institution reads it."""
    return shown(bill_of_hospital(bill=bill_id, actor=actor_of_caller(caller)))


def shown(bill: HospitalBill) -> dict[str, Any]:
    """The members of the answer."""
    return dict(schemas.HospitalBill(bill).data)


def _claim(data: dict[str, Any]) -> dict[str, Any] | None:
    if "insurance" not in data:
        return None
    wrong = problems_of(data["insurance"], _CLAIM)
    if wrong:
        raise InvalidInput(field=f"insurance.{wrong[0]['field']}".rstrip("."))
    claim: dict[str, Any] = data["insurance"]
    return claim


def _person(data: dict[str, Any], caller: Caller) -> int:
    if ("health_card_id" in data) == ("patient_id" in data):
        raise InvalidInput(field="health_card_id")
    if "patient_id" in data:
        known = mpi.find_by_source(caller.institution, data["patient_id"])
        if known is None:
            raise PersonNotBound(field="patient_id")
        return known.person_pk
    anchor = cards.person_of_number(data["health_card_id"])
    if anchor is None:
        raise CardUnknown(field="health_card_id")
    return mpi.survivor(anchor)
