"""The family's cards: everybody whom the account holds, each on a page of their own."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards import family, selectors
from cards.codes import page as codes
from cards.errors import CardNotFound
from cards.family_forms import EndingForm
from cards.services.family import CHILD
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required, resident_required_json
from foundation.core.errors import DomainError, NotFound
from identity import rules
from identity import selectors as identity
from identity import services as guardians
from identity.errors import GuardianshipOver
from identity.rules import Deed


@resident_required
@require_GET
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """Whom the account holds, who holds its own person, and how to add somebody."""
    account = accounts.account_of(request)
    own = identity.self_person(account.pk)
    context = {
        "relatives": family.dependants(account.pk),
        "guardians": identity.guardians_of(own.person_pk) if own is not None else [],
        "ended": identity.ended_lately(account.pk),
        "may_add": own is not None and rules.may(own.level, Deed.HOLD_DEPENDANT),
        "has_own": own is not None,
        "application": selectors.latest_application(account.pk, relation=CHILD),
    }
    return render(request, "cards/family/overview.html", context)


@resident_required
@require_GET
@never_cache
def card(request: HttpRequest, person_id: str) -> HttpResponse:
    """A dependant's card with its code, under the person's name in large type.

    Raises:
        CardNotFound: If the account does not hold the person.
        GuardianshipOver, OwnPersonNeeded, LevelTooLow: As ``family.dependant_for``.
    """
    account = accounts.account_of(request)
    everybody = family.relatives(account.pk)
    if any(one.is_self and one.person_id == person_id for one in everybody):
        return redirect("card")
    relative = family.dependant_for(account.pk, person_id, Deed.SHOW_CODE)
    shown = relative.shown
    is_static = request.GET.get("mode") == "static" and shown is not None and shown.card.static_enabled
    context: dict[str, Any] = {
        "relative": relative,
        "shown": shown,
        "everybody": everybody,
        "is_static": is_static,
        "modes": _modes(relative, is_static),
        "page_url": reverse("family-card", args=[person_id]),
        "codes_url": reverse("family-codes", args=[person_id]),
    }
    if shown is not None and shown.is_active:
        context["payload"] = codes.static_payload(shown.card) if is_static else codes.payload(shown.card)
    return render(request, "cards/family/card.html", context)


@resident_required_json
@require_GET
@never_cache
def card_codes(request: HttpRequest, person_id: str) -> JsonResponse:
    """Codes of the dependant whose page is open; nobody else's are ever in the answer."""
    account = accounts.account_of(request)
    return JsonResponse(
        codes.payload(family.require_dependants_card(account.pk, person_id, Deed.SHOW_CODE).card)
    )


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def end(request: HttpRequest, person_id: str) -> HttpResponse:
    """Stop holding a dependant, with a reason."""
    account = accounts.account_of(request)
    try:
        relative = family.dependant(account.pk, person_id)
    except GuardianshipOver:
        if request.method == "POST":
            return redirect("family")
        raise
    holding_id = identity.holding_of(account.pk, person_id)
    return _ending(
        request,
        holding_id=holding_id,
        form=EndingForm(_posted(request), reasons=guardians.GUARDIANS_REASONS),
        name=relative.name,
        back=reverse("family-settings", args=[person_id]),
        whose=relative,
    )


@resident_required
@require_http_methods(["GET", "POST"])
@never_cache
def end_guardian(request: HttpRequest, holding_id: str) -> HttpResponse:
    """Take from a guardian the hold on the account's own person, with a reason.

    Raises:
        CardNotFound: If nobody holds this account's person by that.
    """
    account = accounts.account_of(request)
    own = identity.self_person(account.pk)
    held = identity.guardians_of(own.person_pk) if own is not None else []
    guardian = next((one for one in held if one.holding_id == holding_id), None)
    if guardian is None:
        if request.method == "POST" and own is not None and identity.was_held_by(own.person_pk, holding_id):
            return redirect("family")
        raise CardNotFound
    return _ending(
        request,
        holding_id=holding_id,
        form=EndingForm(_posted(request), reasons=guardians.PERSONS_REASONS),
        name=guardian.name,
        back=reverse("family"),
    )


def _ending(
    request: HttpRequest,
    *,
    holding_id: str,
    form: EndingForm,
    name: str,
    back: str,
    whose: family.Relative | None = None,
) -> HttpResponse:
    if form.is_valid():
        try:
            guardians.end_guardianship(
                account_pk=accounts.account_of(request).pk,
                holding_id=holding_id,
                reason=form.cleaned_data["reason"],
                actor=accounts.actor_of(request),
            )
        except NotFound:
            # It stood when this began: the other of two clicks, or the other side, has ended it.
            return redirect("family")
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("代管已结束"))
            return redirect("family")
    context = {"form": form, "name": name, "previous_url": back, "whose": whose}
    return render(request, "cards/family/end.html", context, status=422 if form.errors else 200)


def _modes(relative: family.Relative, is_static: bool) -> list[dict[str, Any]]:
    if relative.shown is None or not relative.shown.card.static_enabled:
        return []
    address = reverse("family-card", args=[relative.person_id])
    return [
        {"label": _("动态码"), "href": address, "current": not is_static},
        {"label": _("静态码"), "href": f"{address}?mode=static", "current": is_static},
    ]


def _posted(request: HttpRequest) -> QueryDict | None:
    # An empty form that was sent is answered as one that was sent.
    return request.POST if request.method == "POST" else None
