"""Paying another's bill by a link: what is seen of it is the hospital, the masked name and the amount."""

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
from payments.forms import WayForm
from payments.rules import App
from payments.selectors.paying import choices, payer_facts
from payments.selectors.paying_for import asked_of, link_ends_at, paid_for
from payments.selectors.resident import bill_of
from payments.services import Start, begin_payment, give_up
from payments.services.pay_links import bill_by_token, end_link, make_link
from payments.views.paying import ask, code_text


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Make a link for somebody else to pay with; it is shown once."""
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    if not shown.is_open:
        return redirect("bill", bill_id)
    context: dict[str, object] = {"bill": shown}
    if request.method == "POST":
        made = make_link(bill=bill_id, account=account.public_id, actor=accounts.actor_of(request))
        url = f"{settings.BASE_URL}{reverse('pay-for', args=[made.token])}"
        context |= {"url": url, "code": codes.svg(url), "until": made.expires_at}
    else:
        context["until"] = link_ends_at(bill_id)
    return render(request, "payments/pay_link.html", context)


@resident_required
@require_POST
def unlink(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Take the link back."""
    bill_of(account_pk=accounts.account_of(request).pk, bill_id=bill_id)
    end_link(bill=bill_id, actor=accounts.actor_of(request))
    return redirect("bill-pay-link", bill_id)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def pay_for(request: HttpRequest, token: str) -> HttpResponse:
    """Choose how to pay for somebody else."""
    account = accounts.account_of(request)
    bill = bill_by_token(token=token, account=account.public_id)
    ways = choices(bill=bill.public_id, user_agent=request.headers.get("User-Agent", ""))
    form = WayForm(request.POST if request.method == "POST" else None, ways=ways)
    if form.is_bound and form.is_valid():
        way = form.chosen.way
        start = Start(
            provider=form.chosen.provider,
            way=way,
            app=App.H5,
            account=account.public_id,
            payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request.META)),
            # Not the link: its secret is nobody else's to know.
            return_page="paid-for",
        )
        try:
            settlement = begin_payment(bill=bill.public_id, start=start, actor=accounts.actor_of(request))
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("paid-for", settlement)
    context = {"asked": asked_of(bill), "form": form, "ways": ways}
    return render(request, "payments/pay_for.html", context, status=422 if form.errors else 200)


@resident_required
@never_cache
@require_GET
def payment(request: HttpRequest, settlement_id: str) -> HttpResponse:
    """How the payment stands, and what the payer does now; afterwards its receipt."""
    found = paid_for(account=accounts.account_of(request).public_id, settlement_id=settlement_id)
    standing = found.standing
    progress_url = reverse("paid-for-progress", args=[settlement_id])
    if standing.is_over or standing.waits_for_payer:
        text = code_text(standing)
        context = {
            "paid": found,
            "payment": standing,
            "progress_url": progress_url,
            "leave_url": reverse("paid-for-leave", args=[settlement_id]),
            "code": codes.svg(text) if text else "",
        }
        return render(request, "payments/paid_for.html", context)
    ask(standing)
    context = {
        "title": _("正在结束这次支付") if standing.failure else _("正在连接支付"),
        "text": _("通常几秒钟就好，请不要关闭页面。"),
        "slow_text": _("比平时久一些。您可以先离开，不会重复收钱。"),
        "wait_url": progress_url,
    }
    return render(request, "wait.html", context)


@resident_required
@never_cache
@require_GET
def progress(request: HttpRequest, settlement_id: str) -> JsonResponse:
    """Whether the page goes on; on the way the channel is asked, at most every few seconds."""
    standing = paid_for(account=accounts.account_of(request).public_id, settlement_id=settlement_id).standing
    has_begun = request.GET.get("launched") == "1"
    if standing.is_over or (standing.waits_for_payer and not has_begun):
        return JsonResponse({"done": True, "url": reverse("paid-for", args=[settlement_id])})
    ask(standing)
    return JsonResponse({"done": False})


@resident_required
@require_POST
def leave(request: HttpRequest, settlement_id: str) -> HttpResponse:
    """Stop this payment; the channel is asked to close it."""
    found = paid_for(account=accounts.account_of(request).public_id, settlement_id=settlement_id)
    if give_up(settlement=found.standing.settlement_id, failure="payer", actor=accounts.actor_of(request)):
        tasks.ask_attempt.delay(found.standing.attempt_id)
    return redirect("paid-for", settlement_id)
