"""The home page: what is next, then the card, then services."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from cards import selectors as cards
from foundation.accounts import selectors as accounts
from portal import upcoming


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """For a resident the card or the way to it; for anybody else what this is."""
    account = accounts.resident_of(request)
    if account is None:
        return render(request, "portal/welcome.html")
    shown = cards.own_card(account.pk)
    context = {
        "shown": shown,
        # Where there is a card the page says nothing of how it came.
        "application": cards.latest_application(account.pk) if shown is None else None,
        "upcoming": upcoming.next_of(account_pk=account.pk, account_id=account.public_id),
    }
    return render(request, "portal/home.html", context)
