"""Paying a bill with an insurance: allow it there, see who pays what, confirm once, come to the result.

The insurer and the channel are asked by a worker while the page waits. The page has them asked again by
itself, so that a notice that was lost is made good.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError
from foundation.gateway.authenticate import address_of
from identity import selectors as identity
from payments import tasks
from payments.errors import PaymentUnderway, SplitNotReady
from payments.rules import App
from payments.selectors.insured import (
    InsuredStanding,
    insured_choices,
    insured_standing_of,
    permission_page,
    read_permission,
)
from payments.selectors.paying import payer_facts
from payments.selectors.resident import bill_of
from payments.services import Start, begin_insured, confirm_split, give_up
from payments.services.asking import may_ask_now

WAITS = 3


@resident_required
@never_cache
@require_GET
def insure(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Choose how to pay what the insurance leaves; a link leads to the insurer's page to allow it.

    It is a link and no form: policies of browsers do not let a form lead to another site.
    """
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    if not shown.is_open:
        return redirect("bill", bill_id)
    back = f"{settings.BASE_URL}{reverse('bill-insurance-back', args=[bill_id])}"
    ways = [
        (
            choice.label,
            permission_page(bill=bill_id, account=account.public_id, choice=choice, return_url=back),
        )
        for choice in insured_choices(bill=bill_id, user_agent=request.headers.get("User-Agent", ""))
    ]
    return render(request, "payments/insure.html", {"bill": shown, "ways": ways})


@resident_required
@never_cache
@require_GET
def allowed(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Back from the insurer's page; coming back twice is one payment."""
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    actor = accounts.actor_of(request)
    try:
        given, provider, way = read_permission(
            bill=bill_id, account=account.public_id, query=request.GET.dict()
        )
        start = Start(
            provider=provider,
            way=way,
            app=App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request.META)),
            return_url=f"{settings.BASE_URL}{reverse('bill', args=[bill_id])}",
        )
        own = identity.self_person(account.pk)
        settlement = begin_insured(
            bill=bill_id, start=start, allowed=given, holder=own.person_id if own else "", actor=actor
        )
    except PaymentUnderway:
        return redirect("bill", bill_id)
    except DomainError as exc:
        context = {"bill": shown, "why": exc.text(), "advice": exc.advice()}
        return render(request, "payments/not_allowed.html", context, status=exc.status)
    return redirect("bill-insured", bill_id, settlement)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def insured(request: HttpRequest, bill_id: str, settlement_id: str) -> HttpResponse:
    """Who pays what, to be confirmed once; afterwards how it stands."""
    account = accounts.account_of(request)
    shown, standing = insured_standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id)
    if request.method == "POST":
        try:
            confirm_split(settlement=settlement_id, actor=accounts.actor_of(request))
        except SplitNotReady:
            tasks.work_insurance.delay(standing.order_id)
        return redirect("bill-insured", bill_id, settlement_id)
    if standing.is_paid:
        return redirect("bill-receipt", bill_id)
    if standing.asks_payer or standing.has_failed:
        context = {
            "bill": shown,
            "payment": standing,
            "progress_url": reverse("bill-insured-progress", args=[bill_id, settlement_id]),
        }
        page = "payments/split.html" if standing.asks_payer else "payments/undone.html"
        return render(request, page, context)
    if standing.own_waits and not standing.own_is_paid:
        # The own share is paid where every share is paid.
        return redirect("bill-payment", bill_id, settlement_id)
    _ask(standing)
    return _wait(request, standing, bill_id)


@resident_required
@never_cache
@require_GET
def insured_progress(request: HttpRequest, bill_id: str, settlement_id: str) -> JsonResponse:
    """Whether the page goes on; on the way the insurer is asked, at most every few seconds."""
    account = accounts.account_of(request)
    _shown, standing = insured_standing_of(
        account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id
    )
    waits_for_return = request.GET.get("undoing") == "1" and not standing.is_over
    goes_on = standing.is_over or standing.asks_payer or standing.own_waits or standing.has_failed
    if goes_on and not waits_for_return:
        url = reverse("bill-insured", args=[bill_id, settlement_id])
        return JsonResponse({"done": True, "url": url})
    _ask(standing)
    return JsonResponse({"done": False})


@resident_required
@require_POST
def leave_insured(request: HttpRequest, bill_id: str, settlement_id: str) -> HttpResponse:
    """Stop this payment; the insurer is asked to take the bill back."""
    account = accounts.account_of(request)
    _shown, standing = insured_standing_of(
        account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id
    )
    if give_up(settlement=standing.settlement_id, failure="payer", actor=accounts.actor_of(request)):
        tasks.work_insurance.delay(standing.order_id)
        if standing.attempt_id:
            tasks.ask_attempt.delay(standing.attempt_id)
    return redirect("bill-insured", bill_id, settlement_id)


def _wait(request: HttpRequest, standing: InsuredStanding, bill_id: str) -> HttpResponse:
    if not standing.is_divided:
        title = _("正在请医保计算")
        text = _("算好后先给您看各付多少，确认后才付款。")
    else:
        title = _("正在等待医保结算")
        text = _("自付部分已经付好。") if standing.own_is_paid else _("通常几秒钟就好，请不要关闭页面。")
    context = {
        "title": title,
        "text": text,
        "slow_text": _("比平时久一些。您可以先离开，账单里会显示结果；没有全部成功，会全部退回。"),
        "wait_url": reverse("bill-insured-progress", args=[bill_id, standing.settlement_id]),
    }
    return render(request, "wait.html", context)


def _ask(standing: InsuredStanding) -> None:
    if not may_ask_now(standing.order_id, every_seconds=WAITS):
        return
    tasks.work_insurance.delay(standing.order_id)
    if standing.own_waits:
        tasks.ask_attempt.delay(standing.attempt_id)
