"""The resident API about the systems that one signs in to with the health card."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from foundation.accounts.selectors import account_of, actor_of
from interop.oidc import selectors, services
from interop.oidc.rules import OPENID, shown

_NO_STORE = {"Cache-Control": "no-store"}


class Login(serializers.Serializer[Any]):
    """A system that the resident has signed in to."""

    id = serializers.CharField()
    system = serializers.CharField()
    institution = serializers.CharField()
    tells = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the system may read, in the caller's language; empty if nothing personal.",
    )
    given_at = serializers.DateTimeField()
    used_at = serializers.DateTimeField()


class LoginList(serializers.Serializer[Any]):
    """The systems, the last used first."""

    logins = Login(many=True)


class Logins(ResidentView):
    """Sign-ins elsewhere."""

    @extend_schema(
        operation_id="listLogins", parameters=[APP_HEADER], responses={200: LoginList}, tags=["own data"]
    )
    def get(self, request: Request) -> Response:
        """Where the resident has signed in with the card, and what each may read."""
        rows = [
            {
                "id": consent.public_id,
                "system": consent.party.name,
                "institution": consent.party.institution.name,
                "tells": [str(label) for label in shown([name for name in consent.scopes if name != OPENID])],
                "given_at": consent.given_at,
                "used_at": consent.used_at,
            }
            for consent in selectors.logins_of(account_of(request._request).pk)
        ]
        return Response({"logins": rows}, headers=_NO_STORE)


class OneLogin(ResidentView):
    """One of them."""

    @extend_schema(
        operation_id="withdrawLogin", parameters=[APP_HEADER], responses={204: None}, tags=["own data"]
    )
    def delete(self, request: Request, consent_id: str) -> Response:
        """Take back what was agreed to; the system reads nothing any more and asks at the next sign-in."""
        services.withdraw_login(
            account_pk=account_of(request._request).pk,
            consent_id=consent_id,
            actor=actor_of(request._request),
        )
        return Response(status=204)
