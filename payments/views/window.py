"""The cashier's window: made for a keyboard and a scanner.

Each page has its focus where the next key goes, and Enter goes on.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from foundation.core.money import yuan
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from payments.errors import BillNotFound
from payments.forms import CashForm, RefundForm
from payments.rules import RefundReason
from payments.selectors import desk
from payments.services import hand_out_refund, pay_in_cash, refund_bill


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_http_methods(["GET", "POST"])
def bill(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Take the money for a bill."""
    actor = institutions.staff_actor(request)
    found = desk.bill_at_desk(bill=bill_id, actor=actor)
    form = CashForm(request.POST if request.method == "POST" else None, total_fen=found.row.due_fen)
    if form.is_bound and form.is_valid():
        try:
            pay_in_cash(bill=bill_id, received_fen=form.cleaned_data["received"], actor=actor)
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
            found = desk.bill_at_desk(bill=bill_id, actor=actor)
        else:
            return redirect("window-receipt", bill_id)
    _read(found, actor)
    context = {"bill": found, "form": form}
    return render(request, "payments/window/bill.html", context, status=422 if form.errors else 200)


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_GET
def receipt(request: HttpRequest, bill_id: str) -> HttpResponse:
    """What goes back over the counter, and the receipt to print.

    Raises:
        BillNotFound: The bill was not paid.
    """
    actor = institutions.staff_actor(request)
    found = desk.bill_at_desk(bill=bill_id, actor=actor)
    if not found.is_paid:
        raise BillNotFound
    _read(found, actor)
    return render(request, "payments/window/receipt.html", {"bill": found})


@duty_required(Duty.REFUND)
@never_cache
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, bill_id: str) -> HttpResponse:
    """Give back what a patient paid, or a part; the money itself is handed out on the next page."""
    actor = institutions.staff_actor(request)
    found = desk.bill_at_desk(bill=bill_id, actor=actor)
    left = found.left_fen
    form = RefundForm(request.POST if request.method == "POST" else None, left_fen=left)
    if form.is_bound and form.is_valid():
        try:
            opened = refund_bill(
                bill=bill_id, amount_fen=form.cleaned_data["amount"], reason=RefundReason.STAFF, actor=actor
            )
        except DomainError as exc:
            form.add_error("amount", f"{exc.text()}。{exc.advice()}")
        else:
            waiting = desk.refund_to_hand_out(refunds=opened)
            if waiting:
                return redirect("window-refund-pay", waiting)
            amount = yuan(form.cleaned_data["amount"])
            messages.success(request, _("¥%(amount)s 已退回预交金余额") % {"amount": amount})
            return redirect("window-bill", bill_id)
    context = {"bill": found, "form": form, "left_fen": left}
    return render(request, "payments/window/refund.html", context, status=422 if form.errors else 200)


@duty_required(Duty.REFUND)
@never_cache
@require_http_methods(["GET", "POST"])
def pay_refund(request: HttpRequest, refund_id: str) -> HttpResponse:
    """Hand the money out."""
    actor = institutions.staff_actor(request)
    waiting = desk.refund_at_desk(refund=refund_id, actor=actor)
    if request.method == "POST":
        amount = hand_out_refund(refund=refund_id, actor=actor)
        messages.success(request, _("已退 ¥%(amount)s") % {"amount": yuan(amount)})
        return redirect("window-refunds")
    return render(request, "payments/window/pay_refund.html", {"refund": waiting})


@duty_required(Duty.REFUND)
@never_cache
@require_GET
def refunds(request: HttpRequest) -> HttpResponse:
    """What this institution has to give back."""
    actor = institutions.staff_actor(request)
    page = desk.due_refunds(actor=actor, after=request.GET.get("after", ""))
    return render(request, "payments/window/refunds.html", {"rows": page.rows, "newer": page.newer})


def _read(found: desk.DeskBill, actor: Actor) -> None:
    audit.record(Action.BILL_READ, actor=actor, subject=found.row, details={"channel": "window"})
