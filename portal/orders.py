"""Where staff look an order up: by any of its numbers, or by the code of the patient's card.

Bills know nothing of cards; the two meet here.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cards.services.window_provisional import card_by_code
from foundation.core.errors import DomainError
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty, may
from payments.forms import OrderForm
from payments.selectors.orders import orders_by_number, orders_of_person


@duty_required(Duty.SEE_BILLS)
@never_cache
@require_http_methods(["GET", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find orders; with one found, on to it. The number travels in the body, for a card's code is one too."""
    actor = institutions.staff_actor(request)
    form = OrderForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid():
        text = form.cleaned_data["code"]
        try:
            rows = orders_by_number(text=text, actor=actor)
            if not rows and form.may_be_card and may(actor, Duty.WORK_AT_WINDOW):
                card = card_by_code(text=text, actor=actor)
                rows = orders_of_person(person_pk=card.person_id, actor=actor)
        except DomainError as exc:
            form.add_error("code", f"{exc.text()}。{exc.advice()}")
        else:
            if len(rows) == 1:
                return redirect("window-order", rows[0].row.public_id)
            context |= {"rows": rows, "is_searched": True}
    return render(request, "payments/window/orders.html", context, status=422 if form.errors else 200)
