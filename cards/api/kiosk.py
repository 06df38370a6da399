"""The native API of self-service terminals: one session a person; signed calls only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards.api import schemas_institution, schemas_kiosk
from cards.api.signed import (
    KEY_HEADER,
    PROBLEMS,
    TERMINAL_HEADER,
    SignedView,
    caller_of,
    terminal_token,
    valid,
)
from cards.codes import image
from cards.models import CardNumber, KioskSession
from cards.services import kiosk
from cards.states import KioskState, NumberState
from foundation.core.actor import Actor
from foundation.core.text import mask_name, mask_number
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope
from foundation.gateway.idempotency import idempotent, key_of
from foundation.gateway.scopes import KIOSK_ISSUE
from identity.rules import Evidence
from mpi.types import PersonIdentity

NEXT = {
    KioskState.STARTED: "document",
    KioskState.READ: "check",
    KioskState.CHECKED: "card",
    KioskState.ISSUED: "print",
}
EVIDENCE = {"face": Evidence.FACE, "document": Evidence.DOCUMENT_READ}
_STEP = {
    200: schemas_kiosk.KioskSession,
    404: schemas_institution.Problem,
    409: schemas_institution.Problem,
    410: schemas_institution.Problem,
    422: schemas_institution.Problem,
    **PROBLEMS,
}


class KioskView(SignedView):
    """Base of the steps."""

    permission_classes = [RequireScope(KIOSK_ISSUE)]


class Sessions(KioskView):
    """Beginning."""

    @extend_schema(
        operation_id="startKioskSession",
        parameters=[KEY_HEADER, TERMINAL_HEADER],
        request=schemas_kiosk.StartRequest,
        responses={201: schemas_kiosk.KioskSession, **PROBLEMS},
        tags=["kiosk"],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Begin a session with whoever stands at the machine; it lives for 10 minutes."""
        data = valid(schemas_kiosk.StartRequest, request)
        session = kiosk.start_session(
            terminal_id=data["terminal_id"],
            terminal_token=terminal_token(request),
            actor=_actor(request),
        )
        return Response(_told(session), status=201)


class OneSession(KioskView):
    """Where a session stands."""

    @extend_schema(operation_id="readKioskSession", responses=_STEP, tags=["kiosk"])
    def get(self, request: Request, session_id: str) -> Response:
        """The state, and the step that follows."""
        return Response(_told(kiosk.session_of(session_id=session_id, actor=_actor(request))))


class Document(KioskView):
    """The document."""

    def ask_outside(self, request: Request) -> None:
        """Have the name checked before the transaction."""
        data = valid(schemas_kiosk.DocumentRequest, request)
        self.patient_id: str = data.pop("patient_id")
        self.identity_given = PersonIdentity(sex=data.pop("gender"), **data)
        self.check_id = kiosk.check_document(
            session_id=self.kwargs["session_id"],
            identity_given=self.identity_given,
            request_id=key_of(request.META),
            actor=_actor(request),
        )

    @extend_schema(
        operation_id="sendKioskDocument",
        parameters=[KEY_HEADER],
        request=schemas_kiosk.DocumentRequest,
        responses=_STEP,
        tags=["kiosk"],
    )
    @idempotent
    def post(self, request: Request, session_id: str) -> Response:
        """Hand over what was read; number and name are checked at once.

        ``real_name_mismatch`` leaves the session open: another document may be read.
        """
        session = kiosk.keep_document(
            session_id=session_id,
            identity_given=self.identity_given,
            patient_id=self.patient_id,
            check_id=self.check_id,
            actor=_actor(request),
        )
        return Response(_told(session))


class Check(KioskView):
    """The machine's own check."""

    @extend_schema(
        operation_id="sendKioskCheck",
        parameters=[KEY_HEADER],
        request=schemas_kiosk.CheckRequest,
        responses=_STEP,
        tags=["kiosk"],
    )
    @idempotent
    def post(self, request: Request, session_id: str) -> Response:
        """Hand over whether the person, or the document, was recognised; kept as evidence."""
        data = valid(schemas_kiosk.CheckRequest, request)
        session = kiosk.keep_check(
            session_id=session_id,
            evidence=EVIDENCE[data["kind"]],
            passed=data["passed"],
            reference=data["reference"],
            actor=_actor(request),
        )
        return Response(_told(session))


class Issue(KioskView):
    """The card."""

    @extend_schema(
        operation_id="issueKioskCard", parameters=[KEY_HEADER], request=None, responses=_STEP, tags=["kiosk"]
    )
    @idempotent
    def post(self, request: Request, session_id: str) -> Response:
        """Issue the card; a person who has one gets the same card (``created`` is false)."""
        return Response(_told(kiosk.issue(session_id=session_id, actor=_actor(request))))


class Printing(KioskView):
    """The label."""

    @extend_schema(
        operation_id="printKioskCode",
        parameters=[KEY_HEADER],
        request=None,
        responses={**_STEP, 200: schemas_kiosk.Print},
        tags=["kiosk"],
    )
    @idempotent
    def post(self, request: Request, session_id: str) -> Response:
        """What to print. Asking again in one session counts as one print."""
        label = kiosk.print_label(session_id=session_id, actor=_actor(request))
        return Response(
            {
                "code": label.text,
                "svg": label.svg,
                "png": image.png_base64(label.text, on_paper=True),
                "name": label.name,
                "ending": label.ending,
                "printed_times": label.copies,
            },
            headers={"Cache-Control": "no-store"},
        )


class Done(KioskView):
    """The end."""

    @extend_schema(
        operation_id="endKioskSession", parameters=[KEY_HEADER], request=None, responses=_STEP, tags=["kiosk"]
    )
    @idempotent
    def post(self, request: Request, session_id: str) -> Response:
        """End the session at any step; what was read is destroyed."""
        return Response(_told(kiosk.finish(session_id=session_id, actor=_actor(request))))


def _actor(request: Request) -> Actor:
    return actor_of_caller(caller_of(request))


def _told(session: KioskSession) -> dict[str, Any]:
    return {
        "session_id": session.public_id,
        "state": session.state,
        "next": NEXT.get(KioskState(session.state), ""),
        "expires_at": session.expires_at,
        "card": _card(session),
    }


def _card(session: KioskSession) -> dict[str, Any] | None:
    card = session.card
    if card is None:
        return None
    number = CardNumber.objects.get(card=card, state=NumberState.CURRENT)
    return {
        "health_card_id": number.value,
        "state": card.state,
        "created": session.is_new_card,
        "name": mask_name(card.face["name"]),
        "id_number": mask_number(card.face["id_number"]),
    }
