"""The resident API about one's own data: who looked, a copy, the end of the account.

It does what the pages do, through the same services. Consents are in ``identity.api``,
visibility and confirmations in ``cards.api``.
"""

from dataclasses import asdict

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from foundation.accounts.api_auth import session_of
from foundation.accounts.selectors import account_of, actor_of
from identity import selectors as identity
from privacy.api import schemas
from privacy.looks import looks_for
from privacy.selectors import keeps_stopped_card, left_out, needs_certificate
from privacy.services import closing
from privacy.services.copy import copy_data
from records import unlocking

_NO_STORE = {"Cache-Control": "no-store"}


class Looks(ResidentView):
    """Who looked."""

    @extend_schema(
        operation_id="listLooks",
        parameters=[
            APP_HEADER,
            OpenApiParameter("before", str, description="`older` of the page before."),
            OpenApiParameter(
                "person_id", str, description="Somebody of the family; without it the resident."
            ),
        ],
        responses={200: schemas.Looks},
        tags=["own data"],
    )
    def get(self, request: Request) -> Response:
        """Who looked at one's data, by name, time and purpose; the latest first, twenty at a time."""
        page = looks_for(
            account_of(request._request).pk,
            person_id=request.query_params.get("person_id", ""),
            before=request.query_params.get("before", ""),
        )
        return Response(
            {
                "looks": [asdict(look) for look in page.looks],
                "older": page.older,
                "is_whole": page.is_whole,
            },
            headers=_NO_STORE,
        )


class Copy(ResidentView):
    """A copy of everything."""

    @extend_schema(
        operation_id="readCopyContents",
        parameters=[APP_HEADER],
        responses={200: schemas.CopyContents},
        tags=["own data"],
    )
    def get(self, request: Request) -> Response:
        """What a copy would hold, before it is made."""
        people = identity.persons_of(account_of(request._request).pk)
        parts = [{"relation": acting.relation, "left_out": left_out(acting)} for acting in people]
        is_open = unlocking.open_until(session_of(request)) is not None
        return Response({"persons": parts, "records_open": is_open}, headers=_NO_STORE)

    @extend_schema(
        operation_id="makeCopy",
        parameters=[APP_HEADER],
        request=None,
        responses={200: schemas.Copy},
        tags=["own data"],
    )
    def post(self, request: Request) -> Response:
        """The copy, made at once; five a day. It is in the answer and nowhere else.

        What reports and visits say is in it while records are open (`POST records/unlock`).
        """
        found = copy_data(
            account_id=account_of(request._request).public_id,
            opens_records=unlocking.open_until(session_of(request)) is not None,
            actor=actor_of(request._request),
        )
        return Response(found, headers=_NO_STORE)


class Closing(ResidentView):
    """The end of the account."""

    @extend_schema(
        operation_id="readClosing",
        parameters=[APP_HEADER],
        responses={200: schemas.ClosingAsks},
        tags=["own data"],
    )
    def get(self, request: Request) -> Response:
        """What closing asks for."""
        account = account_of(request._request)
        asks = {
            "needs_certificate": needs_certificate(account.pk),
            "keeps_stopped_card": keeps_stopped_card(account.pk),
        }
        return Response(asks, headers=_NO_STORE)

    @extend_schema(
        operation_id="closeAccount",
        parameters=[APP_HEADER],
        request=schemas.Closing,
        responses={204: None},
        tags=["own data"],
    )
    def post(self, request: Request) -> Response:
        """Close the account: the card is cancelled, holds and consents end, every session is over.

        A card that staff have stopped stays stopped. What is personal is deleted after 30 days.
        """
        data = schemas.Closing(data=request.data)
        data.is_valid(raise_exception=True)
        closing.close_account(
            account_id=account_of(request._request).public_id,
            is_confirmed=data.validated_data["understood"],
            certificate=data.validated_data["certificate"],
            actor=actor_of(request._request),
        )
        return Response(status=204)
