"""The pages with the messages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.pagination import newest_first
from notifications import selectors, services
from notifications.forms import NarrowForm


@never_cache
@require_GET
@resident_required
def messages(request: HttpRequest) -> HttpResponse:
    """The messages, the newest first; of one person or hospital, where they are chosen."""
    account = accounts.account_of(request)
    form = NarrowForm(
        {name: request.GET.get(name, "") for name in ("person", "hospital")},
        persons=selectors.person_choices(account.pk),
        hospitals=selectors.institution_choices(account.pk),
    )
    # What is no choice narrows nothing.
    chosen = form.cleaned_data if form.is_valid() else {}
    rows = selectors.inbox(
        account.public_id, person_id=chosen.get("person", ""), institution=chosen.get("hospital", "")
    )
    page = newest_first(rows, cursor=request.GET.get("after", ""))
    query = request.GET.copy()
    query["after"] = page.next_cursor
    context = {
        "form": form,
        "shown": selectors.shown_many(page.rows),
        "is_narrowed": any(chosen.values()),
        "next_cursor": page.next_cursor,
        "older": f"?{query.urlencode()}",
    }
    return render(request, "notifications/messages.html", context)


@never_cache
@require_GET
@resident_required
def message(request: HttpRequest, message_id: str) -> HttpResponse:
    """One message, which is read by that."""
    account = accounts.account_of(request)
    opened = services.mark_read(account_id=account.public_id, message_id=message_id)
    return render(request, "notifications/message.html", {"shown": selectors.shown(opened)})


@require_POST
@resident_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    services.mark_all_read(account_id=accounts.account_of(request).public_id)
    return redirect("messages")
