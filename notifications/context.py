"""What every page knows of the reader's messages: how many wait, and since when it has been read."""

from collections.abc import Callable

from django.http import HttpRequest

from foundation.accounts import selectors as accounts
from foundation.gateway import trace
from notifications import selectors


def inbox(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """Context processor: ``unread_messages``, counted only where a template asks for it."""

    def unread_messages() -> int:
        account = accounts.resident_of(request)
        return selectors.unread_count(account.pk) if account is not None else 0

    return {"unread_messages": unread_messages}


def live(request: HttpRequest) -> dict[str, str]:
    """Context processor: ``live_since``, from when on the page has to be told what happens.

    Milliseconds since 1970, of the moment when the request came: what the page shows was read later.
    """
    return {"live_since": str(int(trace.begun().timestamp() * 1000))}
