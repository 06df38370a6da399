"""The resident API about paying online: the ways, a payment, how it stands, its end.

The channel is asked by a worker. Whoever has begun a payment asks how it stands until ``launch`` is
there, goes on with it at the channel, and asks again until it is over.
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
from payments import tasks
from payments.api import schemas
from payments.providers.base import Way
from payments.rules import App
from payments.selectors.paying import Standing, all_choices, payer_facts, standing_of
from payments.selectors.prepaid import require_use, usable_for
from payments.selectors.resident import bill_of
from payments.services import Start, balance_parts, begin_payment, give_up
from payments.services.asking import may_ask_now

_NO_STORE = {"Cache-Control": "no-store"}
_WAITS = 3


class Ways(ResidentView):
    """How a bill can be paid."""

    @extend_schema(operation_id="listWaysToPay", responses={200: schemas.Ways}, tags=["bills"])
    def get(self, request: Request, bill_id: str) -> Response:
        """What the institution offers for this bill now; nothing where only the window takes it."""
        account = accounts.account_of(request._request)
        shown = bill_of(account_pk=account.pk, bill_id=bill_id)
        found = all_choices(bill=shown.bill_id) if shown.is_open else []
        ways = [{"provider": one.provider, "label": one.label, "way": one.way.value} for one in found]
        balance = usable_for(account_pk=account.pk, bill_id=bill_id) if shown.is_open else 0
        return Response({"ways": ways, "balance_fen": balance}, headers=_NO_STORE)


class Payments(ResidentView):
    """Online payments of a bill."""

    @extend_schema(
        operation_id="beginPayment",
        request=schemas.PaymentRequest,
        responses={201: schemas.Payment},
        tags=["bills"],
    )
    def post(self, request: Request, bill_id: str) -> Response:
        """Begin to pay; begun twice in the same way it is one payment."""
        data = schemas.PaymentRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        bill_of(account_pk=account.pk, bill_id=bill_id)
        part = data.validated_data.get("balance_fen")
        if part is not None:
            require_use(account_pk=account.pk, bill_id=bill_id)
        way = data.validated_data["way"]
        is_mini = way == Way.MINI_PROGRAM
        start = Start(
            provider=data.validated_data["provider"],
            way=way,
            app=App.MINI_PROGRAM if is_mini else App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request._request.META)),
            return_url=f"{settings.BASE_URL}{reverse('bill', args=[bill_id])}",
            parts=balance_parts(bill=bill_id, amount_fen=part) if part is not None else (),
        )
        settlement = begin_payment(bill=bill_id, start=start, actor=accounts.actor_of(request._request))
        return _answer(request, bill_id, settlement, status=201)


class OnePayment(ResidentView):
    """One payment."""

    @extend_schema(operation_id="readPayment", responses={200: schemas.Payment}, tags=["bills"])
    def get(self, request: Request, bill_id: str, settlement_id: str) -> Response:
        """How it stands; on the way the channel is asked, at most every few seconds."""
        return _answer(request, bill_id, settlement_id)


class PaymentEnd(ResidentView):
    """The end of a payment that nobody wants any more."""

    @extend_schema(
        operation_id="leavePayment", request=None, responses={200: schemas.Payment}, tags=["bills"]
    )
    def post(self, request: Request, bill_id: str, settlement_id: str) -> Response:
        """Stop paying, to pay in another way; the channel is asked to close the order."""
        account = accounts.account_of(request._request)
        _shown, standing = standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id)
        actor = accounts.actor_of(request._request)
        if give_up(settlement=standing.settlement_id, failure="payer", actor=actor):
            tasks.ask_attempt.delay(standing.attempt_id)
        return _answer(request, bill_id, settlement_id)


def _answer(request: Request, bill_id: str, settlement: str, *, status: int = 200) -> Response:
    account = accounts.account_of(request._request)
    _shown, standing = standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement)
    if not standing.is_over and may_ask_now(standing.attempt_id, every_seconds=_WAITS):
        is_new = standing.launch is None and not standing.failure
        (tasks.launch_attempt if is_new else tasks.ask_attempt).delay(standing.attempt_id)
    return Response(_told(standing), status=status, headers=_NO_STORE)


def _told(standing: Standing) -> dict[str, Any]:
    return {
        "payment_id": standing.settlement_id,
        "state": standing.state,
        "total_fen": standing.total_fen,
        "way": standing.way,
        "launch": standing.launch if standing.waits_for_payer else None,
        "over": standing.is_over,
    }
