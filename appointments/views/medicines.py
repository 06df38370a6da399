"""Collecting medicines: the resident's pages, and the window of the pharmacy."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from appointments.queue_forms import DayCodeForm, DeskForm, ScanForm
from appointments.selectors import calling, medicines
from appointments.services.desk import find_at_pharmacy
from appointments.services.medicines import call_for_medicine, check_in_for_medicine, hand_out
from appointments.views.call_desk import remember, seen
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError, TooManyRequests
from institutions import selectors as institutions
from institutions.access import duty_required
from institutions.rules import Duty
from mpi import selectors as mpi

# At which window this session hands out.
WINDOW = "pharmacy_window"


@never_cache
@require_GET
@resident_required
def overview(request: HttpRequest) -> HttpResponse:
    """What is ready, and what was collected."""
    rows = medicines.medicines_of(accounts.account_of(request).pk)
    return render(request, "appointments/medicines/list.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "POST"])
@resident_required
def check_in(request: HttpRequest, medicine_id: str) -> HttpResponse:
    """Queue at the pharmacy with the code of the day."""
    account, actor = accounts.account_of(request), accounts.actor_of(request)
    form = DayCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = check_in_for_medicine(
                medicine=medicine_id, account_pk=account.pk, code=form.cleaned_data["code"], actor=actor
            )
        except TooManyRequests:
            raise
        except DomainError as exc:
            form.add_error("code" if exc.field == "code" else None, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("签到成功"))
            return redirect("waiting-ticket", made)
    shown = medicines.shown_medicine(account_pk=account.pk, medicine=medicine_id, actor=actor)
    context = {"medicine": shown, "form": form}
    return render(
        request, "appointments/medicines/check_in.html", context, status=422 if form.errors else 200
    )


@duty_required(Duty.HAND_OUT_MEDICINE)
@never_cache
@require_http_methods(["GET", "POST"])
def pharmacy(request: HttpRequest) -> HttpResponse:
    """Read the card of whoever stands at the window, or call the next one."""
    actor = institutions.staff_actor(request)
    if "desk" in request.POST or "act" in request.POST:
        return _call(request)
    form = ScanForm(request.POST if request.method == "POST" else None)
    problem = ""
    if form.is_bound and form.is_valid():
        try:
            found = find_at_pharmacy(
                text=form.cleaned_data["text"], request_id=form.cleaned_data["ticket"], actor=actor
            )
        except TooManyRequests:
            raise
        except DomainError as exc:
            # The next scan types over what is wrong, so nothing of it is kept.
            form, problem = ScanForm(), f"{exc.text()}。{exc.advice()}"
        else:
            return redirect("pharmacy-person", remember(request, found.person_pk))
    window = request.session.get(WINDOW, "")
    context = {
        "form": form,
        "problem": problem,
        "desk": window,
        "desk_form": DeskForm(initial={"desk": window}),
        "consoles": calling.pharmacy_consoles(desk=window, actor=actor),
    }
    status = 422 if problem or form.errors else 200
    return render(request, "appointments/medicines/pharmacy.html", context, status=status)


def _call(request: HttpRequest) -> HttpResponse:
    actor = institutions.staff_actor(request)
    if "desk" in request.POST:
        form = DeskForm(request.POST)
        if form.is_valid():
            request.session[WINDOW] = form.cleaned_data["desk"].strip()
        return redirect("pharmacy")
    try:
        call_for_medicine(
            queue=request.POST.get("queue", ""),
            desk=request.session.get(WINDOW, ""),
            current=request.POST.get("current", ""),
            actor=actor,
        )
    except DomainError as exc:
        messages.error(request, f"{exc.text()}。{exc.advice()}")
    return redirect("pharmacy")


@duty_required(Duty.HAND_OUT_MEDICINE)
@never_cache
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, seen_id: str) -> HttpResponse:
    """What is ready for somebody; hand it out, once."""
    actor = institutions.staff_actor(request)
    person_pk = seen(request, seen_id)
    if request.method == "POST":
        try:
            hand_out(medicine=request.POST.get("medicine", ""), person_pk=person_pk, actor=actor)
        except DomainError as exc:
            messages.error(request, f"{exc.text()}。{exc.advice()}")
        else:
            messages.success(request, _("已发药"))
        return redirect("pharmacy-person", seen_id)
    context = {
        "name": mpi.particulars(person_pk).name,
        "rows": medicines.ready_for(person_pk=person_pk, actor=actor),
    }
    return render(request, "appointments/medicines/person.html", context)
