"""The resident API for looking for a session; no session of a resident is needed."""

from datetime import date

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api import schemas_search as schemas
from appointments.selectors import finding, search
from foundation.accounts.api.resident import PublicView
from foundation.core.errors import InvalidInput

_DAY = OpenApiParameter("day", date, description="Whose sessions are listed; the week is that of the day.")
_WEEK = OpenApiParameter("week", int, description="Weeks from today on; 0 is this one.")
_WORDS = OpenApiParameter(
    "q",
    str,
    required=True,
    description="Words with spaces between them, 40 characters at most; each is part of the name or of"
    " where it is, and one at least of the name.",
)
_TAGS = ["schedules"]


class Hospitals(PublicView):
    """Hospitals."""

    @extend_schema(operation_id="listHospitals", responses={200: schemas.Hospitals}, tags=_TAGS, auth=[])
    def get(self, request: Request) -> Response:
        """Every hospital with sessions to come."""
        found, freshness = search.hospitals()
        return Response(schemas.Hospitals({"hospitals": found, "freshness": freshness}).data)


class Find(PublicView):
    """Names."""

    @extend_schema(
        operation_id="findByName",
        parameters=[_WORDS],
        responses={200: schemas.Found},
        tags=_TAGS,
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Hospitals, departments and doctors with sessions to come that are called so."""
        words = request.query_params.get("q", "").strip()
        if not 0 < len(words) <= finding.LONGEST:
            raise InvalidInput(field="q")
        return Response(schemas.Found(finding.find(words)).data)


class OneHospital(PublicView):
    """A hospital."""

    @extend_schema(
        operation_id="readHospital", responses={200: schemas.HospitalDepartments}, tags=_TAGS, auth=[]
    )
    def get(self, request: Request, public_id: str) -> Response:
        """A hospital's departments with sessions to come."""
        return Response(schemas.HospitalDepartments(search.hospital(public_id)).data)


class OneDepartment(PublicView):
    """A department."""

    @extend_schema(
        operation_id="readDepartment",
        parameters=[_DAY, _WEEK],
        responses={200: schemas.Week},
        tags=_TAGS,
        auth=[],
    )
    def get(self, request: Request, public_id: str) -> Response:
        """A week of a department, with the sessions of one day."""
        shown = search.department(public_id, day=_day(request), week=_week(request))
        return Response(schemas.Week(shown).data)


class OneDoctor(PublicView):
    """A doctor."""

    @extend_schema(
        operation_id="readDoctor",
        parameters=[_DAY, _WEEK],
        responses={200: schemas.Week},
        tags=_TAGS,
        auth=[],
    )
    def get(self, request: Request, public_id: str) -> Response:
        """A week of a doctor, with the sessions of one day."""
        shown = search.doctor(public_id, day=_day(request), week=_week(request))
        return Response(schemas.Week(shown).data)


class OneSchedule(PublicView):
    """A session."""

    @extend_schema(operation_id="readSchedule", responses={200: schemas.Schedule}, tags=_TAGS, auth=[])
    def get(self, request: Request, public_id: str) -> Response:
        """A session with its bands, each with its free places."""
        return Response(schemas.Schedule(search.schedule(public_id)).data)


def _day(request: Request) -> date | None:
    text = request.query_params.get("day", "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise InvalidInput(field="day") from exc


def _week(request: Request) -> int:
    text = request.query_params.get("week", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 4):
        raise InvalidInput(field="week")
    return int(text)
