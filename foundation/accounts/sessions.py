"""Sessions: begun by allauth, named by digests, told to the sockets when they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from allauth.account.utils import perform_login
from allauth.headless import app_settings as headless
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

import gmcrypto
from foundation.accounts.models import Account
from foundation.events import live

BACKEND = "foundation.accounts.backends.StaffPasswordBackend"
SESSION_ENDED = "session.ended"
NEEDS_PROOF = "needs_second_proof"


def digest(session: SessionBase) -> str:
    """What names a session outside of it; the key itself would let its reader take it over."""
    return key_digest(session.session_key or "")


def key_digest(session_key: str) -> str:
    """The digest of a session by its key; empty for no session."""
    return gmcrypto.sm3(session_key.encode()).hex()[:32] if session_key else ""


def begin(request: HttpRequest, account: Account) -> None:
    """Sign the account in to the request's session, by allauth, under a new session key."""
    account.backend = BACKEND
    perform_login(request, account, email_verification="none", redirect_url="/")


@contextmanager
def app_session(request: HttpRequest) -> Iterator[None]:
    """A session of its own for an application that keeps a token and no cookie.

    Inside, ``request.session`` is new and empty; afterwards the request has its old session
    and user again, so that no cookie of either leaves with the answer.
    """
    old_session, old_user = request.session, request.user
    request.session = _new_session()
    request.user = AnonymousUser()
    try:
        yield
        request.session.save()
    finally:
        request.session, request.user = old_session, old_user
        # Signing in changes the CSRF secret; the page that shares this browser keeps its own.
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False


@contextmanager
def resumed(request: HttpRequest, session: SessionBase, account: Account) -> Iterator[None]:
    """Work in a session that was found by its token, as if it had come by a cookie."""
    old_session, old_user = request.session, request.user
    request.session, request.user = session, account
    try:
        yield
    finally:
        if session is not old_session:
            if session.modified and not session.is_empty():
                session.save()
            request.session, request.user = old_session, old_user


def token(request: HttpRequest) -> str:
    """The token by which an application comes back to the request's session."""
    return str(headless.TOKEN_STRATEGY.create_session_token(request))


def lookup(session_token: str) -> SessionBase | None:
    """The session that a token names, while it lasts."""
    found: SessionBase | None = headless.TOKEN_STRATEGY.lookup_session(session_token)
    return found


def end(account: Account, session_key: str) -> None:
    """End one session and close the sockets that were opened from it."""
    for session in UserSession.objects.filter(user_id=account.pk, session_key=session_key):
        session.end()
    tell_ended(account, session_key)


def end_all(account: Account, *, but: str = "") -> int:
    """End the account's sessions, except one; returns how many were ended."""
    others = UserSession.objects.filter(user_id=account.pk).exclude(session_key=but)
    keys = list(others.values_list("session_key", flat=True))
    for key in keys:
        end(account, key)
    return len(keys)


def tell_ended(account: Account, session_key: str = "") -> None:
    """Have the sockets of one session closed, or of all sessions of the account."""
    live.notify(account.public_id, SESSION_ENDED, {"session": key_digest(session_key)})


def _new_session() -> SessionBase:
    session: SessionBase = import_module(settings.SESSION_ENGINE).SessionStore()
    return session
