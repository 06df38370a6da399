"""Examinations: what was ordered, and booking all of it together."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from appointments import booked_by
from appointments.exam_forms import DayForm
from appointments.selectors.exams import Proposal, exam_sets, is_booked_in, proposal
from appointments.selectors.reach import patient_for
from appointments.services.exams import book_exams
from foundation.accounts import selectors as accounts
from foundation.accounts.access import resident_required
from foundation.core.errors import DomainError


@resident_required
@never_cache
@require_GET
def exams(request: HttpRequest) -> HttpResponse:
    """What was ordered for everybody for whom the account books."""
    return render(request, "appointments/exams.html", {"sets": exam_sets(accounts.account_of(request).pk)})


@resident_required
@never_cache
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, order_id: str) -> HttpResponse:
    """When everything that waits could be done; the button books it all.

    Raises:
        ExamOrderNotFound: Nothing waits under this order.
    """
    account = accounts.account_of(request)
    form = DayForm(request.GET)
    first_day: date | None = form.cleaned_data["from"] if form.is_valid() else None
    # The other of two clicks may have booked just this, before this one looks or while it books.
    chosen = request.POST.get(f"slot-{order_id}", "")
    if chosen and is_booked_in(account.pk, order_id, chosen):
        return redirect("exams")
    found = proposal(account.pk, order_id, first_day=first_day)
    problem = ""
    if request.method == "POST":
        try:
            book_exams(
                slots=_chosen(request, found),
                patient=patient_for(account.pk, found.patient.person_id),
                by=booked_by.browser(request),
                actor=accounts.actor_of(request),
            )
        except DomainError as exc:
            if is_booked_in(account.pk, order_id, chosen):
                return redirect("exams")
            problem = f"{exc.text()}。{exc.advice()}"
            found = proposal(account.pk, order_id, first_day=first_day)
        else:
            messages.success(request, _("检查已约好，请按准备要求做"))
            return redirect("exams")
    context = {"plan": found, "problem": problem, "form": DayForm(initial={"from": found.first_day})}
    return render(request, "appointments/exam_plan.html", context, status=409 if problem else 200)


def _chosen(request: HttpRequest, found: Proposal) -> dict[str, str]:
    """The band of each examination, as the page showed it."""
    return {exam.id: request.POST.get(f"slot-{exam.id}", "") for exam in found.exams}
