"""The resident API about consent to read records."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from cards.whose import Whose
from foundation.accounts import selectors as accounts
from identity.rules import Deed
from records.api import schemas_access as schemas
from records.api.resident import PERSON
from records.errors import AccessUnknown
from records.models import AccessGrant, AccessRequest
from records.readers import own_person_id, reader_of, reader_of_anchor, reader_of_request
from records.scoping import Choice, chosen
from records.selectors import access as reading
from records.selectors.readings import accesses_of
from records.services.access import grant_access, open_code, refuse_access, revoke_access

_PRIVATE = {"Cache-Control": "no-store"}


class Overview(ResidentView):
    """Consents."""

    @extend_schema(
        operation_id="listAccess",
        parameters=[APP_HEADER, PERSON],
        responses={200: schemas.Overview},
        tags=["records"],
    )
    def get(self, request: Request) -> Response:
        """What waits for an answer, and what was granted, what lives first."""
        whose = reader_of(request._request, request.query_params.get("person_id", ""), Deed.GRANT_ACCESS)
        told = {
            "waiting": [asked_told(one) for one in reading.requests_for(whose.person_pk)],
            "grants": [grant_told(one) for one in reading.grants_of(whose.person_pk)],
        }
        return Response(told, headers=_PRIVATE)


class Accesses(ResidentView):
    """Readings."""

    @extend_schema(
        operation_id="listReadings",
        parameters=[APP_HEADER, PERSON, OpenApiParameter("cursor", str, required=False)],
        responses={200: schemas.Accesses},
        tags=["records"],
    )
    def get(self, request: Request) -> Response:
        """Every reading by name of the reader, institution and time; the latest first."""
        given = request.query_params
        whose = reader_of(request._request, given.get("person_id", ""), Deed.GRANT_ACCESS)
        page = accesses_of(whose.person_pk, cursor=given.get("cursor", ""))
        told = {"accesses": [asdict(row) for row in page.rows], "next_cursor": page.older}
        return Response(told, headers=_PRIVATE)


class Code(ResidentView):
    """A doctor's code."""

    @extend_schema(
        operation_id="openAccessCode",
        parameters=[APP_HEADER],
        request=None,
        responses={200: schemas.AskedAccess},
        tags=["records"],
    )
    def post(self, request: Request, token: str) -> Response:
        """Scan a doctor's code, by the last part of its address; it is this account's from now on."""
        row = open_code(token=token, actor=accounts.actor_of(request._request))
        return Response(asked_told(reading.asked_of(row)), headers=_PRIVATE)


class OneRequest(ResidentView):
    """One request."""

    @extend_schema(
        operation_id="readAccessRequest",
        parameters=[
            APP_HEADER,
            PERSON,
            OpenApiParameter(
                "scoped", str, required=False, description="1 where kinds and sources are given."
            ),
            OpenApiParameter("kinds", str, required=False, many=True),
            OpenApiParameter("sources", str, required=False, many=True),
            OpenApiParameter("reach", str, required=False),
        ],
        responses={200: schemas.Question},
        tags=["records"],
    )
    def get(self, request: Request, request_id: str) -> Response:
        """Who asks and for what, with exactly what a scope would open and leave shut."""
        row, whose = _found(request, request_id, request.query_params.get("person_id", ""))
        items = reading.records_of(whose.person_pk)
        choice = chosen(dict(request.query_params.lists()), asked=row.kinds, items=items)
        shown = reading.preview(items, choice.scope())
        told = asked_told(reading.asked_of(row)) | {
            "opens": [_item(one) for one in shown.opens],
            "stays_shut": [_item(one) for one in shown.stays],
            "seen": shown.digest,
        }
        return Response(told, headers=_PRIVATE)

    @extend_schema(
        operation_id="answerAccessRequest",
        parameters=[APP_HEADER],
        request=schemas.AccessAnswer,
        responses={200: schemas.AskedAccess},
        tags=["records"],
    )
    def post(self, request: Request, request_id: str) -> Response:
        """Agree to exactly the list that `seen` names, or refuse; once."""
        body = schemas.AccessAnswer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        inner = request._request
        row, whose = _found(request, request_id, data["person_id"])
        who: dict[str, Any] = {
            "request_id": request_id,
            "account_pk": accounts.account_of(inner).pk,
            "person_id": whose.person_id or own_person_id(inner),
            "actor": accounts.actor_of(inner),
        }
        if data["agrees"]:
            kinds = [kind for kind in row.kinds if kind in data["kinds"]]
            choice = Choice(kinds, data["sources"], data["reach"], data["duration"])
            grant_access(scope=choice.scope(), duration=choice.duration, seen=data["seen"], **who)
        else:
            refuse_access(**who)
        answered = AccessRequest.objects.select_related("institution", "grant").get(pk=row.pk)
        return Response(asked_told(reading.asked_of(answered)), headers=_PRIVATE)


class OneGrant(ResidentView):
    """One consent."""

    @extend_schema(
        operation_id="readGrant",
        parameters=[APP_HEADER],
        responses={200: schemas.GrantWithReceipt},
        tags=["records"],
    )
    def get(self, request: Request, grant_id: str) -> Response:
        """What was granted, with the signed receipt."""
        row = AccessGrant.objects.select_related("institution").filter(public_id=grant_id).first()
        if row is None or reader_of_anchor(request._request, row.person_id, Deed.GRANT_ACCESS) is None:
            raise AccessUnknown
        told = grant_told(reading.grant_of(row)) | {"receipt": reading.receipt_of(row)}
        return Response(told, headers=_PRIVATE)

    @extend_schema(
        operation_id="revokeGrant",
        parameters=[APP_HEADER],
        request=None,
        responses={204: None},
        tags=["records"],
    )
    def delete(self, request: Request, grant_id: str) -> Response:
        """Take it back, at once."""
        inner = request._request
        revoke_access(
            grant_id=grant_id,
            account_pk=accounts.account_of(inner).pk,
            actor=accounts.actor_of(inner),
        )
        return Response(status=204)


def asked_told(asked: reading.Asked) -> dict[str, Any]:
    """A request, in both APIs."""
    return {
        "request_id": asked.request_id,
        "reader_name": asked.reader_name,
        "place": asked.place,
        "purpose": asked.purpose,
        "kinds": list(asked.kinds),
        "state": asked.state,
        "is_waiting": asked.is_waiting,
        "expires_at": asked.expires_at,
        "grant_id": asked.grant_id,
    }


def grant_told(grant: reading.Grant) -> dict[str, Any]:
    """A consent, in both APIs."""
    return {
        "grant_id": grant.grant_id,
        "reader_name": grant.reader_name,
        "place": grant.place,
        "purpose": grant.purpose,
        "kinds": list(grant.kinds),
        "sources": list(grant.sources),
        "since": grant.since,
        "until": grant.until,
        "granted_at": grant.granted_at,
        "revoked_at": grant.revoked_at,
        "is_live": grant.is_live,
    }


def _item(item: reading.Item) -> dict[str, Any]:
    return {
        "thing": item.thing,
        "id": item.item_id,
        "part": item.part,
        "institution": item.institution,
        "place": item.place,
        "at": item.at,
    }


def _found(request: Request, request_id: str, person_id: str) -> tuple[AccessRequest, Whose]:
    return reader_of_request(request._request, request_id, person_id)
