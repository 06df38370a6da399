"""The devices from which an account is used.

A device is a random word that it keeps (in a cookie, or in the application's storage); here
stands only its digest. It is no credential: it says "seen before", and nothing more.
"""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from foundation.accounts.models import Account, KnownDevice
from foundation.core import clock

COOKIE = "device"
_COOKIE_AGE = 400 * 24 * 3600  # the longest that browsers keep
_LONGEST = 100


def token_of(request: HttpRequest) -> str:
    """The device word of a browser; empty the first time."""
    return request.COOKIES.get(COOKIE, "")[:_LONGEST]


def new_token() -> str:
    """A word for a device that has none."""
    return secrets.token_urlsafe(32)


def keep(response: HttpResponseBase, token: str) -> None:
    """Have the browser keep its word."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=_COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def is_known(account: Account, token: str) -> bool:
    """Whether the account was used from this device before."""
    return bool(token) and account.known_devices.filter(digest=_digest(token)).exists()


def remember(account: Account, token: str) -> None:
    """Note that the account is used from this device."""
    moment = clock.now()
    KnownDevice.objects.update_or_create(
        account=account,
        digest=_digest(token),
        defaults={"last_seen_at": moment},
        create_defaults={"first_seen_at": moment, "last_seen_at": moment},
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
