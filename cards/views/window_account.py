"""At the window: the account of the person who stands there is made sure, at the highest level."""

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards.models import Card
from cards.services import window
from cards.views.window import shown_card
from cards.window_forms import AccountForm
from foundation.core.errors import DomainError
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty


@duty_required(Duty.WORK_AT_WINDOW)
@never_cache
@require_http_methods(["GET", "POST"])
def account(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a code to the phone that the person signs in with, and take what they read out."""
    card = shown_card(request, public_id)
    form = AccountForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        form.focus()
        return _page(request, form, card, sent=False)
    confirms = request.POST.get("do") == "confirm"
    try:
        if form.is_valid():
            if not confirms:
                _send(request, form, card)
            elif _confirm(request, form, card):
                messages.success(request, _("已确认本人，居民现在可以在手机上使用健康卡"))
                return redirect("window-card", public_id)
            else:
                return redirect("window-seconds")
    except DomainError as exc:
        form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
    sent = confirms or not form.errors
    if set(form.errors) - {"code", "__all__"} or not sent:
        form.focus()
    else:
        form.focus_code()
    return _page(request, form, card, sent=sent)


def _send(request: HttpRequest, form: AccountForm, card: Card) -> None:
    window.ask_phone(
        card=card,
        phone=form.cleaned_data["phone"],
        ip=_ip(request),
        actor=institutions.staff_actor(request),
    )


def _confirm(request: HttpRequest, form: AccountForm, card: Card) -> bool:
    return window.confirm_account(
        card=card,
        phone=form.cleaned_data["phone"],
        code=form.cleaned_data["code"],
        ip=_ip(request),
        document=form.cleaned_data["document"],
        reason=form.words(),
        actor=institutions.staff_actor(request),
    )


def _page(request: HttpRequest, form: AccountForm, card: Card, *, sent: bool) -> HttpResponse:
    context = {"form": form, "card": card, "sent": sent}
    return render(request, "cards/window/account.html", context, status=422 if form.errors else 200)


def _ip(request: HttpRequest) -> str:
    return str(get_adapter().get_client_ip(request))
