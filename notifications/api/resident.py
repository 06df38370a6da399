"""The resident API about messages and live notices."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from foundation.accounts import selectors as accounts
from foundation.accounts import sessions
from foundation.accounts.api.resident import ResidentView
from foundation.accounts.api_auth import session_of
from foundation.core.pagination import newest_first
from notifications import selectors, services
from notifications.api import schemas
from notifications.live import tickets
from notifications.live.recent import changes_since


class Messages(ResidentView):
    """The inbox."""

    @extend_schema(
        operation_id="listMessages",
        parameters=[
            OpenApiParameter("cursor", str, description="`next_cursor` of the page before."),
            OpenApiParameter("person_id", str, description="Only what is about this person."),
            OpenApiParameter("institution", str, description="Only what is about this hospital."),
        ],
        responses={200: schemas.MessagePage},
        tags=["messages"],
    )
    def get(self, request: Request) -> Response:
        """The messages, the newest first."""
        account = accounts.account_of(request._request)
        asked = {name: str(request.query_params.get(name, "")) for name in ("person_id", "institution")}
        page = newest_first(
            selectors.inbox(account.public_id, **asked), cursor=str(request.query_params.get("cursor", ""))
        )
        return Response(
            {
                "messages": [_told(shown) for shown in selectors.shown_many(page.rows)],
                "next_cursor": page.next_cursor,
                "unread": selectors.unread_count(account.pk),
                "persons": [asdict(choice) for choice in selectors.person_choices(account.pk)],
                "institutions": [asdict(choice) for choice in selectors.institution_choices(account.pk)],
            }
        )


class MessagesRead(ResidentView):
    """All messages."""

    @extend_schema(operation_id="readAllMessages", request=None, responses={204: None}, tags=["messages"])
    def post(self, request: Request) -> Response:
        """Mark everything as read."""
        services.mark_all_read(account_id=accounts.account_of(request._request).public_id)
        return Response(status=204)


class MessageRead(ResidentView):
    """One message."""

    @extend_schema(
        operation_id="readMessage", request=None, responses={200: schemas.Message}, tags=["messages"]
    )
    def post(self, request: Request, message_id: str) -> Response:
        """Open a message, which is read by that."""
        account = accounts.account_of(request._request)
        opened = services.mark_read(account_id=account.public_id, message_id=message_id)
        return Response(_told(selectors.shown(opened)))


class LiveChanges(ResidentView):
    """What changed lately."""

    @extend_schema(
        operation_id="listLiveChanges",
        parameters=[
            OpenApiParameter(
                "since", str, description="`cursor` of the answer before; without it the cursor alone."
            )
        ],
        responses={200: schemas.LiveChanges},
        tags=["live"],
    )
    def get(self, request: Request) -> Response:
        """What changed since a cursor, while the socket is down; ask every few seconds."""
        account = accounts.account_of(request._request)
        since = str(request.query_params.get("since", ""))
        return Response(changes_since(account.public_id, since), headers={"Cache-Control": "no-store"})


class LiveTicket(ResidentView):
    """The way to the socket."""

    @extend_schema(
        operation_id="createLiveTicket", request=None, responses={201: schemas.LiveTicket}, tags=["live"]
    )
    def post(self, request: Request) -> Response:
        """A ticket for one connection to the live notices."""
        account = accounts.account_of(request._request)
        ticket = tickets.issue(account_id=account.public_id, session=sessions.digest(session_of(request)))
        return Response({"ticket": ticket, "url": settings.WS_URL}, status=201)


def _told(shown: selectors.Shown) -> dict[str, Any]:
    facts = [{"label": label, "value": value} for label, value in shown.facts]
    return {**asdict(shown), "facts": facts}
