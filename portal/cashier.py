"""Where a cashier begins: the number of a bill, or the code of the patient's card.

Bills know nothing of cards; the two meet here.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards.services.window_provisional import card_by_code
from foundation.core.errors import DomainError
from foundation.core.text import mask_name
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from payments.forms import FindForm
from payments.forms_prepaid import FindPurseForm
from payments.selectors.desk import bill_by_number, open_bills_of
from payments.services import open_account


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find what is to be paid; with one bill, on to it."""
    actor = institutions.staff_actor(request)
    form = FindForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        try:
            if form.number:
                return redirect("window-bill", bill_by_number(number=form.number, actor=actor))
            card = card_by_code(text=form.cleaned_data["code"], actor=actor)
            rows = open_bills_of(person_pk=card.person_id, actor=actor)
        except DomainError as exc:
            form.add_error("code", f"{exc.text()}。{exc.advice()}")
        else:
            if len(rows) == 1:
                return redirect("window-bill", rows[0].public_id)
            context |= {"holder": mask_name(card.face["name"]), "rows": rows}
    return render(request, "payments/window/find.html", context, status=422 if form.errors else 200)


@duty_required(Duty.TAKE_CASH)
@never_cache
@require_http_methods(["GET", "POST"])
def find_purse(request: HttpRequest) -> HttpResponse:
    """Find the balance of whoever shows a card; opened where there is none yet."""
    actor = institutions.staff_actor(request)
    form = FindPurseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        visit = form.cleaned_data["visit"].strip()
        try:
            card = card_by_code(text=form.cleaned_data["code"].strip(), actor=actor)
            account = open_account(
                person_pk=card.person_id,
                institution=actor.institution if visit else "",
                visit=visit,
                actor=actor,
            )
        except DomainError as exc:
            form.add_error("code", f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("window-purse", account)
    context = {"form": form}
    return render(request, "payments/window/find_purse.html", context, status=422 if form.errors else 200)
