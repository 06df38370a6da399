"""The consent page."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from foundation.accounts.access import resident_required, safe_next
from foundation.accounts.selectors import account_of, actor_of
from identity import selectors, services
from identity.errors import NoticeOutdated
from identity.forms import ConsentForm
from identity.types import Notice

CHANNEL = "h5"


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def consent(request: HttpRequest) -> HttpResponse:
    """Show the notice in force with its two boxes, and keep what is agreed to."""
    notice = selectors.notice_in_force()
    form = ConsentForm(request.POST or None, initial={"version": notice.version})
    if form.is_valid():
        try:
            services.record_consent(
                account_pk=account_of(request).pk,
                kinds=form.kinds(),
                version=form.cleaned_data["version"],
                channel=CHANNEL,
                actor=actor_of(request),
            )
        except NoticeOutdated as exc:
            # The new text is on the page now; it is to be read before it is agreed to.
            form = ConsentForm(initial={"version": notice.version})
            return _page(request, form, notice, problem=f"{exc.text()}。{exc.advice()}")
        return HttpResponseRedirect(safe_next(request))
    return _page(request, form, notice)


def _page(request: HttpRequest, form: ConsentForm, notice: Notice, problem: str = "") -> HttpResponse:
    return render(
        request,
        "identity/consent.html",
        {"form": form, "notice": notice, "problem": problem, "next": safe_next(request)},
        status=409 if problem else 200,
    )
