"""Pages about one's own data."""

from urllib.parse import urlencode

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cards.family import dependant_for
from foundation.accounts import services as accounts
from foundation.accounts.access import resident_required
from foundation.accounts.selectors import account_of, actor_of, is_closed
from foundation.accounts.views import show
from foundation.core import clock
from foundation.core.errors import DomainError, NotFound
from identity import selectors as identity
from identity import services as identity_services
from identity.rules import Deed
from identity.types import ConsentKind
from privacy.forms import ClosingForm
from privacy.looks import looks_for
from privacy.selectors import LEVEL_TOO_LOW, keeps_stopped_card, left_out, needs_certificate
from privacy.services import closing
from privacy.services.copy import copy_data
from records import unlocking

_KINDS = {
    ConsentKind.PRIVACY_NOTICE: _("隐私政策"),
    ConsentKind.SENSITIVE_DATA: _("处理敏感个人信息"),
}


@never_cache
@require_GET
@resident_required
def data(request: HttpRequest) -> HttpResponse:
    """What one can do about one's own data."""
    return render(request, "privacy/data.html")


@never_cache
@require_GET
@resident_required
def looks(request: HttpRequest, person_id: str = "") -> HttpResponse:
    """Who looked at one's own data, or at a dependant's, by name, time and purpose."""
    account = account_of(request)
    relative = dependant_for(account.pk, person_id, Deed.READ_CARD_HISTORY) if person_id else None
    page = looks_for(account.pk, person_id=person_id, before=request.GET.get("before", ""))
    context = {
        "looks": page.looks,
        "older": urlencode({"before": page.older}) if page.older else "",
        "is_whole": page.is_whole,
        "relative": relative,
        "is_since": relative is not None and relative.is_by_consent,
    }
    return render(request, "privacy/looks.html", context)


@never_cache
@require_GET
@resident_required
def copy(request: HttpRequest) -> HttpResponse:
    """What a copy holds, before it is made."""
    reasons = [left_out(acting) for acting in identity.persons_of(account_of(request).pk)]
    is_open = unlocking.open_until(request.session) is not None
    context = {"is_whole": LEVEL_TOO_LOW not in reasons, "asks_proof": "" in reasons and not is_open}
    return render(request, "privacy/copy.html", context)


@never_cache
@require_POST
@resident_required
def copy_file(request: HttpRequest) -> HttpResponse:
    """The copy, as a file."""
    account = account_of(request)
    copied = copy_data(
        account_id=account.public_id,
        opens_records=unlocking.open_until(request.session) is not None,
        actor=actor_of(request),
    )
    content = orjson.dumps(copied, option=orjson.OPT_INDENT_2)
    today = f"{clock.beijing(clock.now()):%Y%m%d}"
    return HttpResponse(
        content,
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="health-card-{today}.json"'},
    )


@never_cache
@require_GET
@resident_required
def consents(request: HttpRequest) -> HttpResponse:
    """What one agreed to, and when."""
    account = account_of(request)
    given = identity.consents_of(account.pk)
    rows = [(consent, _KINDS[ConsentKind(consent.kind)]) for consent in given]
    return render(request, "privacy/consents.html", {"consents": rows})


@require_POST
@resident_required
def withdraw(request: HttpRequest, kind: str) -> HttpResponse:
    """Take a consent back."""
    account_pk, named = account_of(request).pk, kind.replace("-", "_")
    try:
        identity_services.withdraw_consent(account_pk=account_pk, kind=named, actor=actor_of(request))
    except NotFound:
        # The other of two clicks may have taken it back.
        if not any(given.kind == named for given in identity.consents_of(account_pk)):
            raise
    return redirect("consents")


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def close(request: HttpRequest) -> HttpResponse:
    """Close the account, after saying what that means."""
    account = account_of(request)
    is_kept = keeps_stopped_card(account.pk)
    form = ClosingForm(
        request.POST if request.method == "POST" else None,
        asks_certificate=needs_certificate(account.pk),
        ends_card=not is_kept,
    )
    if form.is_valid():
        try:
            closing.close_account(
                account_id=account.public_id,
                is_confirmed=form.cleaned_data["understood"],
                certificate=form.cleaned_data.get("certificate", ""),
                actor=actor_of(request),
            )
        except DomainError as exc:
            show(form, exc)
        # By this click, or by the other of two.
        if form.is_valid() or is_closed(account.public_id):
            accounts.sign_out(request)
            return render(request, "privacy/closed.html", {"is_kept": is_kept})
    return render(request, "privacy/close.html", {"form": form, "is_kept": is_kept})
