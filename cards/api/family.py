"""The resident API about the family's cards.

It does what the H5 pages do, through the same services. A relative is always named in the
address, so that no call can be about another person than its caller meant.
"""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import family, selectors
from cards.api import schemas_resident as schemas
from cards.api.apps import ResidentView
from cards.api.resident import application_answer, card_of
from cards.codes import page as codes
from cards.errors import ApplicationNotFound
from cards.rules.life import CardMove
from cards.rules.steps import Answers
from cards.services import application as applications
from cards.services import family as services
from cards.services import life
from cards.services.holder import move_card
from cards.states import ApplicationState
from foundation.accounts import selectors as accounts
from foundation.core.actor import Actor
from identity import selectors as identity
from identity import services as guardians
from identity.rules import Deed, may
from identity.types import Invited


class Overview(ResidentView):
    """The family."""

    @extend_schema(operation_id="readFamily", responses={200: schemas.Family}, tags=["family"])
    def get(self, request: Request) -> Response:
        """Whom the account holds or held lately, which accounts hold its own person, and who may be added."""
        own = identity.self_person(_account_pk(request))
        held_by = identity.guardians_of(own.person_pk) if own is not None else []
        return Response(
            {
                "relatives": [_relative(one) for one in family.dependants(_account_pk(request))],
                "guardians": [
                    {
                        "holding_id": one.holding_id,
                        "name": one.name,
                        "relation": one.relation,
                        "since": one.opened_at,
                    }
                    for one in held_by
                ],
                "ended": [
                    {"relation": one.relation, "reason": one.reason, "at": one.ended_at}
                    for one in identity.ended_lately(_account_pk(request))
                ],
                "may_add": own is not None and may(own.level, Deed.HOLD_DEPENDANT),
            }
        )


class Children(ResidentView):
    """Applications for children."""

    @extend_schema(
        operation_id="applyForChild",
        request=schemas.ChildRequest,
        responses={202: schemas.Application},
        tags=["family"],
    )
    def post(self, request: Request) -> Response:
        """Apply for a child with all answers at once; staff weigh the proof of guardianship."""
        data = schemas.ChildRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        actor = accounts.actor_of(request._request)
        application = services.start_child_application(
            account_pk=account.pk, channel=self.channel, actor=actor
        )
        if application.state == ApplicationState.DRAFT:
            applications.save_answers(
                application=application,
                version=application.version,
                answers=Answers(**data.validated_data, relation=services.CHILD),
            )
            applications.submit_application(
                application=application,
                version=application.version,
                phone_known=bool(accounts.phone_of(account)),
                actor=actor,
            )
            application = applications.application_of(account_pk=account.pk, public_id=application.public_id)
        return Response(application_answer(application), status=202)


class LatestChildApplication(ResidentView):
    """The newest application for a child."""

    @extend_schema(
        operation_id="readLatestChildApplication", responses={200: schemas.Application}, tags=["family"]
    )
    def get(self, request: Request) -> Response:
        """Where the newest application for a child stands."""
        found = selectors.latest_application(_account_pk(request), relation=services.CHILD)
        if found is None:
            raise ApplicationNotFound
        return Response(application_answer(found))


class Invitations(ResidentView):
    """Asking adults for their consent."""

    @extend_schema(
        operation_id="inviteRelative",
        request=schemas.InvitationRequest,
        responses={201: schemas.InvitationAnswer},
        tags=["family"],
    )
    def post(self, request: Request) -> Response:
        """Ask an adult. The answer is the same whether or not the centre knows the person."""
        data = schemas.InvitationRequest(data=request.data)
        data.is_valid(raise_exception=True)
        made = guardians.invite(account_pk=_account_pk(request), actor=_actor(request), **data.validated_data)
        return Response(
            _invitation(identity.sent_invitation(_account_pk(request), made.public_id)), status=201
        )


class Invitation(ResidentView):
    """One invitation."""

    @extend_schema(operation_id="readInvitation", responses={200: schemas.InvitationAnswer}, tags=["family"])
    def get(self, request: Request, invitation_id: str) -> Response:
        """Where it stands, for the account that sent it."""
        return Response(_invitation(identity.sent_invitation(_account_pk(request), invitation_id)))

    @extend_schema(operation_id="withdrawInvitation", request=None, responses={204: None}, tags=["family"])
    def delete(self, request: Request, invitation_id: str) -> Response:
        """Take it back."""
        guardians.withdraw_invitation(
            account_pk=_account_pk(request), invitation_id=invitation_id, actor=_actor(request)
        )
        return Response(status=204)


class InvitationCode(ResidentView):
    """Consent by the phone on record."""

    @extend_schema(
        operation_id="confirmInvitation",
        request=schemas.FamilyCode,
        responses={200: schemas.Relative},
        tags=["family"],
    )
    def post(self, request: Request, invitation_id: str) -> Response:
        """Give the code that the invited person read out."""
        data = schemas.FamilyCode(data=request.data)
        data.is_valid(raise_exception=True)
        opened = services.confirm_by_code(
            account_pk=_account_pk(request),
            invitation_id=invitation_id,
            code=data.validated_data["code"],
            actor=_actor(request),
        )
        return Response(_relative(family.dependant(_account_pk(request), opened.person_id)))


