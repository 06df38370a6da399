"""The resident API about paying for somebody else: the link of a bill, and the payment by it."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts.api.resident import ResidentView
from foundation.gateway.authenticate import address_of
from payments import tasks
from payments.api import paying_for_schemas as schemas
from payments.api.schemas import PaymentRequest
from payments.providers.base import Way
from payments.rules import App
from payments.selectors.paying import all_choices, payer_facts
from payments.selectors.paying_for import PaidFor, asked_of, paid_for
from payments.selectors.resident import bill_of
from payments.services import Start, begin_payment, give_up
from payments.services.pay_links import bill_by_token, end_link, make_link
from payments.views.paying import ask

_NO_STORE = {"Cache-Control": "no-store"}


class PayLinks(ResidentView):
    """The link of a bill."""

    @extend_schema(operation_id="makePayLink", request=None, responses={201: schemas.PayLink}, tags=["bills"])
    def post(self, request: Request, bill_id: str) -> Response:
        """Make it; one that was made before is good no longer. The secret is told this once."""
        account = accounts.account_of(request._request)
        bill_of(account_pk=account.pk, bill_id=bill_id)
        made = make_link(bill=bill_id, account=account.public_id, actor=accounts.actor_of(request._request))
        told = {
            "token": made.token,
            "url": f"{settings.BASE_URL}{reverse('pay-for', args=[made.token])}",
            "expires_at": made.expires_at,
        }
        return Response(told, status=201, headers=_NO_STORE)

    @extend_schema(operation_id="endPayLink", responses={204: None}, tags=["bills"])
    def delete(self, request: Request, bill_id: str) -> Response:
        """Take it back; without one nothing changes."""
        bill_of(account_pk=accounts.account_of(request._request).pk, bill_id=bill_id)
        end_link(bill=bill_id, actor=accounts.actor_of(request._request))
        return Response(status=204)


class AskedToPay(ResidentView):
    """What a link asks for."""

    @extend_schema(operation_id="readPayLink", responses={200: schemas.AskedToPay}, tags=["bills"])
    def get(self, request: Request, token: str) -> Response:
        """Hospital, masked name, amount, and how it can be paid."""
        bill = bill_by_token(token=token, account=accounts.account_of(request._request).public_id)
        asked = asked_of(bill)
        ways = [
            {"provider": one.provider, "label": one.label, "way": one.way.value}
            for one in all_choices(bill=bill.public_id)
        ]
        told = {
            "institution": asked.institution,
            "holder": asked.holder,
            "amount_fen": asked.amount_fen,
            "ways": ways,
        }
        return Response(told, headers=_NO_STORE)


class PaymentsForOthers(ResidentView):
    """Payments by a link."""

    @extend_schema(
        operation_id="payForOther",
        request=PaymentRequest,
        responses={201: schemas.PaymentForOther},
        tags=["bills"],
    )
    def post(self, request: Request, token: str) -> Response:
        """Begin to pay; ``balance_fen`` is not for others' bills."""
        account = accounts.account_of(request._request)
        bill = bill_by_token(token=token, account=account.public_id)
        data = PaymentRequest(data=request.data)
        data.is_valid(raise_exception=True)
        way = data.validated_data["way"]
        start = Start(
            provider=data.validated_data["provider"],
            way=way,
            app=App.MINI_PROGRAM if way == Way.MINI_PROGRAM else App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request._request.META)),
            return_page="paid-for",
        )
        settlement = begin_payment(
            bill=bill.public_id, start=start, actor=accounts.actor_of(request._request)
        )
        return _answer(request, settlement, status=201)


class OnePaymentForOther(ResidentView):
    """One payment for somebody else."""

    @extend_schema(
        operation_id="readPaymentForOther", responses={200: schemas.PaymentForOther}, tags=["bills"]
    )
    def get(self, request: Request, settlement_id: str) -> Response:
        """How it stands; on the way the channel is asked, at most every few seconds."""
        return _answer(request, settlement_id)


class PaymentForOtherEnd(ResidentView):
    """The end of a payment that nobody wants any more."""

    @extend_schema(
        operation_id="leavePaymentForOther",
        request=None,
        responses={200: schemas.PaymentForOther},
        tags=["bills"],
    )
    def post(self, request: Request, settlement_id: str) -> Response:
        """Stop paying; the channel is asked to close the order."""
        found = _found(request, settlement_id)
        actor = accounts.actor_of(request._request)
        if give_up(settlement=found.standing.settlement_id, failure="payer", actor=actor):
            tasks.ask_attempt.delay(found.standing.attempt_id)
        return _answer(request, settlement_id)


def _found(request: Request, settlement_id: str) -> PaidFor:
    account = accounts.account_of(request._request)
    return paid_for(account=account.public_id, settlement_id=settlement_id)


def _answer(request: Request, settlement_id: str, *, status: int = 200) -> Response:
    found = _found(request, settlement_id)
    if not found.standing.is_over:
        ask(found.standing)
    return Response(_told(found), status=status, headers=_NO_STORE)


def _told(found: PaidFor) -> dict[str, Any]:
    standing = found.standing
    return {
        "payment_id": standing.settlement_id,
        "institution": found.asked.institution,
        "holder": found.asked.holder,
        "state": standing.state,
        "total_fen": standing.total_fen,
        "refunded_fen": found.refunded_fen,
        "way": standing.way,
        "launch": standing.launch if standing.waits_for_payer else None,
        "over": standing.is_over,
        "ended_at": found.ended_at,
    }
