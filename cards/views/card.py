"""The card page, its codes, and what the holder decides about the card."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards import selectors
from cards.codes import page as codes
from cards.services import life
from cards.views.moves import WORDS
from cards.whose import whose_card
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required, resident_required_json
from identity.rules import Deed, guardian_may, may


@resident_required
@require_GET
@never_cache
def card(request: HttpRequest) -> HttpResponse:
    """The card with its code; without a card, the way to one."""
    account = accounts.account_of(request)
    shown = selectors.own_card(account.pk)
    if shown is None:
        return render(request, "cards/none.html", {"application": selectors.latest_application(account.pk)})
    is_static = request.GET.get("mode") == "static" and shown.card.static_enabled
    context: dict[str, Any] = {"shown": shown, "is_static": is_static, "modes": _modes(shown, is_static)}
    if shown.is_active:
        context["payload"] = codes.static_payload(shown.card) if is_static else codes.payload(shown.card)
    return render(request, "cards/card.html", context)


@resident_required_json
@require_GET
@never_cache
def card_codes(request: HttpRequest) -> JsonResponse:
    """Codes for the open page: the one for now and those for the coming windows.

    Raises:
        CardFrozen, CardLost: If the card's codes are not accepted at present.
    """
    shown = selectors.require_own_card(accounts.account_of(request).pk, Deed.SHOW_CODE)
    return JsonResponse(codes.payload(shown.card))


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def settings(request: HttpRequest, person_id: str = "") -> HttpResponse:
    """What can be done to a card, each on a page of its own, and the static code's switch."""
    if request.method == "POST":
        return _switch(request, person_id)
    whose = whose_card(request, person_id, Deed.SHOW_CARD)
    shown = whose.card if whose.is_self else whose.shown
    offered = [
        {
            "title": WORDS[move].title,
            "detail": WORDS[move].effects[0],
            "icon": WORDS[move].icon,
            "href": whose.move_url(move),
        }
        for move in (shown.moves if shown is not None else ())
    ]
    context = {
        "whose": whose,
        "shown": shown,
        "moves": offered,
        "shows_switch": shown is not None
        and (whose.is_self or guardian_may(Deed.SWITCH_STATIC_CODE, is_by_consent=whose.is_by_consent)),
        "shows_certificates": shown is not None and may(shown.level, Deed.SHOW_CERTIFICATES),
    }
    return render(request, "cards/settings.html", context)


def _switch(request: HttpRequest, person_id: str) -> HttpResponse:
    whose = whose_card(request, person_id, Deed.SWITCH_STATIC_CODE)
    do = request.POST.get("do", "")
    if do not in ("static-on", "static-off"):
        messages.error(request, _("没有这个操作，请重新选择"))
        return redirect(whose.settings_url)
    enabled = do == "static-on"
    life.switch_static_code(card_pk=whose.card.card.pk, enabled=enabled, actor=whose.actor)
    messages.success(request, _("静态码已开启") if enabled else _("静态码已关闭"))
    return redirect(whose.settings_url)


def _modes(shown: selectors.ShownCard, is_static: bool) -> list[dict[str, Any]]:
    if not shown.card.static_enabled:
        return []
    return [
        {"label": _("动态码"), "href": reverse("card"), "current": not is_static},
        {"label": _("静态码"), "href": f"{reverse('card')}?mode=static", "current": is_static},
    ]
