"""The door for REST framework views."""

from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from foundation.gateway import authenticate, bodies
from foundation.gateway.caller import Caller
from foundation.gateway.errors import AuthenticationRequired, MissingSignature, ScopeMissing
from foundation.gateway.scopes import SCOPES

if TYPE_CHECKING:
    # REST framework reads its defaults, this module among them, while it defines its views.
    from rest_framework.views import APIView


class SignedClient(BaseAuthentication):
    """Authenticates signed calls; ``request.auth`` and ``request.caller`` are the ``Caller``.

    A view that takes larger bodies says so with ``max_body_bytes``. A call without any
    signature is left to the other authentications of the view.
    """

    def authenticate(self, request: Request) -> tuple[Caller, Caller] | None:
        """Check the signature; errors as ``authenticate.authenticate``."""
        django_request: HttpRequest = request._request
        if not any(name.startswith("HTTP_EHC_") for name in django_request.META):
            return None
        view = (request.parser_context or {}).get("view")
        limit: int = getattr(view, "max_body_bytes", bodies.MAX_BODY_BYTES)
        body = bodies.read(django_request, max_bytes=limit)
        caller = authenticate.caller_of(django_request, body)
        request.caller = caller  # type: ignore[attr-defined]
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        """The scheme that a 401 names."""
        return authenticate.SCHEME


class Authenticated(BasePermission):
    """The default permission: somebody is there, a caller or a signed-in account."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let in whoever was authenticated.

        Raises:
            MissingSignature: Where a signature would have been the way in.
            AuthenticationRequired: Where a session would have been.
        """
        if isinstance(request.auth, Caller):
            return True
        if request.user is not None and request.user.is_authenticated:
            return True
        if any(isinstance(one, SignedClient) for one in request.authenticators or ()):
            raise MissingSignature
        raise AuthenticationRequired


class _HoldsScope(BasePermission):
    """A signed caller that holds the scope of the class."""

    scope = ""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Let in callers that hold the scope.

        Raises:
            MissingSignature: There is no signed caller.
            ScopeMissing: The caller does not hold the scope.
        """
        if not isinstance(request.auth, Caller):
            raise MissingSignature
        if self.scope not in request.auth.scopes:
            raise ScopeMissing(scope=self.scope)
        return True


def RequireScope(scope: str) -> type[BasePermission]:
    """The permission class for one scope: ``permission_classes = [RequireScope("code:verify")]``.

    Raises:
        KeyError: If there is no such scope.
    """
    return type(
        f"Requires_{scope.replace(':', '_')}", (_HoldsScope,), {"scope": scope, "table": SCOPES[scope]}
    )


class StrictJSONParser(BaseParser):
    """Parses bodies by the rules of ``bodies.read_object``."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One JSON object."""
        return bodies.read_object(stream.read())
