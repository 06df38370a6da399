"""The native institution API about reports and visits; signed calls only.

The same can be said by events; hospitals that rather call get the answer at once.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.services.by_institution import bound_card, card_of_patient
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import REPORT_PUBLISH
from records.api import schemas
from records.services.encounters import record_encounter
from records.services.reports import publish_report, withdraw_report
from records.types import EncounterDetails, Indicator, ReportDetails


class Reports(SignedView):
    """Reports."""

    permission_classes = [RequireScope(REPORT_PUBLISH)]

    @extend_schema(
        operation_id="publishReport",
        parameters=[KEY_HEADER],
        request=schemas.ReportGiven,
        responses={200: schemas.ReportKept, 404: Problem, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Publish a report of a patient of yours, or amend one that is known by its number."""
        data = valid(schemas.ReportGiven, request)
        actor = actor_of_caller(caller_of(request))
        kept = publish_report(
            institution=actor.institution,
            person_pk=patient_of(data, actor),
            details=ReportDetails(
                number=data["report_no"],
                kind=data["kind"],
                title=data["title"],
                reported_at=data["reported_at"],
                indicators=[Indicator(**one) for one in data["results"]],
                findings=data["findings"],
                conclusion=data["conclusion"],
                department=data["department"],
                doctor=data["doctor"],
                specimen=data["specimen"],
                encounter=data["encounter_no"],
                reason=data["reason"],
                has_document=data["has_document"],
            ),
            actor=actor,
        )
        return Response({"report_id": kept.report_id, "version": kept.version, "changed": kept.is_changed})


class Withdrawals(SignedView):
    """Reports that are taken back."""

    permission_classes = [RequireScope(REPORT_PUBLISH)]

    @extend_schema(
        operation_id="withdrawReport",
        parameters=[KEY_HEADER],
        request=schemas.Withdrawal,
        responses={200: schemas.Withdrawn, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Take a report back; the patient sees that it was, and not what it said."""
        data = valid(schemas.Withdrawal, request)
        actor = actor_of_caller(caller_of(request))
        changed = withdraw_report(
            institution=actor.institution, number=data["report_no"], reason=data["reason"], actor=actor
        )
        return Response({"changed": changed})


class Encounters(SignedView):
    """Visits."""

    permission_classes = [RequireScope(REPORT_PUBLISH)]

    @extend_schema(
        operation_id="recordEncounter",
        parameters=[KEY_HEADER],
        request=schemas.EncounterGiven,
        responses={200: schemas.EncounterKept, 404: Problem, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Tell of a visit or a stay of a patient of yours, or what is new of one."""
        data = valid(schemas.EncounterGiven, request)
        actor = actor_of_caller(caller_of(request))
        encounter_id = record_encounter(
            institution=actor.institution,
            person_pk=patient_of(data, actor),
            details=EncounterDetails(
                number=data["encounter_no"],
                kind=data["kind"],
                started_at=data["started_at"],
                ended_at=data["ended_at"],
                department=data["department"],
                doctor=data["doctor"],
                complaint=data["complaint"],
                diagnoses=data["diagnoses"],
                advice=data["advice"],
                medicines=data["medicines"],
            ),
            actor=actor,
        )
        return Response({"encounter_id": encounter_id})


def patient_of(data: dict[str, Any], actor: Actor) -> int:
    """The patient whom one of the two numbers names."""
    if ("health_card_id" in data) == ("patient_id" in data):
        raise InvalidInput(field="health_card_id")
    if "patient_id" in data:
        return int(card_of_patient(patient_id=data["patient_id"], actor=actor).person_id)
    return int(bound_card(card_id=data["health_card_id"], actor=actor).person_id)
