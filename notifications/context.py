"""The number on the tab bar."""

from collections.abc import Callable

from django.http import HttpRequest

from foundation.accounts import selectors as accounts
from notifications import selectors


def inbox(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """Context processor: ``unread_messages``, counted only where a template asks for it."""

    def unread_messages() -> int:
        account = accounts.resident_of(request)
        return selectors.unread_count(account.pk) if account is not None else 0

    return {"unread_messages": unread_messages}
