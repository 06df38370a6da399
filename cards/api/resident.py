"""The resident API about applications, the card and its codes.

It does what the H5 pages do, through the same services.
"""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import selectors
from cards.api import schemas_resident as schemas
from cards.api.apps import APP_HEADER, ResidentView
from cards.codes import page as codes
from cards.errors import ApplicationNotFound
from cards.models import CardApplication
from cards.rules.steps import Answers
from cards.services import application as applications
from cards.services import life
from cards.states import ApplicationState
from foundation.accounts import selectors as accounts
from identity.rules import Deed


class Applications(ResidentView):
    """The account's applications."""

    @extend_schema(
        operation_id="applyForCard",
        parameters=[APP_HEADER],
        request=schemas.ApplicationRequest,
        responses={200: schemas.Application, 202: schemas.Application},
        tags=["application"],
    )
    def post(self, request: Request) -> Response:
        """Apply with all answers at once; the check runs in the background.

        An application that is under way is returned as it is: a repeat changes nothing. So is,
        with 200, the card of an account that has one, through whichever channel it came.
        """
        data = schemas.ApplicationRequest(data=request.data)
        data.is_valid(raise_exception=True)
        account = accounts.account_of(request._request)
        actor = accounts.actor_of(request._request)
        held = selectors.own_card(account.pk)
        if held is not None:
            return Response(_issued(account.pk, held))
        application = applications.start_application(account_pk=account.pk, channel=self.channel, actor=actor)
        if application.state == ApplicationState.DRAFT:
            # What an earlier try left in the draft must not mix with these answers.
            applications.save_answers(
                application=application, version=application.version, answers=Answers(**data.validated_data)
            )
            applications.submit_application(
                application=application,
                version=application.version,
                phone_known=bool(accounts.phone_of(account)),
                actor=actor,
            )
            application = applications.application_of(account_pk=account.pk, public_id=application.public_id)
        return Response(application_answer(application), status=202)


class LatestApplication(ResidentView):
    """The newest application."""

    @extend_schema(
        operation_id="readLatestApplication", responses={200: schemas.Application}, tags=["application"]
    )
    def get(self, request: Request) -> Response:
        """The newest application of the account."""
        found = selectors.latest_application(accounts.account_of(request._request).pk)
        if found is None:
            raise ApplicationNotFound
        return Response(application_answer(found))


class OneApplication(ResidentView):
    """One application."""

    @extend_schema(operation_id="readApplication", responses={200: schemas.Application}, tags=["application"])
    def get(self, request: Request, public_id: str) -> Response:
        """Where it stands."""
        return Response(application_answer(_own(request, public_id)))

    @extend_schema(
        operation_id="withdrawApplication", request=None, responses={204: None}, tags=["application"]
    )
    def delete(self, request: Request, public_id: str) -> Response:
        """Take it back before it is decided."""
        applications.withdraw_application(
            application=_own(request, public_id), actor=accounts.actor_of(request._request)
        )
        return Response(status=204)


class OwnCard(ResidentView):
    """The resident's card."""

    @extend_schema(operation_id="readCard", responses={200: schemas.CardAnswer}, tags=["card"])
    def get(self, request: Request) -> Response:
        """The card, masked."""
        return Response(card_of(_shown(request, Deed.SHOW_CARD)))


class OwnCodes(ResidentView):
    """The card's codes."""

    @extend_schema(operation_id="readCodes", responses={200: schemas.Codes}, tags=["card"])
    def get(self, request: Request) -> Response:
        """The code for now and those for the coming windows; keep them in memory only."""
        shown = _shown(request, Deed.SHOW_CODE)
        return Response(codes.payload(shown.card), headers={"Cache-Control": "no-store"})


class Freeze(ResidentView):
    """Freezing."""

    @extend_schema(
        operation_id="freezeCard", request=None, responses={200: schemas.CardAnswer}, tags=["card"]
    )
    def post(self, request: Request) -> Response:
        """Stop the card at once; its codes fail until it is released."""
        actor = accounts.actor_of(request._request)
        life.freeze_card(card_pk=_shown(request, Deed.FREEZE_CARD).card.pk, reason="holder", actor=actor)
        return Response(card_of(_shown(request, Deed.SHOW_CARD)))


class Unfreeze(ResidentView):
    """Releasing."""

    @extend_schema(
        operation_id="unfreezeCard", request=None, responses={200: schemas.CardAnswer}, tags=["card"]
    )
    def post(self, request: Request) -> Response:
        """Release the frozen card."""
        actor = accounts.actor_of(request._request)
        life.unfreeze_card(card_pk=_shown(request, Deed.UNFREEZE_CARD).card.pk, reason="holder", actor=actor)
        return Response(card_of(_shown(request, Deed.SHOW_CARD)))


class StaticCodeSwitch(ResidentView):
    """The static code's switch."""

    @extend_schema(
        operation_id="switchStaticCode",
        request=schemas.StaticSwitch,
        responses={200: schemas.CardAnswer},
        tags=["card"],
    )
    def put(self, request: Request) -> Response:
        """Let the static code be shown and accepted, or not."""
        data = schemas.StaticSwitch(data=request.data)
        data.is_valid(raise_exception=True)
        life.switch_static_code(
            card_pk=_shown(request, Deed.SWITCH_STATIC_CODE).card.pk,
            enabled=data.validated_data["enabled"],
            actor=accounts.actor_of(request._request),
        )
        return Response(card_of(_shown(request, Deed.SHOW_CARD)))


def _own(request: Request, public_id: str) -> CardApplication:
    account = accounts.account_of(request._request)
    return applications.application_of(account_pk=account.pk, public_id=public_id)


def _shown(request: Request, deed: Deed) -> selectors.ShownCard:
    return selectors.require_own_card(accounts.account_of(request._request).pk, deed)


def application_answer(application: CardApplication) -> dict[str, Any]:
    """An application as its applicant reads it."""
    return {
        "id": application.public_id,
        "state": application.state,
        "submitted_at": application.submitted_at,
        "decided_at": application.decided_at,
        "reason": selectors.refusal_reason(application),
        "card": application.card.public_id if application.card else None,
    }


def _issued(account_pk: int, held: selectors.ShownCard) -> dict[str, Any]:
    """The answer to somebody who has a card; it may have come without an application."""
    application = CardApplication.objects.filter(account=account_pk, card=held.card).order_by("-pk").first()
    return {
        "id": application.public_id if application else "",
        "state": ApplicationState.ISSUED,
        "submitted_at": application.submitted_at if application else None,
        "decided_at": held.card.issued_at,
        "reason": "",
        "card": held.card.public_id,
    }


def card_of(shown: selectors.ShownCard) -> dict[str, Any]:
    """The card as the resident API shows it, masked."""
    return {
        "id": shown.card.public_id,
        "state": shown.card.state,
        "holder": shown.holder,
        "number": shown.number,
        "issuer": settings.CENTRE_NAME,
        "tint": shown.tint,
        "static_code_enabled": shown.card.static_enabled,
        "issued_at": shown.card.issued_at,
        "moves": [move.value for move in shown.moves],
    }
