"""The institution API about people without a certificate: newborns, and patients without papers."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_institution as schemas
from cards.api import schemas_provisional
from cards.api.signed import KEY_HEADER, PROBLEMS, SignedView, caller_of, valid
from cards.codes.institution import find_number
from cards.codes.page import showable_number
from cards.errors import PersonNotBound
from cards.models import Card, CardNumber
from cards.services.binding import is_bound
from cards.services.newborn import Birth, register_mother, register_newborn
from cards.services.registration import check_for_registration
from cards.services.temporary import register_temporary
from cards.verification.holder import card_answer
from foundation.core.actor import Actor
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent, key_of
from foundation.gateway.scopes import CARD_REGISTER
from institutions import selectors as institutions
from mpi.types import PersonIdentity


class Newborns(SignedView):
    """Births."""

    permission_classes = [RequireScope(CARD_REGISTER)]
    mother: PersonIdentity | None = None
    check_id = ""

    def ask_outside(self, request: Request) -> None:
        """Have the mother's name checked before the transaction, where her certificate is given."""
        mother = valid(schemas_provisional.NewbornRequest, request)["mother"]
        if "id_number" in mother:
            self.mother = PersonIdentity(
                name=mother["name"],
                id_type=mother["id_type"],
                id_number=mother["id_number"],
                phone=mother["phone"],
            )
            self.check_id = check_for_registration(
                identity_given=self.mother,
                actor=actor_of_caller(caller_of(request)),
                request_id=key_of(request.META),
            )

    @extend_schema(
        operation_id="registerNewborn",
        parameters=[KEY_HEADER],
        request=schemas_provisional.NewbornRequest,
        responses={
            200: schemas_provisional.NewbornCard,
            201: schemas_provisional.NewbornCard,
            404: schemas.Problem,
            409: schemas.Problem,
            422: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Register a birth and get the child's card.

        A birth is known by mother, delivery record, parity and order: whoever reports it again
        gets the same card. The child's own certificate is given later by ``updateParticulars``.
        """
        data = valid(schemas_provisional.NewbornRequest, request)
        actor = actor_of_caller(caller_of(request))
        newborn = register_newborn(
            mother_pk=self._mother_pk(data["mother"], actor),
            birth=Birth(
                record=data["birth_record"],
                parity=data["parity"],
                order=data["order"],
                born_on=data["birth_date"],
                sex=data["gender"],
                name=data["name"],
                certificate=data["birth_certificate"],
            ),
            institution_pk=_institution_pk(actor),
            patient_id=data["patient_id"],
            actor=actor,
        )
        return _answer(request, newborn.card, newborn.created, {"held_by_mother": newborn.is_held})

    def _mother_pk(self, mother: dict[str, Any], actor: Actor) -> int:
        if self.mother is None:
            number = find_number(mother["health_card_id"])
            # A number stands in every printed code; it makes nobody this hospital's patient.
            if not is_bound(number.card_id, actor.institution):
                raise PersonNotBound(field="mother")
            showable_number(number.card)
            return number.card.person_id
        return register_mother(mother=self.mother, check_id=self.check_id, actor=actor)


class TemporaryCards(SignedView):
    """Temporary cards."""

    permission_classes = [RequireScope(CARD_REGISTER)]

    @extend_schema(
        operation_id="registerTemporaryCard",
        parameters=[KEY_HEADER],
        request=schemas_provisional.TemporaryRequest,
        responses={
            200: schemas.RegisteredCard,
            201: schemas.RegisteredCard,
            409: schemas.Problem,
            422: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Issue a card with a deadline to a patient whose papers nobody has.

        When they are known, give their certificate by ``updateParticulars``: the same card
        becomes an ordinary one.
        """
        data = valid(schemas_provisional.TemporaryRequest, request)
        actor = actor_of_caller(caller_of(request))
        registered = register_temporary(
            patient_id=data["patient_id"],
            name=data["name"],
            sex=data["gender"],
            nationality=data["nationality"],
            institution_pk=_institution_pk(actor),
            actor=actor,
        )
        return _answer(request, registered.card, registered.created, {})


def _institution_pk(actor: Actor) -> int:
    return institutions.visible(actor).values_list("pk", flat=True).get()


def _answer(request: Request, card: Card, created: bool, more: dict[str, Any]) -> Response:
    number = CardNumber.objects.select_related("card").get(card=card, state="current")
    answer = card_answer(number, caller_of(request).scopes) | {"created": created, **more}
    return Response(answer, status=201 if created else 200)
