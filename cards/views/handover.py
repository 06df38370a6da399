"""Pages that an institution's own account leads to: claim a card, take it into the pack (ID-18).

The addresses of two of them are those of the platform that hospitals know. Each leads back to
the institution with a one-time code, and only to a host that its client has registered.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards import pack
from cards.errors import NotHeldByYou
from cards.services import handover
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.gateway import addresses
from foundation.gateway import selectors as gateway
from foundation.gateway.errors import AddressNotAllowed
from foundation.gateway.selectors import ClientRef
from institutions import selectors as institutions
from institutions.types import InstitutionRef

LONGEST_STATE = 128


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a card, and where the answer goes."""

    client: ClientRef
    institution: InstitutionRef
    back: str
    state: str = ""


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    """One tap: the institution gets the card that is tapped."""
    asking = _asking(request, gateway.client_of_key(request.GET.get("app_id", "")))
    if request.method == "POST":
        code = handover.make_claim_code(
            account_pk=accounts.account_of(request).pk,
            card_id=request.POST.get("card", ""),
            institution=asking.institution.public_id,
            client=asking.client.public_id,
            actor=accounts.actor_of(request),
        )
        return _back(asking, code)
    cards = pack.cards_of(accounts.account_of(request).pk)
    return _page(request, "cards/open/claim.html", asking, cards=cards)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def take_card(request: HttpRequest) -> HttpResponse:
    """Take the card of an institution's order into the pack."""
    order = handover.open_order(code=request.GET.get("order_id", ""))
    asking = _asking(request, gateway.client_ref(order.client))
    account = accounts.account_of(request)
    if request.method == "POST":
        actor = accounts.actor_of(request)
        return _back(asking, handover.take_order(order=order, account_pk=account.pk, actor=actor))
    mine = [each for each in pack.cards_of(account.pk) if each.card.pk == order.card.pk]
    if not mine:
        raise NotHeldByYou
    return _page(request, "cards/open/take.html", asking, shown=mine[0])


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def activate_cards(request: HttpRequest) -> HttpResponse:
    """Take every card that the account holds into the pack at once.

    ``open_id`` names a user of the institution's own account: we cannot know whose it is, and
    what may be activated is decided by who is signed in.
    """
    back = request.GET.get("redirect_uri", "")
    asking = _asking(request, gateway.client_at(addresses.host_of(back)))
    account = accounts.account_of(request)
    cards = pack.cards_of(account.pk)
    usable = [each for each in cards if each.is_usable]
    if request.method == "POST" and usable:
        code = handover.pack_all(
            account_pk=account.pk,
            institution=asking.institution.public_id,
            client=asking.client.public_id,
            actor=accounts.actor_of(request),
        )
        return _back(asking, code)
    return _page(request, "cards/open/activate.html", asking, cards=cards, usable=usable)


@resident_required
@never_cache
@require_GET
def show_pack(request: HttpRequest) -> HttpResponse:
    """All cards of the account in one place."""
    cards = pack.cards_of(accounts.account_of(request).pk)
    if not cards:
        return redirect("card")
    return render(request, "cards/pack.html", {"cards": cards})


def _asking(request: HttpRequest, client: ClientRef | None) -> Asking:
    place = institutions.institution_by_public_id(client.institution) if client is not None else None
    if client is None or not client.is_active or place is None or not place.is_approved:
        raise AddressNotAllowed(field="redirect_uri")
    back = request.GET.get("redirect_uri", "")
    addresses.require_address(back, client.hosts, field="redirect_uri")
    return Asking(client, place, back, request.GET.get("state", "")[:LONGEST_STATE])


def _back(asking: Asking, code: str) -> HttpResponse:
    return HttpResponseRedirect(addresses.with_answer(asking.back, healthCode=code, state=asking.state))


def _page(request: HttpRequest, template: str, asking: Asking, **context: Any) -> HttpResponse:
    context |= {
        "institution": asking.institution.name,
        "refuse_href": addresses.with_answer(asking.back, error="access_denied", state=asking.state),
        "way_to_card": _("申领健康卡"),
    }
    return leading_to(render(request, template, context), asking.back)


def leading_to(response: HttpResponse, *ends: str) -> HttpResponse:
    """Let the page's form end at addresses that were let pass: the policy covers redirects too."""
    response._csp_update = {"form-action": sorted(map(addresses.origin_of, ends))}  # type: ignore[attr-defined]
    return response
