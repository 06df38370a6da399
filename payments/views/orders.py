"""One order with all that happened to it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from foundation.audit import services as audit
from foundation.audit.actions import Action
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from payments.selectors.money import money_of
from payments.selectors.orders import order_for
from payments.selectors.parts import legs_of, refunds_of
from payments.selectors.timeline import timeline_of


@duty_required(Duty.SEE_BILLS)
@never_cache
@require_GET
def order(request: HttpRequest, bill_id: str) -> HttpResponse:
    """The order, its parts and refunds, and the list of what happened."""
    actor = institutions.staff_actor(request)
    found = order_for(bill=bill_id, actor=actor)
    steps = timeline_of(bill=found.row, actor=actor)
    audit.record(Action.BILL_READ, actor=actor, subject=found.row, details={"channel": "orders"})
    context = {
        "order": found,
        "money": money_of(found.row),
        "steps": steps,
        "legs": legs_of(found.row),
        "refunds": refunds_of(found.row),
    }
    return render(request, "payments/window/order.html", context)
