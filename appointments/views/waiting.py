"""A resident's pages from the arrival to the call."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from appointments.errors import TicketMoveRefused
from appointments.queue_forms import DayCodeForm, PlaceForm
from appointments.rules.queueing import TicketState
from appointments.selectors import check_in as reading
from appointments.selectors import queues
from appointments.services import check_in
from appointments.services.queues import leave_queue
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError, TooManyRequests


@never_cache
@require_GET
@resident_required
def waiting(request: HttpRequest) -> HttpResponse:
    """Everybody's places of today, and who can check in."""
    account_pk = accounts.account_of(request).pk
    context = {"tickets": queues.tickets_of(account_pk), "visits": reading.visits_of(account_pk)}
    return render(request, "appointments/queue/waiting.html", context)


@never_cache
@require_GET
@resident_required
def ticket(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """Where one stands, live; whoever was sent to another queue is led along."""
    account_pk = accounts.account_of(request).pk
    shown = queues.shown_ticket(account_pk=account_pk, ticket=ticket_id)
    if shown.is_transferred:
        return redirect("waiting-ticket", queues.successor_of(ticket_id))
    return render(request, "appointments/queue/ticket.html", {"ticket": shown})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def leave(request: HttpRequest, ticket_id: str) -> HttpResponse:
    """Say what leaving means; the button does it."""
    account = accounts.account_of(request)
    if request.method == "POST":
        try:
            leave_queue(ticket=ticket_id, account_pk=account.pk, actor=accounts.actor_of(request))
        except TicketMoveRefused:
            # The other of two clicks may have left.
            if queues.shown_ticket(account_pk=account.pk, ticket=ticket_id).state != TicketState.LEFT:
                raise
        messages.success(request, _("已离开队列"))
        return redirect("waiting")
    shown = queues.shown_ticket(account_pk=account.pk, ticket=ticket_id)
    return render(request, "appointments/queue/leave.html", {"ticket": shown, "form": None})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def check_in_page(request: HttpRequest, booking_id: str) -> HttpResponse:
    """Check in by where the phone is, or by the code of the day."""
    account, actor = accounts.account_of(request), accounts.actor_of(request)
    is_place = "latitude" in request.POST
    form: forms.Form = DayCodeForm(request.POST or None) if not is_place else PlaceForm(request.POST)
    if request.method == "POST" and form.is_valid():
        act = check_in.check_in_with_location if is_place else check_in.check_in_with_code
        try:
            made = act(booking=booking_id, account_pk=account.pk, actor=actor, **form.cleaned_data)
        except TooManyRequests:
            raise
        except DomainError as exc:
            form.add_error("code" if exc.field == "code" else None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("签到成功"))
            return redirect("waiting-ticket", made)
    shown = reading.check_in_page(account_pk=account.pk, booking=booking_id, actor=actor)
    known = reading.ticket_of(booking_id)
    if known:
        return redirect("waiting-ticket", known)
    code_form = DayCodeForm() if is_place else form
    context = {"visit": shown, "form": form, "code_form": code_form}
    return render(request, "appointments/queue/check_in.html", context, status=422 if form.errors else 200)
