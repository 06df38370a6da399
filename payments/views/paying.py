"""Paying a bill online: choose the way, go on at the channel, come back to the result.

The channel is asked by a worker while the page waits, so that a channel that hangs holds nobody up.
The page asks the channel again by itself, so a notice that was lost is made good.
"""

from urllib.parse import urlencode

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
from payments import codes, tasks
from payments.errors import PaymentUnderway
from payments.forms import WayForm
from payments.rules import App
from payments.selectors.insured import insured_choices, insured_elsewhere, is_insured
from payments.selectors.paying import Standing, choices, payer_facts, standing_of
from payments.selectors.prepaid import usable_for
from payments.selectors.resident import bill_of, payment_under_way
from payments.services import Start, begin_payment, give_up
from payments.services.asking import may_ask_now

WAITS = 3


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Choose how to pay; begun twice it is one payment."""
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    if not shown.is_open:
        return redirect("bill", bill_id)
    ways = choices(bill=bill_id, user_agent=request.headers.get("User-Agent", ""))
    form = WayForm(request.POST if request.method == "POST" else None, ways=ways)
    if form.is_bound and form.is_valid():
        chosen = form.chosen
        start = Start(
            provider=chosen.provider,
            way=chosen.way,
            app=App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=chosen.way, address=address_of(request.META)),
            return_url=f"{settings.BASE_URL}{reverse('bill', args=[bill_id])}",
        )
        try:
            settlement = begin_payment(bill=bill_id, start=start, actor=accounts.actor_of(request))
        except PaymentUnderway:
            # One goes on where one is.
            settlement = payment_under_way(bill_id)
            page = "bill-insured" if is_insured(settlement) else "bill-payment"
            return redirect(page, bill_id, settlement)
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("bill-payment", bill_id, settlement)
    takes_insurance = bool(insured_choices(bill=bill_id, user_agent=request.headers.get("User-Agent", "")))
    balance_fen = usable_for(account_pk=account.pk, bill_id=bill_id)
    if takes_insurance or balance_fen:
        # The page asks the question; these are one of its answers.
        form.fields["way"].label = _("自费支付") if takes_insurance else _("其他方式")
    context = {
        "bill": shown,
        "form": form,
        "ways": ways,
        "takes_insurance": takes_insurance,
        "insured_in": "" if takes_insurance else insured_elsewhere(bill=bill_id),
        "balance_fen": balance_fen,
    }
    return render(request, "payments/pay.html", context, status=422 if form.errors else 200)


@resident_required
@never_cache
@require_GET
def payment(request: HttpRequest, bill_id: str, settlement_id: str) -> HttpResponse:
    """How the payment stands, and what the payer does now."""
    account = accounts.account_of(request)
    shown, standing = standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id)
    if standing.goes_on_insured:
        return redirect("bill-insured", bill_id, settlement_id)
    if standing.is_paid:
        return redirect("bill-receipt", bill_id)
    progress_url = reverse("bill-payment-progress", args=[bill_id, settlement_id])
    if standing.is_over or standing.waits_for_payer:
        text = code_text(standing)
        context = {
            "bill": shown,
            "payment": standing,
            "progress_url": progress_url,
            "leave_url": reverse("bill-payment-leave", args=[bill_id, settlement_id]),
            "code": codes.svg(text) if text else "",
            "scan_url": _scan_url(text),
        }
        return render(request, "payments/payment.html", context)
    ask(standing)
    is_ending = standing.launch is not None or standing.failure
    context = {
        "title": _("正在结束这次支付") if is_ending else _("正在连接支付"),
        "text": _("通常几秒钟就好，请不要关闭页面。"),
        "slow_text": _("比平时久一些。您可以先离开，账单里会显示结果，不会重复收钱。"),
        "wait_url": progress_url,
    }
    return render(request, "wait.html", context)


@resident_required
@never_cache
@require_GET
def progress(request: HttpRequest, bill_id: str, settlement_id: str) -> JsonResponse:
    """Whether the page goes on; on the way the channel is asked, at most every few seconds."""
    account = accounts.account_of(request)
    _shown, standing = standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id)
    has_begun = request.GET.get("launched") == "1"
    if standing.is_over or standing.goes_on_insured or (standing.waits_for_payer and not has_begun):
        url = reverse("bill-payment", args=[bill_id, settlement_id])
        return JsonResponse({"done": True, "url": url})
    ask(standing)
    return JsonResponse({"done": False})


@resident_required
@require_POST
def leave(request: HttpRequest, bill_id: str, settlement_id: str) -> HttpResponse:
    """Stop this payment, to pay in another way; the channel is asked to close it."""
    account = accounts.account_of(request)
    _shown, standing = standing_of(account_pk=account.pk, bill_id=bill_id, settlement_id=settlement_id)
    if give_up(settlement=standing.settlement_id, failure="payer", actor=accounts.actor_of(request)):
        tasks.ask_attempt.delay(standing.attempt_id)
    return redirect("bill-payment", bill_id, settlement_id)


def ask(standing: Standing) -> None:
    """Have the channel asked, at most every few seconds."""
    if not may_ask_now(standing.attempt_id, every_seconds=WAITS):
        return
    if standing.launch is None and not standing.failure:
        tasks.launch_attempt.delay(standing.attempt_id)
    else:
        tasks.ask_attempt.delay(standing.attempt_id)


def _scan_url(text: str) -> str:
    """In a demo, where the code can be opened: no phone pays at the sandbox."""
    if not (settings.DEMO and settings.SANDBOX_URL and text):
        return ""
    return f"{settings.SANDBOX_URL}/scan?{urlencode({'text': text})}"


def code_text(standing: Standing) -> str:
    """What is drawn as a code for the payer to scan."""
    launch = standing.launch or {}
    fields = launch.get("fields")
    return str(fields.get("text", "")) if launch.get("kind") == "code" and isinstance(fields, dict) else ""
