"""The window: a document is read, a time chosen, a number given. Made for a keyboard and a reader."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from appointments.booking_forms import BandForm, PatientForm
from appointments.errors import BookingNotFound
from appointments.selectors import bookings
from appointments.selectors.reach import patient_of
from appointments.services.leaving import cancel_booking
from appointments.services.window import book_at_window, find_patient
from foundation.core.errors import DomainError
from foundation.core.text import mask_name
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from institutions.selectors import clinics
from mpi import selectors as mpi

# Whom this session has been shown a document of; others are not booked for by address.
PATIENT = "window_booking_patient"


@duty_required(Duty.BOOK_FOR_RESIDENTS)
@never_cache
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Read the document; with a known one, on to the times."""
    form = PatientForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            patient = find_patient(**form.document(), actor=institutions.staff_actor(request))
        except DomainError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, f"{exc.text()}。{exc.advice()}")
        else:
            request.session[PATIENT] = patient.person_id
            return redirect("window-booking-times")
    return render(
        request, "appointments/window/desk.html", {"form": form}, status=422 if form.errors else 200
    )


@duty_required(Duty.BOOK_FOR_RESIDENTS)
@never_cache
@require_http_methods(["GET", "POST"])
def times(request: HttpRequest) -> HttpResponse:
    """Choose a department, then a time of it; the button books it."""
    person = mpi.by_public_id(request.session.get(PATIENT, ""))
    if person is None:
        return redirect("window-booking")
    actor = institutions.staff_actor(request)
    department = request.GET.get("department", "")
    bands = bookings.bands_at_window(actor, department) if department else []
    form = BandForm(request.POST if request.method == "POST" else None, bands=bands, is_window=True)
    if form.is_bound and form.is_valid():
        try:
            made = book_at_window(
                slot=form.cleaned_data["slot"],
                patient=patient_of(person.person_pk, person.person_id),
                actor=actor,
            )
        except DomainError as exc:
            form.add_error(None, f"{exc.text()}。{exc.advice()}")
        else:
            return redirect("window-booking-done", made.booking_id)
    name = mask_name(mpi.particulars(person.person_pk).name)
    context = {
        "form": form,
        "bands": bands,
        "name": name,
        "department": department,
        "departments": clinics.open_departments(actor.institution),
    }
    return render(request, "appointments/window/times.html", context, status=422 if form.errors else 200)


@duty_required(Duty.BOOK_FOR_RESIDENTS)
@never_cache
@require_http_methods(["GET", "POST"])
def done(request: HttpRequest, booking_id: str) -> HttpResponse:
    """The number to tell the patient; a mistake is taken back here.

    Raises:
        BookingNotFound: The booking is another institution's.
    """
    actor = institutions.staff_actor(request)
    row = bookings.visible_bookings(actor).filter(public_id=booking_id).first()
    if row is None:
        raise BookingNotFound
    problem = ""
    if request.method == "POST":
        try:
            cancel_booking(booking=booking_id, reason=_("窗口撤回"), actor=actor)
        except DomainError as exc:
            problem = f"{exc.text()}。{exc.advice()}"
        else:
            messages.success(request, _("预约已取消"))
            return redirect("window-booking")
    context = {
        "form": None,
        "problem": problem,
        "row": row,
        "band": bookings.band_of(row.slot.public_id),
        "name": mask_name(mpi.particulars(row.person_id).name),
    }
    return render(request, "appointments/window/done.html", context, status=409 if problem else 200)
