"""The sign-in of terminals; calls signed by the client that the terminal is bound to."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from foundation.core.errors import InvalidInput
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope, SignedClient, StrictJSONParser
from foundation.gateway.errors import MissingSignature
from foundation.gateway.scopes import CODE_VERIFY
from institutions.api import schemas
from institutions.services import terminals

_REFUSED = OpenApiResponse(description="A problem document: the terminal is not let in.")
_TOKEN = OpenApiParameter(
    "EHC-Terminal-Token",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="The token that the terminal got at its sign-in.",
)


class _TerminalView(APIView):
    authentication_classes = [SignedClient]
    permission_classes = [RequireScope(CODE_VERIFY)]
    parser_classes = [StrictJSONParser]


class SignIn(_TerminalView):
    """The sign-in."""

    @extend_schema(
        operation_id="signInTerminal",
        request=schemas.TerminalSignInRequest,
        responses={200: schemas.TerminalSignedIn, 403: _REFUSED, 429: _REFUSED},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Take an activation code, typed in at the terminal, for the terminal's token."""
        data = _valid(schemas.TerminalSignInRequest, request)
        session = terminals.sign_in_terminal(
            terminal_id=data["terminal_id"],
            code=data["activation_code"],
            actor=actor_of_caller(_caller(request)),
        )
        return Response(
            {"terminal_token": session.token, "valid_until": session.until},
            headers={"Cache-Control": "no-store"},
        )


class Heartbeat(_TerminalView):
    """The sign of life."""

    @extend_schema(
        operation_id="reportTerminalAlive",
        parameters=[_TOKEN],
        request=schemas.TerminalHeartbeatRequest,
        responses={200: schemas.TerminalAlive, 403: _REFUSED},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Say that the terminal is there; once a minute is enough.

        A terminal that was switched off is refused.
        """
        data = _valid(schemas.TerminalHeartbeatRequest, request)
        session = terminals.note_heartbeat(
            terminal_id=data["terminal_id"],
            token=str(request.META.get("HTTP_EHC_TERMINAL_TOKEN", "")),
            actor=actor_of_caller(_caller(request)),
        )
        return Response({"valid_until": session.until}, headers={"Cache-Control": "no-store"})


def _caller(request: Request) -> Caller:
    if not isinstance(request.auth, Caller):
        raise MissingSignature
    return request.auth


def _valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    if not given.is_valid():
        raise InvalidInput(field=next(iter(given.errors)))
    return dict(given.validated_data)
