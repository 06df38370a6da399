"""What one owes and paid."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.paper import can_print
from payments import codes
from payments.errors import BillNotFound
from payments.forms import FeesForm
from payments.pdf import render_voucher
from payments.selectors.history import Standing, Wanted, fees_of
from payments.selectors.insured import insured_choices
from payments.selectors.invoices import invoice_document, invoices_of
from payments.selectors.paying import choices
from payments.selectors.prepaid import usable_for
from payments.selectors.resident import bill_of, full_name_of

NARROWED_BY = ("person", "standing", "year", "hospital")


@never_cache
@require_GET
@resident_required
def bills(request: HttpRequest) -> HttpResponse:
    """Every bill, the latest first; of one person, year, hospital or state where they are chosen."""
    given = {name: request.GET.get(name, "") for name in NARROWED_BY}
    wanted = Wanted(**given)
    page = fees_of(
        account_pk=accounts.account_of(request).pk, wanted=wanted, before=request.GET.get("before", "")
    )
    context = {
        "page_of": page,
        "wanted": wanted,
        "form": FeesForm(given, page=page),
        "people": [
            (whom.name, whom.relation_word, _link(given, person=whom.person_id), whom.person_id)
            for whom in page.people
        ],
        "everybody": _link(given, person=""),
        "standings": [
            (word, _link(given, standing=value), value == wanted.standing)
            for value, word in [("", _("全部")), *Standing.choices]
        ],
        "older": _link(given, before=page.older) if page.older else "",
    }
    return render(request, "payments/bills.html", context)


@never_cache
@require_GET
@resident_required
def bill(request: HttpRequest, bill_id: str) -> HttpResponse:
    """One bill: its lines and parts, what goes back, and the code for the window where it is needed."""
    account = accounts.account_of(request)
    shown = bill_of(account_pk=account.pk, bill_id=bill_id)
    code = codes.svg(shown.number) if shown.is_open or shown.waits_at_window else ""
    agent = request.headers.get("User-Agent", "")
    pays_online = shown.is_open and bool(
        choices(bill=bill_id, user_agent=agent) or insured_choices(bill=bill_id, user_agent=agent)
    )
    from_balance = shown.is_open and bool(usable_for(account_pk=account.pk, bill_id=bill_id))
    context = {
        "bill": shown,
        "code": code,
        "pays_online": pays_online,
        "from_balance": from_balance,
        "invoices": invoices_of(shown) if shown.is_paid else [],
    }
    return render(request, "payments/bill.html", context)


@never_cache
@require_GET
@resident_required
def invoice(request: HttpRequest, bill_id: str, invoice_id: str) -> HttpResponse:
    """The PDF of an electronic invoice, as the hospital made it."""
    account = accounts.account_of(request)
    content = invoice_document(account_pk=account.pk, bill_id=bill_id, invoice_id=invoice_id)
    audit.record(
        Action.INVOICE_READ, actor=accounts.actor_of(request), subject=("payments.Invoice", invoice_id)
    )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="invoice.pdf"'
    return response


@never_cache
@require_GET
@resident_required
def receipt(request: HttpRequest, bill_id: str) -> HttpResponse:
    """The receipt of a bill that was paid.

    Raises:
        BillNotFound: It was not.
    """
    shown = bill_of(account_pk=accounts.account_of(request).pk, bill_id=bill_id)
    if not shown.is_paid:
        raise BillNotFound
    context = {"bill": shown, "back": f"/bills/{bill_id}/", "can_print": can_print()}
    return render(request, "payments/receipt.html", context)


@never_cache
@require_GET
@resident_required
def voucher(request: HttpRequest, bill_id: str) -> HttpResponse:
    """The receipt as PDF with the hospital's letterhead.

    Raises:
        BillNotFound: The bill was not paid.
    """
    shown = bill_of(account_pk=accounts.account_of(request).pk, bill_id=bill_id)
    if not shown.is_paid:
        raise BillNotFound
    content = render_voucher(shown, institution=full_name_of(shown))
    audit.record(Action.VOUCHER_PRINTED, actor=accounts.actor_of(request), subject=("payments.Bill", bill_id))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="receipt.pdf"'
    return response


def _link(given: Mapping[str, str], **changed: str) -> str:
    """The same list, with another choice."""
    return "?" + urlencode({name: value for name, value in {**given, **changed}.items() if value})
