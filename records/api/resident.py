"""The resident API about one's own reports and visits."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.apps import APP_HEADER, ResidentView
from cards.whose import Whose
from foundation.accounts import selectors as accounts
from foundation.accounts import sessions
from foundation.accounts.api_auth import session_of
from foundation.audit import services as audit
from foundation.audit.actions import Action
from records import unlocking
from records.api import schemas
from records.printing import document_for
from records.readers import reader_of, reader_of_report, version_named
from records.rules import Opening
from records.selectors.reports import ReadReport, ReportHead, Visit, read_report, reports_of, visits_of
from records.selectors.trends import trend_of

PERSON = OpenApiParameter(
    "person_id", str, required=False, description="A child of the account; the account's own person if empty."
)
VERSION = OpenApiParameter("version", int, required=False, description="An earlier version.")
_PRIVATE = {"Cache-Control": "no-store"}


class Reports(ResidentView):
    """Reports."""

    @extend_schema(
        operation_id="listReports",
        parameters=[
            APP_HEADER,
            PERSON,
            OpenApiParameter("kind", str, required=False),
            OpenApiParameter("cursor", str, required=False),
        ],
        responses={200: schemas.Reports},
        tags=["records"],
    )
    def get(self, request: Request) -> Response:
        """Those heard last first, twenty at a time; titles only while contents are open."""
        given = request.query_params
        whose = reader_of(request._request, given.get("person_id", ""))
        until = unlocking.open_until(session_of(request))
        page = reports_of(
            whose.person_pk,
            kind=given.get("kind", ""),
            cursor=given.get("cursor", ""),
            with_titles=until is not None,
        )
        told = {
            "reports": [head_told(row) for row in page.rows],
            "next_cursor": page.older,
            "open_until": until,
        }
        return Response(told, headers=_PRIVATE)


class OneReport(ResidentView):
    """One report."""

    @extend_schema(
        operation_id="readReport",
        parameters=[APP_HEADER, VERSION],
        responses={200: schemas.Report},
        tags=["records"],
    )
    def get(self, request: Request, report_id: str) -> Response:
        """What it says; refused with `records_locked` while contents are shut."""
        return Response(report_told(_opened(request, report_id, Opening.CONTENT)), headers=_PRIVATE)


class Document(ResidentView):
    """The PDF of a report."""

    @extend_schema(
        operation_id="downloadReport",
        parameters=[APP_HEADER, VERSION],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
        tags=["records"],
    )
    def get(self, request: Request, report_id: str) -> HttpResponse:
        """The hospital's own PDF, or one that we render with its letterhead."""
        report = _opened(request, report_id, Opening.DOCUMENT)
        return HttpResponse(document_for(report), content_type="application/pdf", headers=_PRIVATE)


class Trend(ResidentView):
    """One indicator over time."""

    @extend_schema(
        operation_id="readTrend",
        parameters=[APP_HEADER],
        responses={200: schemas.Trend},
        tags=["records"],
    )
    def get(self, request: Request, report_id: str, position: int) -> Response:
        """How the indicator at a place of a report changed, from all hospitals that name it alike."""
        whose = _reader(request, report_id, Opening.TREND)
        found = trend_of(whose.person_pk, report_id, position)
        points = [
            {
                "report_id": point.report_id,
                "at": point.at,
                "place": point.place,
                "value": point.result.value,
                "unit": point.result.unit,
                "mark_words": point.result.mark_words,
                "number": point.number,
            }
            for point in found.points
        ]
        told = {
            "name": found.name,
            "unit": found.unit,
            "low": found.low,
            "high": found.high,
            "points": points,
        }
        return Response(told, headers=_PRIVATE)


