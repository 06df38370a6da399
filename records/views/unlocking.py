"""The strong check before contents of one's own records open."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from foundation.accounts import phone_codes
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required, safe_next
from foundation.accounts.forms import CodeForm
from foundation.accounts.views import show
from foundation.core.errors import DomainError, TooManyRequests
from records import unlocking


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def unlock(request: HttpRequest) -> HttpResponse:
    """Say why a code is asked for, and send it."""
    target = safe_next(request, reverse("records"))
    if request.method == "POST":
        try:
            unlocking.send_code(request)
        except TooManyRequests as exc:
            # One was sent a moment ago: go on with that.
            if exc.retry_after > phone_codes.RESEND_SECONDS:
                raise
        return redirect(reverse("records-unlock-code") + "?" + urlencode({"next": target}))
    phone = accounts.masked_phone(accounts.account_of(request))
    return render(request, "records/unlock.html", {"next": target, "phone": phone})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def unlock_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code."""
    target = safe_next(request, reverse("records"))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            unlocking.unlock(request, session=request.session, code=form.cleaned_data["code"])
        except DomainError as exc:
            show(form, exc)
        else:
            return redirect(target)
    context = {
        "form": form,
        "next": target,
        "phone": accounts.masked_phone(accounts.account_of(request)),
        "wait_seconds": phone_codes.RESEND_SECONDS,
    }
    return render(request, "records/unlock_code.html", context)


@require_POST
@resident_required
def lock(request: HttpRequest) -> HttpResponse:
    """Shut the contents again."""
    unlocking.lock(request.session)
    return redirect("records")
