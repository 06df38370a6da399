"""The native institution API about payments at the counter and money that goes back."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.signed import KEY_HEADER, SignedView, caller_of, valid
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import PAYMENT_TAKE, REFUND_ASK
from interop.billing.api import schemas
from interop.billing.api.bills import NO_STORE, RESPONSES
from payments.selectors.hospital import HospitalPayment, payment_of_hospital, refunds_of_hospital
from payments.services.charging import refund_by_hospital
from payments.services.counter import end_payment, take_payment, watch_payment


class Payments(SignedView):
    """Payments at a window, or at a doctor's desk."""

    permission_classes = [RequireScope(PAYMENT_TAKE)]

    @extend_schema(
        operation_id="takePayment",
        parameters=[KEY_HEADER],
        request=schemas.CounterPaymentRequest,
        responses={201: schemas.CounterPayment, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str) -> Response:
        """Take the whole of a bill by the payer's code, or by a code that you show.

        The channel is asked after the answer: read the payment until it is over. `paying` is no
        failure, also if it lasts.
        """
        data, actor = valid(schemas.CounterPaymentRequest, request), actor_of_caller(caller_of(request))
        payment = take_payment(
            bill=bill_id,
            way=data["way"],
            provider=data.get("provider", ""),
            auth_code=data.get("auth_code", ""),
            actor=actor,
        )
        return Response(_shown(payment_of_hospital(bill=bill_id, payment=payment, actor=actor)), status=201)


class OnePayment(SignedView):
    """One payment."""

    permission_classes = [RequireScope(PAYMENT_TAKE)]

    @extend_schema(
        operation_id="readHospitalPayment",
        responses={200: schemas.CounterPayment, **RESPONSES},
        tags=["institution"],
    )
    def get(self, request: Request, bill_id: str, payment_id: str) -> Response:
        """How it stands; on the way the channel is asked, at most every three seconds."""
        actor = actor_of_caller(caller_of(request))
        found = payment_of_hospital(bill=bill_id, payment=payment_id, actor=actor)
        if not found.is_over:
            watch_payment(attempt=found.attempt_id)
        return Response(_shown(found), headers=NO_STORE)


class PaymentEnd(SignedView):
    """The end of a payment that nobody wants any more."""

    permission_classes = [RequireScope(PAYMENT_TAKE)]

    @extend_schema(
        operation_id="endPayment",
        parameters=[KEY_HEADER],
        request=None,
        responses={200: schemas.CounterPayment, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str, payment_id: str) -> Response:
        """Stop a payment that you began; what still comes pays the bill if it is owed, or goes back."""
        actor = actor_of_caller(caller_of(request))
        end_payment(bill=bill_id, payment=payment_id, actor=actor)
        return Response(_shown(payment_of_hospital(bill=bill_id, payment=payment_id, actor=actor)))


class Refunds(SignedView):
    """Money that goes back."""

    permission_classes = [RequireScope(REFUND_ASK)]

    @extend_schema(
        operation_id="askRefund",
        parameters=[KEY_HEADER],
        request=schemas.HospitalRefundRequest,
        responses={201: schemas.HospitalRefunds, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, bill_id: str) -> Response:
        """Give back all or a part, by the way it was paid; or note what your till gave back.

        One number is one refund, however often it is sent. `due` and `sent` are no failures.
        """
        data, actor = valid(schemas.HospitalRefundRequest, request), actor_of_caller(caller_of(request))
        refund_by_hospital(
            bill=bill_id,
            number=data["refund_no"],
            amount_fen=data.get("amount_fen"),
            is_done=data["refunded_by"] == "hospital",
            actor=actor,
        )
        found = refunds_of_hospital(bill=bill_id, refund_no=data["refund_no"], actor=actor)
        return Response(_refunds(found), status=201)

    @extend_schema(
        operation_id="listRefunds",
        parameters=[OpenApiParameter("refund_no", str, description="Your number; without it all.")],
        responses={200: schemas.HospitalRefunds, **RESPONSES},
        tags=["institution"],
    )
    def get(self, request: Request, bill_id: str) -> Response:
        """How far they are."""
        found = refunds_of_hospital(
            bill=bill_id,
            refund_no=str(request.query_params.get("refund_no", "")),
            actor=actor_of_caller(caller_of(request)),
        )
        return Response(_refunds(found), headers=NO_STORE)


def _shown(payment: HospitalPayment) -> dict[str, Any]:
    return {
        "payment_id": payment.payment_id,
        "state": payment.state.value,
        "provider": payment.provider,
        "way": payment.way,
        "total_fen": payment.total_fen,
        "amount_fen": payment.amount_fen,
        "code": payment.code,
        "failure": payment.failure,
        "over": payment.is_over,
    }


def _refunds(found: Any) -> dict[str, Any]:
    return {"refunds": schemas.HospitalRefund(found, many=True).data}
