"""The page that a resident reaches by scanning the code of a terminal (CC-02)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards import pack, scans
from cards.errors import ScanOver
from cards.services import scanning
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def scan(request: HttpRequest, token: str) -> HttpResponse:
    """Who asks, where and for what; agree with a card, or refuse."""
    account, actor = accounts.account_of(request), accounts.actor_of(request)
    if request.method == "POST":
        card_id = request.POST.get("card")
        try:
            if card_id is not None:
                scanning.agree_to_scan(token=token, account_pk=account.pk, card_id=card_id, actor=actor)
            else:
                scanning.refuse_scan(token=token, actor=actor)
        except ScanOver:
            # The other of two clicks may have said the same.
            if not scanning.is_answered_so(token=token, card_id=card_id, actor=actor):
                raise
        return redirect("open-scan", token)
    question = scans.question_of(scanning.open_scan(token=token, actor=actor))
    return render(request, "cards/open/scan.html", {"question": question, "cards": pack.cards_of(account.pk)})
