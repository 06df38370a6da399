"""The native institution API about confirmations; signed calls only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import confirmations
from cards.api import schemas_confirmations as schemas
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.services.by_institution import bound_card, card_of_patient
from cards.services.confirmations import FORM, ask_for_confirmation
from foundation.core.errors import InvalidInput
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import CONFIRMATION_ASK
from gmcrypto.statements import is_genuine


class Confirmations(SignedView):
    """Asking."""

    permission_classes = [RequireScope(CONFIRMATION_ASK)]

    @extend_schema(
        operation_id="askForConfirmation",
        parameters=[KEY_HEADER],
        request=schemas.ConfirmationRequest,
        responses={201: schemas.Confirmation, 404: Problem, 409: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask a patient of yours to confirm a text with the health card; the holder is told."""
        data = valid(schemas.ConfirmationRequest, request)
        if ("health_card_id" in data) == ("patient_id" in data):
            raise InvalidInput(field="health_card_id")
        actor = actor_of_caller(caller_of(request))
        if "patient_id" in data:
            card = card_of_patient(patient_id=data["patient_id"], actor=actor)
        else:
            card = bound_card(card_id=data["health_card_id"], actor=actor)
        row = ask_for_confirmation(
            card=card,
            title=data["title"],
            text=data["text"],
            valid_minutes=data["valid_minutes"],
            actor=actor,
        )
        return Response(answer_of(confirmations.shown_to_institution(row)), status=201)


class OneConfirmation(SignedView):
    """One of them."""

    permission_classes = [RequireScope(CONFIRMATION_ASK)]

    @extend_schema(
        operation_id="readConfirmation",
        responses={200: schemas.Confirmation, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, confirmation_id: str) -> Response:
        """Where it stands, and the signed receipt once it was answered."""
        row = confirmations.asked_by(institution=caller_of(request).institution, public_id=confirmation_id)
        shown = confirmations.shown_to_institution(row)
        return Response(answer_of(shown), headers={"Cache-Control": "no-store"})


class Verification(SignedView):
    """Receipts."""

    permission_classes = [RequireScope(CONFIRMATION_ASK)]

    @extend_schema(
        operation_id="verifyConfirmation",
        request=schemas.Receipt,
        responses={200: schemas.Genuineness, **PROBLEMS},
        tags=["institution"],
    )
    def post(self, request: Request) -> Response:
        """Whether this centre signed the receipt exactly as it is here; nothing is changed or kept."""
        data = valid(schemas.Receipt, request)
        signature = data["signature"]
        genuine = is_genuine(
            FORM,
            data["statement"],
            key_id=signature.get("key_id", ""),
            value=signature.get("value", ""),
        )
        return Response({"genuine": genuine})


def answer_of(shown: confirmations.ShownConfirmation) -> dict[str, Any]:
    """Where a confirmation stands, in both APIs."""
    return {
        "confirmation_id": shown.id,
        "state": shown.state,
        "reason": shown.reason,
        "receipt": shown.receipt,
        "expires_at": shown.expires_at,
    }