class Visits(ResidentView):
    """Visits."""

    @extend_schema(
        operation_id="listVisits",
        parameters=[APP_HEADER, PERSON, OpenApiParameter("cursor", str, required=False)],
        responses={200: schemas.Visits},
        tags=["records"],
    )
    def get(self, request: Request) -> Response:
        """Visits and stays, the latest first, twenty a page; what was found only while contents are open."""
        given = request.query_params
        whose = reader_of(request._request, given.get("person_id", ""))
        until = unlocking.open_until(session_of(request))
        page = visits_of(whose.person_pk, with_content=until is not None, cursor=given.get("cursor", ""))
        told = {
            "visits": [visit_told(one) for one in page.rows],
            "next_cursor": page.older,
            "open_until": until,
        }
        return Response(told, headers=_PRIVATE)


class UnlockCode(ResidentView):
    """Codes that open contents."""

    @extend_schema(
        operation_id="requestRecordsCode",
        parameters=[APP_HEADER],
        request=None,
        responses={202: schemas.CodeSent},
        tags=["records"],
    )
    def post(self, request: Request) -> Response:
        """Send a code to the phone that the account signs in with."""
        return Response({"phone": unlocking.send_code(request._request)}, status=202)


class Unlock(ResidentView):
    """The limited time in which contents are open."""

    @extend_schema(
        operation_id="openRecords",
        parameters=[APP_HEADER],
        request=schemas.CodeGiven,
        responses={200: schemas.Opened},
        tags=["records"],
    )
    def post(self, request: Request) -> Response:
        """Open contents for fifteen minutes in this session."""
        data = schemas.CodeGiven(data=request.data)
        data.is_valid(raise_exception=True)
        inner, session = request._request, session_of(request)
        with sessions.resumed(inner, session, accounts.account_of(inner)):
            until = unlocking.unlock(inner, session=session, code=data.validated_data["code"])
        return Response({"open_until": until})

    @extend_schema(
        operation_id="shutRecords",
        parameters=[APP_HEADER],
        request=None,
        responses={204: None},
        tags=["records"],
    )
    def delete(self, request: Request) -> Response:
        """Shut them before the time is over."""
        inner, session = request._request, session_of(request)
        with sessions.resumed(inner, session, accounts.account_of(inner)):
            unlocking.lock(session)
        return Response(status=204)


def head_told(row: ReportHead) -> dict[str, Any]:
    """A head, in both APIs."""
    return {
        "report_id": row.report_id,
        "kind": row.kind,
        "state": row.state,
        "institution": row.institution,
        "place": row.place,
        "reported_at": row.reported_at,
        "version": row.version,
        "title": row.title,
        "abnormal": row.abnormal,
    }


def report_told(report: ReadReport) -> dict[str, Any]:
    """A report with what it says, in both APIs."""
    return head_told(report.head) | {
        "version": report.version,
        "title": report.title,
        "reported_at": report.reported_at,
        "department": report.department,
        "doctor": report.doctor,
        "specimen": report.specimen,
        "results": [
            {
                "position": one.position,
                "name": one.name,
                "value": one.value,
                "unit": one.unit,
                "reference": one.reference,
                "mark": one.mark,
                "mark_words": one.mark_words,
            }
            for one in report.results
        ],
        "findings": report.findings,
        "conclusion": report.conclusion,
        "reason": report.reason,
        "versions": [{"version": number, "reported_at": at} for number, _query, at in report.versions],
        "has_document": report.has_document,
    }


def visit_told(visit: Visit) -> dict[str, Any]:
    """A visit, in both APIs."""
    return {
        "encounter_id": visit.encounter_id,
        "kind": visit.kind,
        "place": visit.place,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "department": visit.department,
        "doctor": visit.doctor,
        "complaint": visit.complaint,
        "diagnoses": list(visit.diagnoses),
        "advice": visit.advice,
        "medicines": list(visit.medicines),
    }


def _reader(request: Request, report_id: str, opening: Opening) -> Whose:
    whose = reader_of_report(request._request, report_id)
    unlocking.require_open(session_of(request), opening)
    audit.record(Action.REPORT_READ, actor=whose.actor, subject=("records.Report", report_id))
    return whose


def _opened(request: Request, report_id: str, opening: Opening) -> ReadReport:
    whose = _reader(request, report_id, opening)
    version = version_named(request.query_params.get("version", ""))
    return read_report(whose.person_pk, report_id, version=version)
