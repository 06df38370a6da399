"""The resident API about confirmations."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import confirmations
from cards.api import schemas_confirmations as schemas
from cards.api.apps import APP_HEADER, ResidentView
from cards.api.confirmations import answer_of
from cards.services.confirmations import answer_confirmation
from foundation.accounts import selectors as accounts


class Own(ResidentView):
    """What the resident was asked to confirm."""

    @extend_schema(
        operation_id="listConfirmations",
        parameters=[APP_HEADER, OpenApiParameter("before", str, required=False)],
        responses={200: schemas.ResidentConfirmations},
        tags=["own data"],
    )
    def get(self, request: Request) -> Response:
        """The latest first, twenty at a time; also those of the family."""
        account = accounts.account_of(request._request)
        page = confirmations.confirmations_of(
            account_pk=account.pk, before=request.query_params.get("before", "")
        )
        return Response({"confirmations": [_told(row) for row in page.rows], "older": page.older})


class OneOwn(ResidentView):
    """One of them."""

    @extend_schema(
        operation_id="readAskedConfirmation",
        parameters=[APP_HEADER],
        responses={200: schemas.ResidentConfirmation},
        tags=["own data"],
    )
    def get(self, request: Request, confirmation_id: str) -> Response:
        """Who asks and for what, and the signed receipt once it was answered."""
        account = accounts.account_of(request._request)
        shown = confirmations.shown_to_holder(account_pk=account.pk, public_id=confirmation_id)
        return Response(_told(shown), headers={"Cache-Control": "no-store"})

    @extend_schema(
        operation_id="answerConfirmation",
        parameters=[APP_HEADER],
        request=schemas.Answer,
        responses={200: schemas.ResidentConfirmation},
        tags=["own data"],
    )
    def post(self, request: Request, confirmation_id: str) -> Response:
        """Agree or refuse, once; the answer carries the signed receipt."""
        data = schemas.Answer(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        answer_confirmation(
            public_id=confirmation_id,
            account_pk=account.pk,
            agrees=data.validated_data["agrees"],
            reason=data.validated_data["reason"],
            actor=accounts.actor_of(request._request),
        )
        shown = confirmations.shown_to_holder(account_pk=account.pk, public_id=confirmation_id)
        return Response(_told(shown))


def _told(shown: confirmations.ShownConfirmation) -> dict[str, Any]:
    return answer_of(shown) | {
        "institution": shown.institution,
        "title": shown.title,
        "text": shown.text,
        "readable": shown.is_readable,
    }
