"""A resident's own reports and visits (OP-08, OP-12)."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from foundation.accounts.access import resident_required
from foundation.audit import services as audit
from foundation.audit.actions import Action
from records import charts, pdf, unlocking
from records.errors import DocumentNotFound
from records.printing import document_for
from records.readers import people_of, reader_of, reader_of_report, version_named
from records.rules import ReportKind
from records.selectors.reports import head_of, read_report, reports_of, visits_of
from records.selectors.trends import trend_of


@never_cache
@require_GET
@resident_required
def reports(request: HttpRequest) -> HttpResponse:
    """The reports of a person; what they are about only while contents are open."""
    whose = reader_of(request, request.GET.get("person", ""))
    kind = request.GET.get("kind", "")
    is_open = unlocking.open_until(request.session) is not None
    page = reports_of(whose.person_pk, kind=kind, cursor=request.GET.get("cursor", ""), with_titles=is_open)
    context = {
        "whose": whose,
        "people": people_of(request),
        "rows": page.rows,
        "older": _address(whose.person_id, kind, page.older) if page.older else "",
        "kinds": [("", _address(whose.person_id), not kind)]
        + [(word, _address(whose.person_id, value), kind == value) for value, word in ReportKind.choices],
        "is_open": is_open,
        "here": request.get_full_path(),
    }
    return render(request, "records/reports.html", context)


@never_cache
@require_GET
@resident_required
def visits(request: HttpRequest) -> HttpResponse:
    """Visits and stays; what was found only while contents are open."""
    whose = reader_of(request, request.GET.get("person", ""))
    is_open = unlocking.open_until(request.session) is not None
    page = visits_of(whose.person_pk, with_content=is_open, cursor=request.GET.get("cursor", ""))
    context = {
        "whose": whose,
        "people": people_of(request),
        "visits": page.rows,
        "older": _address(whose.person_id, cursor=page.older) if page.older else "",
        "is_open": is_open,
        "here": request.get_full_path(),
    }
    return render(request, "records/visits.html", context)


@never_cache
@require_GET
@resident_required
def report(request: HttpRequest, report_id: str) -> HttpResponse:
    """One report, after the strong check."""
    whose = reader_of_report(request, report_id)
    head = head_of(whose.person_pk, report_id)
    if head.is_withdrawn:
        return render(request, "records/withdrawn.html", {"whose": whose, "head": head})
    if unlocking.open_until(request.session) is None:
        return _to_unlock(request)
    version = version_named(request.GET.get("version", ""))
    shown = read_report(whose.person_pk, report_id, version=version)
    audit.record(Action.REPORT_READ, actor=whose.actor, subject=("records.Report", report_id))
    context = {"whose": whose, "report": shown, "has_document": shown.has_document or pdf.can_render()}
    return render(request, "records/report.html", context)


@never_cache
@require_GET
@resident_required
def document(request: HttpRequest, report_id: str) -> HttpResponse:
    """The PDF: the hospital's own, or ours with its letterhead."""
    whose = reader_of_report(request, report_id)
    if unlocking.open_until(request.session) is None:
        return _to_unlock(request)
    version = version_named(request.GET.get("version", ""))
    shown = read_report(whose.person_pk, report_id, version=version)
    if not shown.has_document and not pdf.can_render():
        raise DocumentNotFound
    content = document_for(shown)
    audit.record(Action.REPORT_READ, actor=whose.actor, subject=("records.Report", report_id))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="report.pdf"'
    return response


@never_cache
@require_GET
@resident_required
def trend(request: HttpRequest, report_id: str, position: int) -> HttpResponse:
    """How one indicator changed, as a table and a chart."""
    whose = reader_of_report(request, report_id)
    if unlocking.open_until(request.session) is None:
        return _to_unlock(request)
    shown = trend_of(whose.person_pk, report_id, position)
    audit.record(Action.REPORT_READ, actor=whose.actor, subject=("records.Report", report_id))
    context = {"whose": whose, "trend": shown, "chart": charts.chart_of(shown), "report_id": report_id}
    return render(request, "records/trend.html", context)


def _address(person_id: str, kind: str = "", cursor: str = "") -> str:
    given = {"person": person_id, "kind": kind, "cursor": cursor}
    return "?" + urlencode({name: value for name, value in given.items() if value})


def _to_unlock(request: HttpRequest) -> HttpResponse:
    return redirect(reverse("records-unlock") + "?" + urlencode({"next": request.get_full_path()}))
