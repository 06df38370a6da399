"""The native institution API about the check-in; signed calls only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from appointments.api import schemas_queue as schemas
from appointments.selectors.calling import place_of
from appointments.services.check_in import check_in_by_system
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.services.by_institution import bound_card, card_of_patient
from cards.services.desk_scan import person_of_scan
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import Caller, actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import QUEUE_JOIN
from institutions import selectors as institutions
from mpi import selectors as mpi

_WHO = ("code", "health_card_id", "patient_id")


class CheckIns(SignedView):
    """Check-in at a machine of the hospital."""

    permission_classes = [RequireScope(QUEUE_JOIN)]

    @extend_schema(
        operation_id="checkInPatient",
        parameters=[KEY_HEADER],
        request=schemas.MachineCheckIn,
        responses={200: schemas.Place, 404: Problem, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Check in whoever has booked for today and is before the machine; gives their place."""
        data = valid(schemas.MachineCheckIn, request)
        caller = caller_of(request)
        actor = actor_of_caller(caller)
        made = check_in_by_system(
            persons=mpi.cluster(_person(data, caller)),
            booking=data["booking_id"],
            institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
            actor=actor,
        )
        return Response(place_of(ticket=made, actor=actor))


def _person(data: dict[str, Any], caller: Caller) -> int:
    """The person whom one of the three names."""
    if sum(name in data for name in _WHO) != 1:
        raise InvalidInput(field="code")
    if "code" in data:
        return person_of_scan(text=data["code"], caller=caller).person_pk
    actor = actor_of_caller(caller)
    if "patient_id" in data:
        return int(card_of_patient(patient_id=data["patient_id"], actor=actor).person_id)
    return int(bound_card(card_id=data["health_card_id"], actor=actor).person_id)
