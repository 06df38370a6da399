"""Pages of registering on a hospital's own form: agree before, confirm after (310, 312)."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards import pack, selectors
from cards.errors import AnswersInvalid, CardHeldAlready, PreRegistrationOver
from cards.models import PreRegistration
from cards.models.preauth import PreAuthState
from cards.services import preauth
from cards.states import ApplicationState
from cards.views.handover import leading_to
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.text import mask_name, mask_number, mask_phone
from foundation.gateway import addresses
from identity import selectors as identity
from institutions import selectors as institutions

WORKING = (ApplicationState.SUBMITTED, ApplicationState.CHECKING)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def agree(request: HttpRequest, order_id: str) -> HttpResponse:
    """With a card, hand it over at once; without one, agree to fill in the hospital's form."""
    actor = accounts.actor_of(request)
    order = preauth.open_pre_registration(order_id=order_id, account=actor.id)
    if request.method == "POST" and "card" in request.POST:
        return _hand_over(request, order, request.POST["card"])
    if request.method == "POST":
        if not order.form_url:
            return redirect("apply")
        if not identity.has_consented(accounts.account_of(request).pk):
            # What the form says is kept here until it is confirmed.
            return redirect(f"{reverse('consent')}?next={request.path}")
        code = preauth.agree_to_form(order_id=order_id, actor=actor)
        return HttpResponseRedirect(addresses.with_answer(order.form_url, authCode=code))
    context = {
        "institution": _name(order),
        "cards": pack.cards_of(accounts.account_of(request).pk),
        "refuse_href": addresses.with_answer(order.fail_url or order.success_url, error="access_denied"),
    }
    response = render(request, "cards/open/agree.html", context)
    return leading_to(response, order.success_url, order.form_url or order.success_url)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, order_id: str) -> HttpResponse:
    """What the form said; confirmed, it goes the way of every application, and back to the hospital."""
    account, actor = accounts.account_of(request), accounts.actor_of(request)
    order = preauth.open_pre_registration(order_id=order_id, account=actor.id)
    if order.state == PreAuthState.HANDED_IN:
        return _onward(request, order)
    if order.state != PreAuthState.FILLED:
        return redirect("open-preauth", order_id)
    problem = ""
    if request.method == "POST":
        try:
            preauth.confirm_form(order_id=order_id, account_pk=account.pk, actor=actor)
        except (AnswersInvalid, CardHeldAlready) as exc:
            problem = f"{exc.text()}。{exc.advice()}"
        except PreRegistrationOver:
            # The other of two clicks may have confirmed it.
            if not preauth.is_handed_in(order_id=order_id, actor=actor):
                raise
            return redirect("open-prefill", order_id)
        else:
            return redirect("open-prefill", order_id)
    given = order.particulars or {}
    context = {
        "institution": _name(order),
        "holder": mask_name(given["name"]),
        "number": mask_number(given["id_number"]),
        "phone": mask_phone(given.get("phone", "")),
        "problem": problem,
        "refuse_href": addresses.with_answer(order.fail_url or order.success_url, error="access_denied"),
    }
    response = render(request, "cards/open/confirm.html", context, status=422 if problem else 200)
    return leading_to(response, order.success_url)


@resident_required
@never_cache
@require_GET
def progress(request: HttpRequest, order_id: str) -> JsonResponse:
    """Whether the wait is over, for the page that waits."""
    order = preauth.open_pre_registration(order_id=order_id, account=accounts.actor_of(request).id)
    working = order.application is not None and order.application.state in WORKING
    return JsonResponse({"done": not working, "url": reverse("open-prefill", args=[order_id])})


def _onward(request: HttpRequest, order: PreRegistration) -> HttpResponse:
    application = order.application
    if application is not None and application.state in WORKING:
        context = {
            "title": _("正在核对您的信息"),
            "text": _("通常几秒钟就好，请不要关闭页面。"),
            "wait_url": reverse("open-prefill-progress", args=[order.public_id]),
            "wait_live": "application.decided",
        }
        return render(request, "wait.html", context)
    shown = selectors.own_card(accounts.account_of(request).pk)
    if shown is not None and shown.is_active:
        return _hand_over(request, order, shown.card.public_id)
    if application is not None and application.state == ApplicationState.REFUSED and order.fail_url:
        preauth.finish(order_id=order.public_id, actor=accounts.actor_of(request))
        return HttpResponseRedirect(addresses.with_answer(order.fail_url, error="refused"))
    # A person looks at it, or it was refused: the page of the application says what happens next.
    return redirect("apply-result", application.public_id) if application is not None else redirect("card")


def _hand_over(request: HttpRequest, order: PreRegistration, card_id: str) -> HttpResponse:
    code = preauth.hand_over(
        order=order,
        account_pk=accounts.account_of(request).pk,
        card_id=card_id,
        actor=accounts.actor_of(request),
    )
    return HttpResponseRedirect(addresses.with_answer(order.success_url, healthCode=code))


def _name(order: PreRegistration) -> str:
    place = institutions.institution_by_public_id(order.institution)
    return place.name if place is not None else ""
