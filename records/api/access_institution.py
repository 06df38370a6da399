"""The native institution API about reading records by consent; signed calls only."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import RECORD_READ
from institutions.selectors import clinics
from records.api import schemas_access as schemas
from records.api.access_resident import asked_told
from records.api.institution import patient_of
from records.api.resident import head_told, report_told, visit_told
from records.selectors.access import request_of_reader
from records.services.access import ask_person
from records.services.viewing import open_record, read_report_by_grant

_PRIVATE = {"Cache-Control": "no-store"}


class Requests(SignedView):
    """Asking."""

    permission_classes = [RequireScope(RECORD_READ)]

    @extend_schema(
        operation_id="askForAccess",
        parameters=[KEY_HEADER],
        request=schemas.AccessAsk,
        responses={201: schemas.AskedAccess, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask a patient of yours to open records to a doctor of yours; the phone is told."""
        data = valid(schemas.AccessAsk, request)
        actor = actor_of_caller(caller_of(request))
        doctor = clinics.doctors_by_code(actor.institution).get(data["doctor_code"])
        if doctor is None:
            raise InvalidInput(field="doctor_code")
        request_id = ask_person(
            person_pk=patient_of(data, actor),
            purpose=data["purpose"],
            kinds=data["kinds"],
            name=f"{doctor.name} {doctor.title}".strip(),
            actor=actor,
        )
        return Response(asked_told(request_of_reader(request_id, actor)), status=201)


class OneRequest(SignedView):
    """One request."""

    permission_classes = [RequireScope(RECORD_READ)]

    @extend_schema(
        operation_id="readAccessState",
        responses={200: schemas.AskedAccess, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, request_id: str) -> Response:
        """Where it stands; `grant_id` once it was granted."""
        actor = actor_of_caller(caller_of(request))
        return Response(asked_told(request_of_reader(request_id, actor)), headers=_PRIVATE)


class Records(SignedView):
    """Records that a patient opened."""

    permission_classes = [RequireScope(RECORD_READ)]

    @extend_schema(
        operation_id="readRecords",
        responses={200: schemas.OpenedRecord, 404: Problem, 410: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, grant_id: str) -> Response:
        """What the consent opens; each call is written down and shown to the patient."""
        opened = open_record(grant_id=grant_id, actor=actor_of_caller(caller_of(request)))
        told = {
            "until": opened.grant.until,
            "purpose": opened.grant.purpose,
            "reports": [head_told(one) for one in opened.reports],
            "visits": [visit_told(one) for one in opened.visits],
        }
        return Response(told, headers=_PRIVATE)


class OneRecord(SignedView):
    """One report of them."""

    permission_classes = [RequireScope(RECORD_READ)]

    @extend_schema(
        operation_id="readRecord",
        responses={200: schemas.OpenedReport, 403: Problem, 404: Problem, 410: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, grant_id: str, report_id: str) -> Response:
        """One report that the consent opens."""
        report = read_report_by_grant(
            grant_id=grant_id, report_id=report_id, actor=actor_of_caller(caller_of(request))
        )
        return Response(report_told(report), headers=_PRIVATE)
