"""My appointments: the list, one of them, confirming, cancelling and changing."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from appointments.booking_forms import BandForm
from appointments.errors import BookingStateConflict, HoldOver
from appointments.rules import BookingState, EndReason
from appointments.selectors import bookings
from appointments.selectors.bookings import BookingView
from appointments.services.bookings import confirm_booking
from appointments.services.leaving import cancel_booking, change_booking
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError


@resident_required
@never_cache
@require_GET
def appointments(request: HttpRequest) -> HttpResponse:
    """What is to come and what was, of everybody for whom the account acts."""
    cursor = request.GET.get("after", "")
    page = bookings.bookings_of(accounts.account_of(request).pk, cursor=cursor)
    return render(request, "appointments/list.html", {"page_of": page, "cursor": cursor})


@resident_required
@never_cache
@require_GET
def appointment(request: HttpRequest, booking_id: str) -> HttpResponse:
    """One booking, and what can be done with it.

    Raises:
        BookingNotFound: It is nobody's for whom the account acts.
    """
    shown = bookings.booking_of(accounts.account_of(request).pk, booking_id)
    return _one(request, shown)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest, booking_id: str) -> HttpResponse:
    """Book what was held; where a fee is due, on to its bill.

    Raises:
        BookingNotFound: It is nobody's for whom the account acts.
    """
    if request.method == "GET":
        return redirect("appointment", booking_id)
    try:
        made = confirm_booking(booking=booking_id, actor=accounts.actor_of(request))
    except (BookingStateConflict, HoldOver) as exc:
        shown = bookings.booking_of(accounts.account_of(request).pk, booking_id)
        if shown.state == BookingState.BOOKED:
            # The other of two clicks has confirmed it.
            return redirect("appointment", booking_id)
        return _one(request, shown, problem=f"{exc.text()}。{exc.advice()}")
    return redirect("bill", made.bill) if made.bill else redirect("appointment", booking_id)


def _one(request: HttpRequest, shown: BookingView, *, problem: str = "") -> HttpResponse:
    context = {"booking": shown, "band": shown.band, "problem": problem}
    return render(request, "appointments/one.html", context, status=409 if problem else 200)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, booking_id: str) -> HttpResponse:
    """Say what cancelling means; the button cancels.

    Raises:
        BookingNotFound: It is nobody's for whom the account acts.
    """
    account_pk = accounts.account_of(request).pk
    shown = bookings.booking_of(account_pk, booking_id)
    problem = ""
    if request.method == "POST":
        try:
            cancel_booking(booking=booking_id, actor=accounts.actor_of(request))
        except DomainError as exc:
            problem = f"{exc.text()}。{exc.advice()}"
        if not problem or bookings.booking_of(account_pk, booking_id).end_reason == EndReason.RESIDENT:
            # By this click, or by the other of two.
            messages.success(request, _("预约已取消"))
            return redirect("appointment", booking_id)
    elif not shown.may_cancel:
        return redirect("appointment", booking_id)
    context = {"form": None, "booking": shown, "band": shown.band, "problem": problem}
    return render(request, "appointments/cancel.html", context, status=409 if problem else 200)


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, booking_id: str) -> HttpResponse:
    """To which time it is changed; the old one is kept until the new one is sure.

    Raises:
        BookingNotFound: It is nobody's for whom the account acts.
    """
    account_pk = accounts.account_of(request).pk
    shown = bookings.booking_of(account_pk, booking_id)
    if not shown.may_change:
        return redirect("appointment", _moved_to(request, booking_id) or booking_id)
    others = bookings.alternatives(shown.band, same_fee=True)
    form = BandForm(request.POST if request.method == "POST" else None, bands=others)
    if form.is_bound and form.is_valid():
        try:
            made = change_booking(
                booking=booking_id, slot=form.cleaned_data["slot"], actor=accounts.actor_of(request)
            )
        except DomainError as exc:
            known = _moved_to(request, booking_id)
            if known:
                return redirect("appointment", known)
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已改约"))
            return redirect("appointment", made.booking_id)
    context = {"form": form, "booking": shown, "band": shown.band, "others": others}
    return render(request, "appointments/change.html", context, status=422 if form.errors else 200)


def _moved_to(request: HttpRequest, booking_id: str) -> str:
    """The booking that the other of two clicks has made of this one; empty if none or another was wished."""
    account_pk = accounts.account_of(request).pk
    found = bookings.booking_of(account_pk, booking_id).moved_to
    if not found or request.method != "POST":
        return ""
    is_so = bookings.booking_of(account_pk, found).band.slot_id == request.POST.get("slot")
    return found if is_so else ""
