"""What institutions may see of the holder, category by category."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards import selectors
from cards.rules.face import Category
from cards.services.visibility import set_visibility
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from identity.rules import Deed


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def visibility(request: HttpRequest) -> HttpResponse:
    """Show the categories with their switches, or turn one."""
    shown = selectors.require_own_card(accounts.account_of(request).pk, Deed.CHOOSE_VISIBILITY)
    if request.method == "POST":
        hides, category = request.POST.get("hide", ""), request.POST.get("show", "")
        set_visibility(
            card_pk=shown.card.pk,
            category=hides or category,
            is_visible=not hides,
            actor=accounts.actor_of(request),
        )
        return redirect("card-visibility")
    rows = [(category, category.value not in shown.card.hidden) for category in Category]
    return render(request, "cards/visibility.html", {"rows": rows})
