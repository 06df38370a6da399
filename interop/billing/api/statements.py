"""The native institution API about statements: ours to take, and the institution's own to hand in."""

from datetime import date

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.signed import KEY_HEADER, SignedView, caller_of, valid
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import STATEMENT_EXCHANGE
from interop.billing.api import schemas
from interop.billing.api.bills import NO_STORE, RESPONSES
from payments.services.statement_files import statement_for_hospital, take_statement_of_hospital


class Statements(SignedView):
    """Statements of one day."""

    permission_classes = [RequireScope(STATEMENT_EXCHANGE)]
    max_body_bytes = 1_000_000

    @extend_schema(
        operation_id="readStatement",
        parameters=[OpenApiParameter("day", date, required=True, description="In Beijing time.")],
        responses={200: schemas.StatementFile, **RESPONSES},
        tags=["institution"],
    )
    def get(self, request: Request) -> Response:
        """What came and went at the institution on a day, as a CSV file in ``content``."""
        try:
            day = date.fromisoformat(str(request.query_params.get("day", "")))
        except ValueError as exc:
            raise InvalidInput(field="day") from exc
        content, digest = statement_for_hospital(day=day, actor=actor_of_caller(caller_of(request)))
        return Response({"day": day, "digest": digest, "content": content}, headers=NO_STORE)

    @extend_schema(
        operation_id="handInStatement",
        parameters=[KEY_HEADER],
        request=schemas.StatementHandedIn,
        responses={201: schemas.StatementTaken, **RESPONSES},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Hand in what your own system posted on a day; all of the file is taken, or nothing.

        The same file again changes nothing; another one of the same day is its next version.
        """
        data, actor = valid(schemas.StatementHandedIn, request), actor_of_caller(caller_of(request))
        taken = take_statement_of_hospital(day=data["day"], content=data["content"], actor=actor)
        return Response({"statement_id": taken, "day": data["day"]}, status=201)
