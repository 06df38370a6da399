"""The resident API about examinations."""

from typing import Any

from django.utils.dateparse import parse_date
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments import booked_by
from appointments.api import schemas_exams as schemas
from appointments.selectors.exams import ExamView, exam_sets, proposal
from appointments.selectors.reach import patient_for
from appointments.services.exams import book_exams
from cards.api.apps import ResidentView
from foundation.accounts import selectors as accounts
from foundation.core.errors import InvalidInput

_NO_STORE = {"Cache-Control": "no-store"}


class Exams(ResidentView):
    """What was ordered."""

    @extend_schema(operation_id="listExams", responses={200: schemas.Exams}, tags=["examinations"])
    def get(self, request: Request) -> Response:
        """What was ordered for everybody for whom the account books, the latest first."""
        sets = exam_sets(accounts.account_of(request._request).pk)
        found = [_told(exam) for each in sets for exam in (*each.waiting, *each.settled)]
        return Response({"exams": found}, headers=_NO_STORE)


class Plan(ResidentView):
    """A plan."""

    @extend_schema(
        operation_id="planExams",
        parameters=[OpenApiParameter("from", str, required=False, description="The first day, YYYY-MM-DD.")],
        responses={200: schemas.Plan},
        tags=["examinations"],
    )
    def get(self, request: Request, order_id: str) -> Response:
        """When the order, and whatever else waits for its person at its hospital, could be done."""
        text = request.query_params.get("from", "")
        try:
            day = parse_date(text) if text else None
        except ValueError as exc:
            raise InvalidInput(field="from") from exc
        if text and day is None:
            raise InvalidInput(field="from")
        found = proposal(accounts.account_of(request._request).pk, order_id, first_day=day)
        stops = [
            {
                "slot": stop.slot,
                "department": stop.department,
                "place": stop.place,
                "starts_at": stop.starts_at,
                "ends_at": stop.ends_at,
                "order_ids": [exam.id for exam in stop.exams],
            }
            for stop in found.stops
        ]
        answer = {
            "person_id": found.patient.person_id,
            "stops": stops,
            "reasons": found.reasons,
            "without_places": found.without_places,
        }
        return Response(answer, headers=_NO_STORE)


class ExamBookings(ResidentView):
    """Sets of examinations."""

    @extend_schema(
        operation_id="bookExams",
        request=schemas.ExamBooking,
        responses={201: schemas.MadeExams},
        tags=["examinations"],
    )
    def post(self, request: Request) -> Response:
        """Book a set together, all or none."""
        data = schemas.ExamBooking(data=request.data)
        data.is_valid(raise_exception=True)
        given = data.validated_data
        made = book_exams(
            slots={choice["order_id"]: choice["slot"] for choice in given["choices"]},
            patient=patient_for(accounts.account_of(request._request).pk, given["person_id"]),
            by=booked_by.application(request._request, self.channel),
            actor=accounts.actor_of(request._request),
        )
        return Response({"booking_ids": made}, status=201, headers=_NO_STORE)


def _told(exam: ExamView) -> dict[str, Any]:
    return {
        "order_id": exam.id,
        "person_id": exam.person_id,
        "institution": exam.institution,
        "name": exam.name,
        "department": exam.department,
        "place": exam.place,
        "preparation": exam.preparation,
        "state": exam.state,
        "starts_at": exam.starts_at,
        "ends_at": exam.ends_at,
        "booking_id": exam.booking,
    }
