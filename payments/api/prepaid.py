"""The resident API about balances: what there is, topping up, giving back.

A top-up is paid by ``beginPayment`` of its bill; a bill is paid from a balance by ``balance_fen`` there.
"""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts.api.resident import ResidentView
from payments import services
from payments.api import prepaid_schemas as schemas
from payments.errors import BalanceNotFound
from payments.selectors import prepaid

_NO_STORE = {"Cache-Control": "no-store"}


class Balances(ResidentView):
    """Balances."""

    @extend_schema(operation_id="listBalances", responses={200: schemas.Balances}, tags=["bills"])
    def get(self, request: Request) -> Response:
        """Of everybody whose balances the account may use; nobody below level 2."""
        people = [
            {
                "person_id": purse.person_id,
                "total_fen": purse.total_fen,
                "balances": [
                    {
                        "account_id": one.account_id,
                        "kind": one.kind,
                        "state": one.state,
                        "institution": one.institution,
                        "visit": one.visit,
                        "balance_fen": one.balance_fen,
                    }
                    for one in purse.balances
                ],
            }
            for purse in prepaid.purses_of(accounts.account_of(request._request).pk)
        ]
        receivers = [{"institution": one.institution, "name": one.name} for one in prepaid.receivers()]
        return Response({"people": people, "receivers": receivers}, headers=_NO_STORE)


class BalanceMovements(ResidentView):
    """What moved the balances of one person."""

    @extend_schema(
        operation_id="listBalanceMovements",
        parameters=[OpenApiParameter("before", str, required=False)],
        responses={200: schemas.Movements},
        tags=["bills"],
    )
    def get(self, request: Request, person_id: str) -> Response:
        """The latest first; above zero where the balance grew."""
        page = prepaid.movements_of(_purse(request, person_id), before=request.query_params.get("before", ""))
        rows = [
            {
                "movement_id": row.movement_id,
                "kind": row.kind,
                "label": row.label,
                "amount_fen": row.amount_fen,
                "institution": row.institution,
                "bill_id": row.bill_id,
                "at": row.at,
            }
            for row in page.rows
        ]
        return Response({"movements": rows, "older": page.older}, headers=_NO_STORE)


class TopUps(ResidentView):
    """Top-ups of one person's balances."""

    @extend_schema(
        operation_id="topUpBalance",
        request=schemas.TopUpRequest,
        responses={201: schemas.TopUp},
        tags=["bills"],
    )
    def post(self, request: Request, person_id: str) -> Response:
        """Open the bill of a top-up; it is paid like any other, within half an hour."""
        purse = _purse(request, person_id)
        data = schemas.TopUpRequest(data=request.data)
        data.is_valid(raise_exception=True)
        actor = accounts.actor_of(request._request)
        account = data.validated_data.get("account_id") or services.open_account(
            person_pk=purse.person_pk, actor=actor
        )
        if data.validated_data.get("account_id"):
            _require(purse, account)
        bill = services.open_top_up(
            account=account,
            institution=data.validated_data["institution"],
            amount_fen=data.validated_data["amount_fen"],
            actor=actor,
        )
        return Response({"bill_id": bill.bill_id, "number": bill.number}, status=201, headers=_NO_STORE)


class PayOuts(ResidentView):
    """What goes back of one person's balances."""

    @extend_schema(
        operation_id="payOutBalance",
        request=schemas.PayOutRequest,
        responses={201: schemas.PayOut},
        tags=["bills"],
    )
    def post(self, request: Request, person_id: str) -> Response:
        """Give money back to where it came from, the latest top-up first."""
        purse = _purse(request, person_id)
        data = schemas.PayOutRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = data.validated_data["account_id"]
        _require(purse, account)
        refunds = services.pay_out(
            account=account,
            amount_fen=data.validated_data.get("amount_fen"),
            actor=accounts.actor_of(request._request),
        )
        return Response({"refunds": list(refunds)}, status=201, headers=_NO_STORE)


def _purse(request: Request, person_id: str) -> prepaid.Purse:
    return prepaid.purse_of(account_pk=accounts.account_of(request._request).pk, person_id=person_id)


def _require(purse: prepaid.Purse, account: str) -> None:
    if account not in {one.account_id for one in purse.balances}:
        raise BalanceNotFound(field="account_id")
