"""The resident API about what rescuers are to know."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from foundation.accounts import selectors as accounts
from identity.rules import Deed
from records.api import schemas_access as schemas
from records.api.resident import PERSON
from records.readers import own_person_id, reader_of
from records.selectors.emergency import info_of
from records.services.emergency import keep_emergency_info
from records.types import Contact, EmergencyDetails

_PRIVATE = {"Cache-Control": "no-store"}


class EmergencyInfo(ResidentView):
    """What rescuers are to know."""

    @extend_schema(
        operation_id="readEmergencyInfo",
        parameters=[APP_HEADER, PERSON],
        responses={200: schemas.EmergencyInfo},
        tags=["records"],
    )
    def get(self, request: Request) -> Response:
        """What was kept; empty values if nothing was."""
        whose = reader_of(request._request, request.query_params.get("person_id", ""), Deed.GRANT_ACCESS)
        kept = info_of(whose.person_pk)
        told = asdict(kept.details if kept is not None else EmergencyDetails())
        return Response(told | {"contacts": list(told["contacts"])}, headers=_PRIVATE)

    @extend_schema(
        operation_id="keepEmergencyInfo",
        parameters=[APP_HEADER, PERSON],
        request=schemas.EmergencyInfo,
        responses={204: None},
        tags=["records"],
    )
    def put(self, request: Request) -> Response:
        """Keep all of it anew; empty values empty it."""
        body = schemas.EmergencyInfo(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        inner = request._request
        whose = reader_of(inner, request.query_params.get("person_id", ""), Deed.GRANT_ACCESS)
        contacts = [Contact(**one) for one in data.pop("contacts")]
        keep_emergency_info(
            account_pk=accounts.account_of(inner).pk,
            person_id=whose.person_id or own_person_id(inner),
            details=EmergencyDetails(**data, contacts=contacts),
            actor=accounts.actor_of(inner),
        )
        return Response(status=204)
