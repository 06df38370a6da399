"""The resident API about consent."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from foundation.accounts.api_auth import ResidentSession
from foundation.accounts.selectors import account_of, actor_of
from foundation.gateway.drf import StrictJSONParser
from identity import selectors, services
from identity.api import schemas

CHANNEL = "mini_program"


class Consents(APIView):
    """Consent of the account that is signed in."""

    authentication_classes = [ResidentSession]
    parser_classes = [StrictJSONParser]

    @extend_schema(operation_id="readConsents", responses={200: schemas.ConsentState}, tags=["consent"])
    def get(self, request: Request) -> Response:
        """The notice in force, what is still to be agreed to, and what was agreed to and taken back."""
        return Response(_state(request))

    @extend_schema(
        operation_id="giveConsent",
        request=schemas.ConsentGiven,
        responses={200: schemas.ConsentState},
        tags=["consent"],
    )
    def post(self, request: Request) -> Response:
        """Agree to the version that was shown; 409 ``notice_outdated`` if there is a newer one."""
        data = _valid(schemas.ConsentGiven, request)
        services.record_consent(
            account_pk=account_of(request._request).pk,
            kinds=data["kinds"],
            version=data["version"],
            channel=CHANNEL,
            actor=actor_of(request._request),
        )
        return Response(_state(request))


class ConsentWithdrawals(APIView):
    """Consent taken back."""

    authentication_classes = [ResidentSession]
    parser_classes = [StrictJSONParser]

    @extend_schema(
        operation_id="withdrawConsent",
        request=schemas.ConsentWithdrawal,
        responses={200: schemas.ConsentState},
        tags=["consent"],
    )
    def post(self, request: Request) -> Response:
        """Take a consent back; nothing that needs it happens from now on."""
        data = _valid(schemas.ConsentWithdrawal, request)
        services.withdraw_consent(
            account_pk=account_of(request._request).pk, kind=data["kind"], actor=actor_of(request._request)
        )
        return Response(_state(request))


def _state(request: Request) -> dict[str, Any]:
    notice = selectors.notice_in_force()
    account = account_of(request._request)
    return {
        "version": notice.version,
        "text": notice.text,
        "needed": [kind.value for kind in selectors.needed_consents(account.pk)],
        "given": [asdict(consent) for consent in selectors.consents_of(account.pk)],
    }


def _valid(schema: type[Serializer[None]], request: Request) -> dict[str, Any]:
    serializer = schema(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
