"""Balances at the cashier's window: money is taken for a top-up like for any bill, and given back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.errors import DomainError
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from payments import services
from payments.forms_prepaid import BalanceCashForm, DeskAmountForm
from payments.selectors.desk import refund_to_hand_out
from payments.selectors.prepaid_desk import bill_of_purse, bills_of_purse, purse_at_desk, usable_at_desk


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_http_methods(["GET", "POST"])
def purse(request: HttpRequest, account_id: str) -> HttpResponse:
    """One balance; Enter opens the bill of a top-up, which the next page takes the cash for."""
    actor = institutions.staff_actor(request)
    found = purse_at_desk(account=account_id, actor=actor)
    form = DeskAmountForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            bill = services.open_top_up(
                account=account_id,
                institution=actor.institution,
                amount_fen=form.cleaned_data["amount"],
                actor=actor,
            )
        except DomainError as exc:
            form.add_error("amount", f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("window-bill", bill.bill_id)
    audit.record(Action.PREPAID_READ, actor=actor, subject=found.row, details={"channel": "window"})
    context = {"purse": found, "form": form, "bills": bills_of_purse(purse=found, actor=actor)}
    return render(request, "payments/window/purse.html", context, status=422 if form.errors else 200)


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, account_id: str, bill_id: str) -> HttpResponse:
    """Pay a bill of whoever showed the card from the balance; what is left is taken in cash."""
    actor = institutions.staff_actor(request)
    found = purse_at_desk(account=account_id, actor=actor)
    bill = bill_of_purse(purse=found, bill=bill_id, actor=actor)
    part = usable_at_desk(bill=bill)
    rest = bill.due_fen - part
    form = BalanceCashForm(request.POST if request.method == "POST" else None, part_fen=part, rest_fen=rest)
    if form.is_bound and form.is_valid():
        try:
            services.pay_in_cash(
                bill=bill_id,
                received_fen=form.cleaned_data["received"],
                parts=services.balance_parts(bill=bill_id, amount_fen=form.cleaned_data["part"]),
                actor=actor,
            )
        except DomainError as exc:
            field = exc.field if exc.field in form.fields else None
            form.add_error(field, f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("window-receipt", bill_id)
    audit.record(Action.BILL_READ, actor=actor, subject=bill, details={"channel": "window"})
    context = {"purse": found, "bill": bill, "form": form, "part_fen": part, "rest_fen": rest}
    return render(request, "payments/window/pay_from_purse.html", context, status=422 if form.errors else 200)


@duty_required(Duty.REFUND)
@never_cache
@require_http_methods(["GET", "POST"])
def pay_out(request: HttpRequest, account_id: str) -> HttpResponse:
    """Give back what was topped up at this hospital; cash is handed out on the next page."""
    actor = institutions.staff_actor(request)
    found = purse_at_desk(account=account_id, actor=actor)
    form = DeskAmountForm(request.POST if request.method == "POST" else None, most_fen=found.here_fen)
    if form.is_bound and form.is_valid():
        try:
            refunds = services.pay_out(
                account=account_id,
                amount_fen=form.cleaned_data["amount"],
                institution=actor.institution,
                actor=actor,
            )
        except DomainError as exc:
            form.add_error("amount", f"{exc.text()}。{exc.advice()}")
        else:
            cash = refund_to_hand_out(refunds=refunds)
            return redirect("window-refund-pay", cash) if cash else redirect("window-refunds")
    context = {"purse": found, "form": form}
    return render(request, "payments/window/pay_out.html", context, status=422 if form.errors else 200)
