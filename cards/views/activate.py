"""The pages on which holders of a physical card make it an electronic one.

They say the same whether or not the register knows the card.
"""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards import selectors
from cards.activation_forms import ClaimForm, CodeForm, claim_pages, refuse
from cards.errors import ActivationOver, ChannelStopped
from cards.one_by_one import OneByOne
from cards.services import activation
from cards.states import Channel
from cards.views.apply import stopped
from cards.views.one_by_one import ask
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError
from identity import selectors as identity


@resident_required
@never_cache
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """What is needed, and what happens."""
    return _refused(request) or render(request, "cards/activate/start.html")


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, word: str) -> HttpResponse:
    """Name the card and its holder, one question a page."""
    refused = _refused(request)
    if refused is not None:
        return refused

    def begin(form: ClaimForm) -> HttpResponse:
        public_id = activation.begin(
            account_pk=accounts.account_of(request).pk, actor=accounts.actor_of(request), **form.cleaned_data
        )
        return redirect("activate-code", public_id)

    asked = OneByOne(request, name="activate", form_class=ClaimForm, pages=claim_pages)
    return ask(request, asked, word, hand_in=begin)


def _refused(request: HttpRequest) -> HttpResponse | None:
    try:
        selectors.require_open_channel(Channel.PHYSICAL)
    except ChannelStopped:
        return stopped(request, Channel.PHYSICAL)
    if not identity.has_consented(accounts.account_of(request).pk):
        return redirect(f"{reverse('consent')}?{urlencode({'next': reverse('activate')})}")
    return None


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give the code of the message, if one came."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            activation.confirm(
                account_pk=accounts.account_of(request).pk,
                public_id=public_id,
                code=form.cleaned_data["code"],
                ip=str(get_adapter().get_client_ip(request)),
                actor=accounts.actor_of(request),
            )
        except DomainError as exc:
            # The other of two clicks may have done it with the one code that there was.
            if activation.is_done(account_pk=accounts.account_of(request).pk, public_id=public_id):
                return redirect("activate-done")
            if isinstance(exc, ActivationOver):
                raise
            refuse(form, exc)
        else:
            return redirect("activate-done")
    return render(request, "cards/activate/code.html", {"form": form}, status=422 if form.errors else 200)


@resident_required
@never_cache
@require_GET
def done(request: HttpRequest) -> HttpResponse:
    """The card is there; what happens next."""
    shown = selectors.own_card(accounts.account_of(request).pk)
    if shown is None:
        return redirect("activate")
    return render(request, "cards/activate/done.html", {"shown": shown})
