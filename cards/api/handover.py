"""The native institution API about cards that residents hand over; signed calls only."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_handover as schemas
from cards.api.schemas_institution import Problem
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.codes.page import showable_number
from cards.services import handover, visits
from cards.services.binding import link_patient
from cards.verification.holder import card_answer
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent
from foundation.gateway.scopes import CARD_CLAIM, CARD_REGISTER


class ClaimedCard(SignedView):
    """A card by the code with which its holder came back."""

    permission_classes = [RequireScope(CARD_CLAIM)]

    @extend_schema(
        operation_id="claimCard",
        parameters=[KEY_HEADER],
        request=schemas.ClaimRequest,
        responses={200: schemas.ClaimedCard, 409: Problem, 410: Problem, **PROBLEMS},
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Redeem the code of ``/open/claim/``; the institution knows the holder from now on.

        A code works once, for five minutes, and only for the institution that it was made for.
        """
        data = valid(schemas.ClaimRequest, request)
        caller = caller_of(request)
        actor = actor_of_caller(caller)
        claimed = handover.redeem_claim_code(code=data["code"], actor=actor)
        if data["patient_id"]:
            link_patient(card_pk=claimed.card.pk, patient_id=data["patient_id"], actor=actor)
        answer = card_answer(showable_number(claimed.card), caller.scopes)
        return Response(answer | {"is_self": claimed.is_self})


class OneSlip(SignedView):
    """What stands behind a code that the institution has printed."""

    permission_classes = [RequireScope(CARD_REGISTER)]

    @extend_schema(
        operation_id="readSlip",
        responses={200: schemas.Slip, 404: Problem, **PROBLEMS},
        tags=["institution"],
    )
    def get(self, request: Request, code: str) -> Response:
        """The fields that were kept with ``saveScanQrField`` of the Tencent dialect, for 90 days."""
        fields = visits.read_slip(code=code, actor=actor_of_caller(caller_of(request)))
        return Response({"values": fields}, headers={"Cache-Control": "no-store"})
