"""The institution API about the life of a card: particulars, loss, re-issue, end."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_institution as schemas
from cards.api import schemas_life
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.models import CardNumber
from cards.rules.life import CardMove
from cards.services import by_institution
from cards.verification.holder import card_answer
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent, key_of
from foundation.gateway.scopes import CARD_MANAGE, CARD_UPDATE
from mpi.types import PersonChanges

_RESPONSES = {200: schemas.Card, 404: schemas.Problem, 409: schemas.Problem, **PROBLEMS}


class Particulars(SignedView):
    """The particulars of a card's holder."""

    permission_classes = [RequireScope(CARD_UPDATE)]
    new_identity: by_institution.NewIdentity | None = None

    def ask_outside(self, request: Request) -> None:
        """Have another name or certificate confirmed before the transaction."""
        data = valid(schemas_life.UpdateRequest, request)
        if "name" in data or "id_type" in data:
            self.new_identity = by_institution.check_new_identity(
                card_id=self.kwargs["health_card_id"],
                id_type=data.get("id_type", ""),
                id_number=data.get("id_number", ""),
                name=data.get("name", ""),
                actor=actor_of_caller(caller_of(request)),
                request_id=key_of(request.META),
            )

    @extend_schema(
        operation_id="updateParticulars",
        parameters=[KEY_HEADER],
        request=schemas_life.UpdateRequest,
        responses={**_RESPONSES, 422: schemas.Problem},
        tags=["institution"],
    )
    @idempotent
    def patch(self, request: Request, health_card_id: str) -> Response:
        """Change what a person whom the institution treats has told it.

        Another name or certificate must be confirmed by the population database, and gives the
        card another number; the number before still resolves.
        """
        data = valid(schemas_life.UpdateRequest, request)
        number = by_institution.update_by_institution(
            card_id=health_card_id,
            changes=PersonChanges(
                phone=data.get("phone"), address=data.get("address"), nation=data.get("nation")
            ),
            new_identity=self.new_identity,
            reason=data["reason"],
            actor=actor_of_caller(caller_of(request)),
        )
        return _answer(request, number)


class Loss(SignedView):
    """Loss."""

    permission_classes = [RequireScope(CARD_MANAGE)]

    @extend_schema(
        operation_id="reportCardLoss",
        parameters=[KEY_HEADER],
        request=schemas_life.Reason,
        responses=_RESPONSES,
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Report the card lost; every verification fails from now on."""
        return _moved(request, health_card_id, CardMove.REPORT_LOSS)


class LossWithdrawal(SignedView):
    """A lost card that was found."""

    permission_classes = [RequireScope(CARD_MANAGE)]

    @extend_schema(
        operation_id="withdrawCardLoss",
        parameters=[KEY_HEADER],
        request=schemas_life.Reason,
        responses=_RESPONSES,
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Take a lost card into use again, with the number that it has."""
        return _moved(request, health_card_id, CardMove.WITHDRAW_LOSS)


class Reissue(SignedView):
    """Re-issue."""

    permission_classes = [RequireScope(CARD_MANAGE)]

    @extend_schema(
        operation_id="reissueCardNumber",
        parameters=[KEY_HEADER],
        request=schemas_life.ReissueRequest,
        responses=_RESPONSES,
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Give the card another number; every code of the old one is refused from now on.

        Asked again for the old number, it answers with the one that took its place.
        """
        data = valid(schemas_life.ReissueRequest, request)
        number = by_institution.reissue_by_institution(
            card_id=health_card_id,
            id_type=data["id_type"],
            id_number=data["id_number"],
            reason=data["reason"],
            actor=actor_of_caller(caller_of(request)),
        )
        return _answer(request, number)


class Cancellation(SignedView):
    """The end of a card."""

    permission_classes = [RequireScope(CARD_MANAGE)]

    @extend_schema(
        operation_id="cancelCardForGood",
        parameters=[KEY_HEADER],
        request=schemas_life.Reason,
        responses=_RESPONSES,
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Cancel the card for good; the person may be registered again and gets another number."""
        return _moved(request, health_card_id, CardMove.CANCEL)


def _moved(request: Request, card_id: str, move: CardMove) -> Response:
    data: dict[str, Any] = valid(schemas_life.Reason, request)
    number = by_institution.move_by_institution(
        card_id=card_id, move=move, reason=data["reason"], actor=actor_of_caller(caller_of(request))
    )
    return _answer(request, number)


def _answer(request: Request, number: CardNumber) -> Response:
    return Response(card_answer(number, caller_of(request).scopes), headers={"Cache-Control": "no-store"})
