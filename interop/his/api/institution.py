"""The native institution API about patient numbers; signed calls only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import selectors as cards
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.errors import CardUnknown
from cards.services.by_institution import bound_card
from cards.verification import reference
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import PATIENT_OPEN
from interop.his import patients
from interop.his.api import schemas
from interop.his.errors import CardNotNamed
from interop.his.models import OPEN_STATES
from interop.his.patients import PatientNumber

WAIT_SECONDS = 3.0


class PatientRecords(SignedView):
    """Automatic record creation (自动建档)."""

    permission_classes = [RequireScope(PATIENT_OPEN)]

    def ask_outside(self, request: Request) -> None:
        """Have the hospital's system asked before the transaction."""
        caller = caller_of(request)
        self.told = patients.ask(
            person_pk=_person(valid(schemas.PatientRecordRequest, request), caller),
            institution=caller.institution,
            cause="scan",
            actor=actor_of_caller(caller),
        )
        if self.told.state in OPEN_STATES:
            self.told = patients.wait(
                record=self.told.record_id, institution=caller.institution, seconds=WAIT_SECONDS
            )

    @extend_schema(
        operation_id="openPatientRecord",
        parameters=[KEY_HEADER],
        request=schemas.PatientRecordRequest,
        responses={200: schemas.PatientRecord, 404: Problem, 409: Problem, 422: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Get the institution's own number of a person in front of it, by the code that was scanned.

        A number that is known comes at once. Otherwise the institution's system is asked for one, or
        to make one; of two scans at the same time one asks, and both get the same number. Where it
        takes longer than three seconds, ``record_id`` is what to ask again with.
        """
        return Response(_shown(self.told))


class OnePatientRecord(SignedView):
    """Where a question stands."""

    permission_classes = [RequireScope(PATIENT_OPEN)]

    @extend_schema(
        operation_id="readPatientRecord",
        responses={200: schemas.PatientRecord, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, record_id: str) -> Response:
        """``done`` with the number; ``ambiguous`` is for the hospital's staff to decide."""
        caller = caller_of(request)
        return Response(_shown(patients.read(record=record_id, institution=caller.institution)))


def _person(data: dict[str, Any], caller: Caller) -> int:
    if bool(data["code"]) == bool(data["health_card_id"]):
        raise CardNotNamed(field="code")
    if data["code"]:
        person_pk = cards.person_of_number(reference(data["code"], caller=caller).card_id)
        if person_pk is None:
            raise CardUnknown(field="code")
        return person_pk
    card = bound_card(card_id=data["health_card_id"], actor=actor_of_caller(caller))
    return card.person_id


def _shown(told: PatientNumber) -> dict[str, Any]:
    return {
        "state": told.state,
        "patient_id": told.patient_id or None,
        "record_id": told.record_id or None,
    }
