"""The resident API about paying with an insurance: allow it there, see the split, confirm, how it stands.

The insurer and the channel are asked by a worker; whoever pays asks how it stands until it is over. The own
share goes on as any payment: its ``launch`` is in ``readPayment`` once the split was confirmed.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts.api.resident import ResidentView
from foundation.gateway.authenticate import address_of
from identity import selectors as identity
from payments import tasks
from payments.api import insured_schemas as schemas
from payments.errors import WayNotOffered
from payments.providers.base import Way
from payments.rules import App
from payments.selectors.insured import (
    InsuredStanding,
    all_insured_choices,
    insured_standing_of,
    permission_page,
    read_permission,
)
from payments.selectors.paying import payer_facts
from payments.selectors.resident import bill_of
from payments.services import Start, begin_insured, confirm_split, give_up
from payments.services.asking import may_ask_now

_NO_STORE = {"Cache-Control": "no-store"}
_WAITS = 3


class Insurance(ResidentView):
    """Whether an insurance can pay a part of a bill, and its page on which the person allows that."""

    @extend_schema(
        operation_id="listWaysBesideInsurance", responses={200: schemas.InsuredWays}, tags=["bills"]
    )
    def get(self, request: Request, bill_id: str) -> Response:
        """How what the insurance leaves can be paid; nothing where no insurance pays a part here."""
        shown = bill_of(account_pk=accounts.account_of(request._request).pk, bill_id=bill_id)
        found = all_insured_choices(bill=shown.bill_id) if shown.is_open else []
        ways = [{"provider": one.provider, "label": one.label, "way": one.way.value} for one in found]
        return Response({"ways": ways}, headers=_NO_STORE)

    @extend_schema(
        operation_id="askInsurancePermission",
        request=schemas.PermissionRequest,
        responses={200: schemas.Permission},
        tags=["bills"],
    )
    def post(self, request: Request, bill_id: str) -> Response:
        """The insurer's page; it sends the person back to ``return_url`` with what ``beginInsured`` takes."""
        data = schemas.PermissionRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        shown = bill_of(account_pk=account.pk, bill_id=bill_id)
        wanted = (data.validated_data["provider"], data.validated_data["way"])
        found = all_insured_choices(bill=shown.bill_id)
        choice = next((one for one in found if (one.provider, one.way.value) == wanted), None)
        if choice is None:
            raise WayNotOffered(field="provider")
        back = f"{settings.BASE_URL}{reverse('bill-insurance-back', args=[bill_id])}"
        url = permission_page(bill=bill_id, account=account.public_id, choice=choice, return_url=back)
        return Response({"url": url, "return_url": back}, headers=_NO_STORE)


class InsuredPayments(ResidentView):
    """Payments with an insurance."""

    @extend_schema(
        operation_id="beginInsured",
        request=schemas.InsuredRequest,
        responses={201: schemas.InsuredPayment},
        tags=["bills"],
    )
    def post(self, request: Request, bill_id: str) -> Response:
        """Begin with what the insurer's page sent back; begun twice it is one payment."""
        data = schemas.InsuredRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        bill_of(account_pk=account.pk, bill_id=bill_id)
        given, provider, way = read_permission(
            bill=bill_id, account=account.public_id, query=data.validated_data["query"]
        )
        own = identity.self_person(account.pk)
        start = Start(
            provider=provider,
            way=way,
            app=App.MINI_PROGRAM if way == Way.MINI_PROGRAM else App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request._request.META)),
            return_url=f"{settings.BASE_URL}{reverse('bill', args=[bill_id])}",
        )
        settlement = begin_insured(
            bill=bill_id,
            start=start,
            allowed=given,
            holder=own.person_id if own else "",
            actor=accounts.actor_of(request._request),
        )
        return _answer(request, bill_id, settlement, status=201)


class OneInsuredPayment(ResidentView):
    """One payment with an insurance."""

    @extend_schema(operation_id="readInsured", responses={200: schemas.InsuredPayment}, tags=["bills"])
    def get(self, request: Request, bill_id: str, settlement_id: str) -> Response:
        """Who pays what, and how it stands; on the way the insurer is asked, at most every few seconds."""
        return _answer(request, bill_id, settlement_id)


class InsuredConfirmation(ResidentView):
    """The one confirmation of both parts."""

    @extend_schema(
        operation_id="confirmInsured",
        request=None,
        responses={200: schemas.InsuredPayment},
        tags=["bills"],
    )
    def post(self, request: Request, bill_id: str, settlement_id: str) -> Response:
        """Pay as the split says; confirmed twice it is one payment."""
        _standing(request, bill_id, settlement_id)
        confirm_split(settlement=settlement_id, actor=accounts.actor_of(request._request))
        return _answer(request, bill_id, settlement_id)


class InsuredEnd(ResidentView):
    """The end of a payment that nobody wants any more."""

    @extend_schema(
        operation_id="leaveInsured",
        request=None,
        responses={200: schemas.InsuredPayment},
        tags=["bills"],
    )
    def post(self, request: Request, bill_id: str, settlement_id: str) -> Response:
        """Stop paying; the insurer takes the bill back, and what was paid goes back."""
        standing = _standing(request, bill_id, settlement_id)
        actor = accounts.actor_of(request._request)
        if give_up(settlement=standing.settlement_id, failure="payer", actor=actor):
            tasks.work_insurance.delay(standing.order_id)
        return _answer(request, bill_id, settlement_id)


def _standing(request: Request, bill_id: str, settlement: str) -> InsuredStanding:
    account = accounts.account_of(request._request)
    _shown, standing = insured_standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement)
    return standing


def _answer(request: Request, bill_id: str, settlement: str, *, status: int = 200) -> Response:
    standing = _standing(request, bill_id, settlement)
    if not standing.is_over and may_ask_now(standing.order_id, every_seconds=_WAITS):
        tasks.work_insurance.delay(standing.order_id)
        if standing.own_waits:
            tasks.launch_attempt.delay(standing.attempt_id)
    return Response(_told(standing), status=status, headers=_NO_STORE)


def _told(standing: InsuredStanding) -> dict[str, Any]:
    return {
        "payment_id": standing.settlement_id,
        "state": standing.state,
        "total_fen": standing.total_fen,
        "own_fen": standing.own_fen,
        "parts": [{"label": part.label, "amount_fen": part.amount_fen} for part in standing.parts],
        "to_confirm": standing.asks_payer,
        "own_paid": standing.own_is_paid,
        "insured_paid": standing.insured_is_paid,
        "reason": standing.reason,
        "returned": [
            {"label": part.label, "amount_fen": part.amount_fen, "done": is_back}
            for part, is_back in standing.returned
        ],
        "over": standing.is_over,
    }