class InvitationConsent(ResidentView):
    """Consent from the invited person's own account."""

    @extend_schema(
        operation_id="readReceivedInvitation", responses={200: schemas.InvitationAnswer}, tags=["family"]
    )
    def get(self, request: Request, invitation_id: str) -> Response:
        """Who asks, and as what."""
        return Response(_invitation(identity.received_invitation(_account_pk(request), invitation_id)))

    @extend_schema(operation_id="agreeToInvitation", request=None, responses={204: None}, tags=["family"])
    def post(self, request: Request, invitation_id: str) -> Response:
        """Agree."""
        services.accept_invitation(
            account_pk=_account_pk(request), invitation_id=invitation_id, actor=_actor(request)
        )
        return Response(status=204)

    @extend_schema(operation_id="declineInvitation", request=None, responses={204: None}, tags=["family"])
    def delete(self, request: Request, invitation_id: str) -> Response:
        """Refuse."""
        guardians.decline_invitation(
            account_pk=_account_pk(request), invitation_id=invitation_id, actor=_actor(request)
        )
        return Response(status=204)


class RelativesCard(ResidentView):
    """A relative's card."""

    @extend_schema(operation_id="readRelativesCard", responses={200: schemas.Relative}, tags=["family"])
    def get(self, request: Request, person_id: str) -> Response:
        """The relative and their card."""
        return Response(_relative(family.dependant(_account_pk(request), person_id)))

    @extend_schema(
        operation_id="actOnRelativesCard",
        request=schemas.CardAct,
        responses={200: schemas.Relative},
        tags=["family"],
    )
    def post(self, request: Request, person_id: str) -> Response:
        """Freeze, release, report lost or found, re-issue; the record says for whom it was done.

        What was lost is found again, and a card re-issued, against the whole number of the
        guardian's own certificate. Only a child's card is re-issued by its guardian.
        """
        data = schemas.CardAct(data=request.data)
        data.is_valid(raise_exception=True)
        move_card(
            account_pk=_account_pk(request),
            person_id=person_id,
            move=CardMove(data.validated_data["act"]),
            reason=data.validated_data["reason"],
            certificate=data.validated_data["certificate"],
            actor=_actor(request),
        )
        return Response(_relative(family.dependant(_account_pk(request), person_id)))


class RelativesCodes(ResidentView):
    """A relative's codes."""

    @extend_schema(operation_id="readRelativesCodes", responses={200: schemas.Codes}, tags=["family"])
    def get(self, request: Request, person_id: str) -> Response:
        """The codes of this relative alone; keep them in memory only."""
        shown = family.require_dependants_card(_account_pk(request), person_id, Deed.SHOW_CODE)
        return Response(codes.payload(shown.card), headers={"Cache-Control": "no-store"})


class RelativesStaticCode(ResidentView):
    """The switch of a relative's static code."""

    @extend_schema(
        operation_id="switchRelativesStaticCode",
        request=schemas.StaticSwitch,
        responses={200: schemas.Relative},
        tags=["family"],
    )
    def put(self, request: Request, person_id: str) -> Response:
        """Let the static code be shown and accepted, or not."""
        data = schemas.StaticSwitch(data=request.data)
        data.is_valid(raise_exception=True)
        shown = family.require_dependants_card(_account_pk(request), person_id, Deed.SWITCH_STATIC_CODE)
        life.switch_static_code(
            card_pk=shown.card.pk,
            enabled=data.validated_data["enabled"],
            actor=_actor(request).acting_for(person_id),
        )
        return Response(_relative(family.dependant(_account_pk(request), person_id)))


class EndHolding(ResidentView):
    """The end of a hold, by the guardian."""

    @extend_schema(
        operation_id="endHoldingOfRelative", request=schemas.Ending, responses={204: None}, tags=["family"]
    )
    def post(self, request: Request, person_id: str) -> Response:
        """Stop holding a relative."""
        return _end(request, identity.holding_of(_account_pk(request), person_id))


class EndGuardian(ResidentView):
    """The end of a hold, by the person themselves."""

    @extend_schema(operation_id="endGuardian", request=schemas.Ending, responses={204: None}, tags=["family"])
    def post(self, request: Request, holding_id: str) -> Response:
        """Take from a guardian the hold on the resident."""
        return _end(request, holding_id)


def _end(request: Request, holding_id: str) -> Response:
    data = schemas.Ending(data=request.data)
    data.is_valid(raise_exception=True)
    guardians.end_guardianship(
        account_pk=_account_pk(request),
        holding_id=holding_id,
        reason=data.validated_data["reason"],
        actor=_actor(request),
    )
    return Response(status=204)


def _account_pk(request: Request) -> int:
    return accounts.account_of(request._request).pk


def _actor(request: Request) -> Actor:
    return accounts.actor_of(request._request)


def _relative(one: family.Relative) -> dict[str, Any]:
    return {
        "person_id": one.person_id,
        "relation": one.relation,
        "name": one.name,
        "tint": one.tint,
        "card": card_of(one.shown) if one.shown is not None else None,
    }


def _invitation(invited: Invited) -> dict[str, Any]:
    return {
        "id": invited.invitation_id,
        "relation": invited.relation,
        "state": invited.state,
        "expires_at": invited.expires_at,
        "inviter": invited.inviter,
    }
