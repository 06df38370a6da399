"""Balances of residents: what there is, topping up, giving back, and paying a bill from them."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError
from foundation.core.money import yuan
from foundation.gateway.authenticate import address_of
from payments import services
from payments.errors import PaymentUnderway
from payments.forms_prepaid import BalanceForm, PayOutForm, TopUpForm
from payments.rules import App, PrepaidKind
from payments.selectors import prepaid
from payments.selectors.paying import choices, payer_facts
from payments.selectors.resident import bill_of, payment_under_way
from payments.services import Start


@resident_required
@never_cache
@require_GET
def purses(request: HttpRequest) -> HttpResponse:
    """Whose balances the account may use; with one person, on to that one."""
    found = prepaid.purses_of(accounts.account_of(request).pk)
    if len(found) == 1:
        return redirect("prepaid-purse", found[0].person_id)
    return render(request, "payments/prepaid/purses.html", {"purses": found})


@resident_required
@never_cache
@require_GET
def purse(request: HttpRequest, person_id: str) -> HttpResponse:
    """One person's balances, with what moved them."""
    found = prepaid.purse_of(account_pk=accounts.account_of(request).pk, person_id=person_id)
    page = prepaid.movements_of(found, before=request.GET.get("before", ""))
    context = {"purse": found, "rows": page.rows, "older": page.older}
    return render(request, "payments/prepaid/purse.html", context)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def top_up(request: HttpRequest, person_id: str) -> HttpResponse:
    """Say where and how much; it is paid like any bill."""
    found = prepaid.purse_of(account_pk=accounts.account_of(request).pk, person_id=person_id)
    stays = {one.account_id: one for one in found.balances if one.kind is PrepaidKind.INPATIENT}
    receivers = prepaid.receivers()
    offered = [(one.institution, one.name) for one in receivers]
    offered += [(one.account_id, one.label) for one in stays.values() if one.institution in dict(offered)]
    form = TopUpForm(request.POST if request.method == "POST" else None, receivers=offered)
    if form.is_bound and form.is_valid():
        to = form.cleaned_data["receiver"]
        actor = accounts.actor_of(request)
        try:
            account = to if to in stays else services.open_account(person_pk=found.person_pk, actor=actor)
            bill = services.open_top_up(
                account=account,
                institution=stays[to].institution if to in stays else to,
                amount_fen=form.cleaned_data["amount"],
                actor=actor,
            )
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("bill-pay", bill.bill_id)
    context = {"purse": found, "form": form, "receivers": offered}
    return render(request, "payments/prepaid/top_up.html", context, status=422 if form.errors else 200)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def pay_out(request: HttpRequest, person_id: str) -> HttpResponse:
    """Give money back to where it came from."""
    found = prepaid.purse_of(account_pk=accounts.account_of(request).pk, person_id=person_id)
    rest = [one for one in found.balances if one.balance_fen and not one.is_frozen]
    form = PayOutForm(request.POST if request.method == "POST" else None, balances=rest)
    if form.is_bound and form.is_valid():
        amount = form.cleaned_data["amount"]
        try:
            services.pay_out(
                account=form.cleaned_data["account"], amount_fen=amount, actor=accounts.actor_of(request)
            )
        except DomainError as exc:
            form.add_error("amount", f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已申请退回 ¥%(amount)s") % {"amount": yuan(amount)})
            return redirect("prepaid-purse", person_id)
    sources = [(one, prepaid.sources_of(one.account_id)) for one in rest]
    context = {"purse": found, "form": form, "sources": sources}
    return render(request, "payments/prepaid/pay_out.html", context, status=422 if form.errors else 200)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Pay a bill from the balance; what it does not cover is paid in another way, shown to the fen before."""
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    part = prepaid.usable_for(account_pk=account.pk, bill_id=bill_id)
    if not shown.is_open or not part:
        return redirect("bill", bill_id)
    rest = shown.due_fen - part
    agent = request.headers.get("User-Agent", "")
    ways = choices(bill=bill_id, user_agent=agent, amount_fen=rest) if rest else []
    form = BalanceForm(
        request.POST if request.method == "POST" else None, part_fen=part, ways=ways, has_rest=bool(rest)
    )
    if form.is_bound and form.is_valid():
        try:
            return _begin(request, bill_id, form)
        except PaymentUnderway:
            return redirect("bill-payment", bill_id, payment_under_way(bill_id))
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
    context = {"bill": shown, "form": form, "ways": ways, "part_fen": part, "rest_fen": rest}
    return render(request, "payments/prepaid/pay.html", context, status=422 if form.errors else 200)


def _begin(request: HttpRequest, bill_id: str, form: BalanceForm) -> HttpResponse:
    account, chosen = accounts.account_of(request), form.chosen
    way = chosen.way if chosen else ""
    start = Start(
        provider=chosen.provider if chosen else "",
        way=way,
        app=App.H5,
        account=account.public_id,
        payer=payer_facts(account_pk=account.pk, way=way, address=address_of(request.META)) if way else {},
        return_url=f"{settings.BASE_URL}{reverse('bill', args=[bill_id])}",
        parts=services.balance_parts(bill=bill_id, amount_fen=form.cleaned_data["part"]),
    )
    settlement = services.begin_payment(bill=bill_id, start=start, actor=accounts.actor_of(request))
    return redirect("bill-payment", bill_id, settlement) if chosen else redirect("bill-receipt", bill_id)
