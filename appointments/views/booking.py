"""Booking a band of time: for whom, and then it is booked."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appointments import booked_by
from appointments.booking_forms import PatientsForm
from appointments.errors import SlotFull
from appointments.selectors import bookings
from appointments.selectors.reach import patient_for
from appointments.services.bookings import book_together
from appointments.types import BookingRef
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, slot_id: str) -> HttpResponse:
    """What would be booked, and for whom; the button books it.

    Raises:
        SlotUnknown: There is no such band.
    """
    account = accounts.account_of(request)
    band = bookings.band_of(slot_id)
    patients = bookings.patients_of(account.pk)
    form = PatientsForm(request.POST if request.method == "POST" else None, patients=patients)
    gone = "stopped" if band.is_stopped else "" if band.left else "full"
    if form.is_bound and form.is_valid():
        try:
            made = _book(request, slot_id, form.cleaned_data["who"])
        except DomainError as exc:
            # The other of two clicks may have booked just this.
            known = bookings.booked_in(account.pk, slot_id, form.cleaned_data["who"])
            if known:
                return _done(request, known)
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
            gone = "full" if isinstance(exc, SlotFull) else gone
        else:
            return _done(request, [ref.booking_id for ref in made])
    others = bookings.alternatives(band)[:5] if gone else []
    context = {"form": form, "band": band, "patients": patients, "gone": gone, "others": others}
    return render(request, "appointments/new.html", context, status=422 if form.errors else 200)


def _book(request: HttpRequest, slot_id: str, who: list[str]) -> list[BookingRef]:
    account = accounts.account_of(request)
    return book_together(
        choices=[(slot_id, patient_for(account.pk, person_id)) for person_id in who],
        by=booked_by.browser(request),
        actor=accounts.actor_of(request),
    )


def _done(request: HttpRequest, made: list[str]) -> HttpResponse:
    if len(made) > 1:
        messages.success(request, _("已为 %(count)s 人预约") % {"count": len(made)})
        return redirect("appointments")
    return redirect("appointment", made[0])
