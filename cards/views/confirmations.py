"""What institutions ask residents to confirm, and the answer."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.confirmations import confirmations_of, shown_to_holder
from cards.errors import ConfirmationOver
from cards.services.confirmations import LONGEST_REASON, answer_confirmation
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required


@never_cache
@require_GET
@resident_required
def confirmations(request: HttpRequest) -> HttpResponse:
    """Everything that one was asked, the latest first."""
    page = confirmations_of(account_pk=accounts.account_of(request).pk, before=request.GET.get("before", ""))
    return render(request, "cards/confirmations.html", {"rows": page.rows, "older": page.older})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def confirmation(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who asks and for what; agree, or refuse with or without a reason."""
    account = accounts.account_of(request)
    if request.method == "POST":
        agrees = request.POST.get("answer") == "agree"
        reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
        try:
            answer_confirmation(
                public_id=public_id,
                account_pk=account.pk,
                agrees=agrees,
                reason=reason,
                actor=accounts.actor_of(request),
            )
        except ConfirmationOver:
            # The other of two clicks may have said the same.
            known = shown_to_holder(account_pk=account.pk, public_id=public_id)
            if (known.state, known.reason) != (("agreed" if agrees else "refused"), reason):
                raise
        return redirect("confirmation", public_id)
    shown = shown_to_holder(account_pk=account.pk, public_id=public_id)
    return render(request, "cards/confirmation.html", {"asked": shown, "longest": LONGEST_REASON})
