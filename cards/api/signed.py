"""What the views of the native institution API share."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.views import APIView

from cards.api import schemas_institution as schemas
from foundation.gateway.caller import Caller
from foundation.gateway.drf import SignedClient, StrictJSONParser
from foundation.gateway.errors import MissingSignature

KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="16 to 64 characters, the same at every repetition of one operation.",
)
TERMINAL_HEADER = OpenApiParameter(
    "EHC-Terminal-Token",
    str,
    OpenApiParameter.HEADER,
    required=False,
    description="The token that the terminal got at its sign-in; needed where it signs in.",
)
PROBLEMS = {400: schemas.Problem, 401: schemas.Problem, 403: schemas.Problem, 429: schemas.Problem}


class SignedView(APIView):
    """Base of the institution API: a signed call, strict JSON."""

    authentication_classes = [SignedClient]
    parser_classes = [StrictJSONParser]


def caller_of(request: Request) -> Caller:
    """Who signed the call.

    Raises:
        MissingSignature: If nobody did.
    """
    if not isinstance(request.auth, Caller):
        raise MissingSignature
    return request.auth


def terminal_token(request: Request) -> str:
    """The proof of the terminal's own sign-in; empty without one."""
    return str(request.META.get("HTTP_EHC_TERMINAL_TOKEN", ""))


def valid(schema: Any, request: Request) -> dict[str, Any]:
    """The body as the schema reads it; problems become one problem document."""
    data = schema(data=request.data)
    data.is_valid(raise_exception=True)
    validated: dict[str, Any] = data.validated_data
    return validated
