"""Who calls the resident API: a mini-program with its token, or a page with its cookie."""

from typing import Any

from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from django.contrib.sessions.backends.base import SessionBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from foundation.accounts.errors import ResidentsOnly, SecondProofNeeded
from foundation.accounts.models import Account
from foundation.accounts.sessions import NEEDS_PROOF
from foundation.gateway.errors import AuthenticationRequired

TOKEN_HEADER = "X-Session-Token"


class ResidentSession(SessionAuthentication):
    """Authenticates residents; ``request.auth`` is their session.

    A token stands for itself. A cookie is sent by the browser whoever asks it to, so it needs
    the CSRF token beside it. A view that serves sessions still waiting for the second proof
    says so with ``before_second_proof``.
    """

    def authenticate(self, request: Request) -> tuple[Account, SessionBase] | None:
        """The resident and the session, or nothing where nobody is signed in.

        Raises:
            AuthenticationRequired: If the token is of no session, or of one that has ended.
            ResidentsOnly: If a member of staff is signed in.
            SecondProofNeeded: If the session waits for the second proof.
        """
        found = self._by_token(request) or self._by_cookie(request)
        if found is None:
            return None
        account, session = found
        if account.is_staff:
            raise ResidentsOnly
        view = (request.parser_context or {}).get("view")
        if session.get(NEEDS_PROOF) and not getattr(view, "before_second_proof", False):
            raise SecondProofNeeded
        return account, session

    def _by_token(self, request: Request) -> tuple[Account, SessionBase] | None:
        token = request.headers.get(TOKEN_HEADER)
        if not token:
            return None
        found = authenticate_by_x_session_token(token)
        if found is None:
            raise AuthenticationRequired
        account, session = found
        return account, session

    def _by_cookie(self, request: Request) -> tuple[Account, SessionBase] | None:
        # Sessions of the framework's own request; DRF would ask this class again.
        account = getattr(request._request, "user", None)
        if not isinstance(account, Account):
            return None
        self.enforce_csrf(request)
        return account, request._request.session

    def authenticate_header(self, request: Request) -> str:
        """The scheme that a 401 names."""
        return "Session"


def session_of(request: Request) -> SessionBase:
    """The session of a request that ``ResidentSession`` has let in.

    Raises:
        AuthenticationRequired: If it has not.
    """
    if not isinstance(request.auth, SessionBase):
        raise AuthenticationRequired
    return request.auth


class ResidentSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the published schema describes the two ways in."""

    target_class = "foundation.accounts.api_auth.ResidentSession"
    name = ["residentToken", "residentCookie"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """A header for applications, the session cookie (with ``X-CSRFToken``) for pages."""
        return [
            {"type": "apiKey", "in": "header", "name": TOKEN_HEADER},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]
