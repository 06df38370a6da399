"""Emergencies: the pages of rescuers, and what residents leave for them (ER-01)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.accounts.views import show
from foundation.core.errors import DomainError, TooManyRequests
from foundation.core.pagination import page_number
from identity.rules import Deed
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from records.errors import EmergencyCodeRefused
from records.forms import EmergencyForm, EmergencyInfoForm
from records.readers import own_person_id, people_of, reader_of
from records.selectors.emergency import info_of, patient_of
from records.services.emergency import keep_emergency_info, open_by_code, open_by_document
from records.services.viewing import open_in_emergency, read_report_in_emergency


@duty_required(Duty.OPEN_EMERGENCY)
@never_cache
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Find the patient by code or document, and say why it cannot wait."""
    form = EmergencyForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        data, actor = form.cleaned_data, institutions.staff_actor(request)
        try:
            if form.is_code:
                opening = open_by_code(
                    text=data["who"], reason=data["reason"], ticket=data["ticket"], actor=actor
                )
            else:
                opening = open_by_document(
                    id_type=data["id_type"],
                    number=form.number(),
                    reason=data["reason"],
                    ticket=data["ticket"],
                    actor=actor,
                )
        except TooManyRequests:
            raise
        except EmergencyCodeRefused as exc:
            # The next thing that is read must not be appended to the code that was of no help.
            form.forget_code()
            show(form, exc)
        except DomainError as exc:
            show(form, exc)
        else:
            return redirect("emergency-patient", opening)
    form.focus()
    return render(request, "records/emergency/desk.html", {"form": form}, status=422 if form.errors else 200)


@duty_required(Duty.OPEN_EMERGENCY)
@never_cache
@require_GET
def patient(request: HttpRequest, opening_id: str) -> HttpResponse:
    """What helps first, then the records."""
    actor = institutions.staff_actor(request)
    page = page_number(request.GET.get("page", ""))
    opened = open_in_emergency(opening_id=opening_id, page=page, actor=actor)
    context = {
        "patient": patient_of(opening_id, actor),
        "opened": opened,
        "opening_id": opening_id,
        "older": f"?page={opened.after}",
    }
    return render(request, "records/emergency/patient.html", context)


@duty_required(Duty.OPEN_EMERGENCY)
@never_cache
@require_GET
def report(request: HttpRequest, opening_id: str, report_id: str) -> HttpResponse:
    """One report."""
    shown = read_report_in_emergency(
        opening_id=opening_id, report_id=report_id, actor=institutions.staff_actor(request)
    )
    back = reverse("emergency-patient", args=[opening_id])
    return render(request, "records/doctor/report.html", {"report": shown, "back": back})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def info(request: HttpRequest) -> HttpResponse:
    """What rescuers are to know of oneself, or of one's child."""
    person = request.POST.get("person", "") or request.GET.get("person", "")
    whose = reader_of(request, person, Deed.GRANT_ACCESS)
    kept = info_of(whose.person_pk)
    form = EmergencyInfoForm(request.POST or None, kept=kept.details if kept is not None else None)
    if form.is_bound and form.is_valid():
        try:
            keep_emergency_info(
                account_pk=accounts.account_of(request).pk,
                person_id=whose.person_id or own_person_id(request),
                details=form.details(),
                actor=accounts.actor_of(request),
            )
        except DomainError as exc:
            show(form, exc)
        else:
            messages.success(request, _("急救信息已保存"))
            query = f"?person={whose.person_id}" if whose.person_id else ""
            return redirect(reverse("emergency-info") + query)
    context = {"form": form, "whose": whose, "people": people_of(request), "kept": kept}
    return render(request, "records/emergency/info.html", context, status=422 if form.errors else 200)
