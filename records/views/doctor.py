"""The doctor's pages: ask the patient, wait for the answer, read what was opened (OP-07)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from cards.codes.image import svg
from foundation.accounts.views import show
from foundation.core.errors import DomainError, TooManyRequests
from foundation.core.pagination import page_number
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from records.forms import AskForm
from records.selectors.access import grants_for_reader, request_of_reader
from records.services import viewing
from records.services.access import ask_by_scan, ask_with_code

# The texts of the codes that this session shows; the database has only their digests.
SHOWN = "access_codes"
MOST_SHOWN = 10


@duty_required(Duty.READ_RECORDS)
@never_cache
@require_http_methods(["GET", "POST"])
def desk(request: HttpRequest) -> HttpResponse:
    """Scan the patient's code, or show one; below it what is open at present."""
    actor = institutions.staff_actor(request)
    form = AskForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            if form.cleaned_data["code"] and request.POST.get("way") != "show":
                request_id = ask_by_scan(
                    text=form.cleaned_data["code"],
                    ticket=form.cleaned_data["ticket"],
                    actor=actor,
                    **form.asked(),
                )
            else:
                shown = ask_with_code(actor=actor, **form.asked())
                _remember(request, shown.request_id, shown.text)
                request_id = shown.request_id
        except TooManyRequests:
            raise
        except DomainError as exc:
            show(form, exc)
        else:
            return redirect("doctor-request", request_id)
    form.focus()
    context = {"form": form, "grants": grants_for_reader(actor)}
    return render(request, "records/doctor/desk.html", context, status=422 if form.errors else 200)


@duty_required(Duty.READ_RECORDS)
@never_cache
@require_GET
def asked(request: HttpRequest, request_id: str) -> HttpResponse:
    """The code for the patient to scan, or that the phone was told; then the answer."""
    found = request_of_reader(request_id, institutions.staff_actor(request))
    if found.grant_id:
        return redirect("doctor-grant", found.grant_id)
    text = request.session.get(SHOWN, {}).get(request_id, "")
    context = {"asked": found, "code": svg(text) if text and found.is_waiting else ""}
    return render(request, "records/doctor/asked.html", context)


@duty_required(Duty.READ_RECORDS)
@never_cache
@require_GET
def state(request: HttpRequest, request_id: str) -> JsonResponse:
    """Whether the answer is there, for the page that waits."""
    found = request_of_reader(request_id, institutions.staff_actor(request))
    return JsonResponse({"done": not found.is_waiting, "url": reverse("doctor-request", args=[request_id])})


@duty_required(Duty.READ_RECORDS)
@never_cache
@require_GET
def grant(request: HttpRequest, grant_id: str) -> HttpResponse:
    """The records that the patient opened, page by page."""
    opened = viewing.open_record(
        grant_id=grant_id,
        page=page_number(request.GET.get("page", "")),
        actor=institutions.staff_actor(request),
    )
    context = {"opened": opened, "grant": opened.grant, "older": f"?page={opened.after}"}
    return render(request, "records/doctor/grant.html", context)


@duty_required(Duty.READ_RECORDS)
@never_cache
@require_GET
def report(request: HttpRequest, grant_id: str, report_id: str) -> HttpResponse:
    """One of them."""
    shown = viewing.read_report_by_grant(
        grant_id=grant_id, report_id=report_id, actor=institutions.staff_actor(request)
    )
    back = reverse("doctor-grant", args=[grant_id])
    return render(request, "records/doctor/report.html", {"report": shown, "back": back})


def _remember(request: HttpRequest, request_id: str, text: str) -> None:
    shown = request.session.get(SHOWN, {}) | {request_id: text}
    request.session[SHOWN] = dict(list(shown.items())[-MOST_SHOWN:])
