"""The native institution API about cards, codes and their use; signed calls only."""

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cards.api import schemas_institution as schemas
from cards.api.signed import KEY_HEADER, PROBLEMS, TERMINAL_HEADER, SignedView, caller_of, valid
from cards.api.verify import verify_code
from cards.codes import image
from cards.codes.institution import find_number, mint_for_institution
from cards.models import CardNumber
from cards.models.usage import UseKind
from cards.rules.policy import CodeKind
from cards.services.registration import check_for_registration, register_checked
from cards.verification import Details, caller_time_of, report_by_card, report_by_code
from cards.verification.holder import card_answer
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.gateway.caller import actor_of_caller
from foundation.gateway.drf import RequireScope, SignedClient, StrictJSONParser
from foundation.gateway.idempotency import idempotent, key_of
from foundation.gateway.scopes import CARD_READ, CARD_REGISTER, CODE_MINT, USAGE_REPORT
from institutions import selectors as institutions
from mpi.types import PersonIdentity

_CARD_ID = "98FF9F2C05145CB9305E9D8A57E072BB51180CA49E5BE5E9D41BCE3A9A571928"
_PERSON_EXAMPLE = {
    "name": "**某",
    "id_type": "01",
    "id_number": "110***********006X",
    "gender": "2",
    "nation": None,
    "birthday": None,
    "phone": "139****0000",
    "address": None,
}


class Time(SignedView):
    """The server's clock."""

    @extend_schema(operation_id="readTime", responses={200: schemas.Time}, tags=["institution"])
    def get(self, request: Request) -> Response:
        """The time by which signatures and codes are judged."""
        moment = clock.now()
        return Response({"server_time": int(moment.timestamp()), "beijing_time": clock.beijing(moment)})


class Cards(SignedView):
    """Registration."""

    permission_classes = [RequireScope(CARD_REGISTER)]

    def ask_outside(self, request: Request) -> None:
        """Have the name checked before the transaction."""
        data = valid(schemas.RegisterRequest, request)
        self.patient_id: str = data["patient_id"]
        self.identity_given = PersonIdentity(
            name=data["name"],
            id_type=data["id_type"],
            id_number=data["id_number"],
            sex=data["gender"],
            birth_date=data["birth_date"],
            nation=data["nation"],
            phone=data["phone"],
            address=data["address"],
        )
        self.check_id = check_for_registration(
            identity_given=self.identity_given,
            actor=actor_of_caller(caller_of(request)),
            request_id=key_of(request.META),
        )

    @extend_schema(
        operation_id="registerCard",
        parameters=[KEY_HEADER],
        request=schemas.RegisterRequest,
        responses={
            200: schemas.RegisteredCard,
            201: schemas.RegisteredCard,
            409: schemas.Problem,
            422: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
        examples=[
            OpenApiExample(
                "A person at the window",
                request_only=True,
                value={
                    "name": "测试",
                    "id_type": "01",
                    "id_number": "11010020171225006X",
                    "phone": "13900000000",
                    "patient_id": "P0001",
                },
            )
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Register a person whom the institution has in front of it, and get the card.

        A person who has a card already gets the same card again (200 instead of 201). No
        resident's account becomes its holder by this.
        """
        caller = caller_of(request)
        actor = actor_of_caller(caller)
        registered = register_checked(
            identity_given=self.identity_given,
            check_id=self.check_id,
            institution_pk=institutions.visible(actor).values_list("pk", flat=True).get(),
            actor=actor,
            patient_id=self.patient_id,
        )
        number = CardNumber.objects.select_related("card").get(card=registered.card, state="current")
        answer = card_answer(number, caller.scopes) | {"created": registered.created}
        return Response(answer, status=201 if registered.created else 200)


class OneCard(SignedView):
    """One card."""

    permission_classes = [RequireScope(CARD_READ)]

    @extend_schema(
        operation_id="readCardById",
        responses={200: schemas.Card, 404: schemas.Problem, **PROBLEMS},
        tags=["institution"],
        examples=[
            OpenApiExample(
                "Masked",
                response_only=True,
                value={
                    "health_card_id": _CARD_ID,
                    "superseded_by": None,
                    "main_index": None,
                    "state": "active",
                    "static_code": f"{_CARD_ID}:1",
                    "masked": True,
                    "person": _PERSON_EXAMPLE,
                },
            )
        ],
    )
    def get(self, request: Request, health_card_id: str) -> Response:
        """The card with this 电子健康卡ID, and its holder while it is active."""
        caller = caller_of(request)
        number = find_number(health_card_id)
        audit.record(
            Action.CARD_READ,
            actor=actor_of_caller(caller),
            subject=number.card,
            details={"scopes": sorted(caller.scopes)},
        )
        return Response(card_answer(number, caller.scopes), headers={"Cache-Control": "no-store"})


class CardCodes(SignedView):
    """Codes for a patient of the institution."""

    permission_classes = [RequireScope(CODE_MINT)]

    @extend_schema(
        operation_id="mintCode",
        parameters=[KEY_HEADER],
        request=schemas.MintRequest,
        responses={
            201: schemas.MintedCode,
            404: schemas.Problem,
            409: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
    )
    @idempotent
    def post(self, request: Request, health_card_id: str) -> Response:
        """Make a code for a person who is registered at this institution.

        The record names who asked, the holder is told, and the number per card is limited.
        """
        data = valid(schemas.MintRequest, request)
        minted = mint_for_institution(
            card_id=health_card_id,
            caller=caller_of(request),
            request_id=key_of(request.META),
            code_kind=CodeKind(data["code_kind"]),
        )
        return Response(
            {
                "code": minted.text,
                "code_kind": minted.code_kind.value,
                "valid_from": minted.valid_from,
                "valid_until": minted.valid_until,
                "image": image.svg(minted.text),
            },
            status=201,
        )


class Verification(APIView):
    """Verification as the schema shows it; the plain view behind it checks the signature itself."""

    guarded_by = "signature"
    authentication_classes = [SignedClient]
    permission_classes = [AllowAny]
    parser_classes = [StrictJSONParser]

    def perform_authentication(self, request: Request) -> None:
        """Nothing here: a nonce is used up by its first check, and that is the plain view's."""

    @extend_schema(
        operation_id="verifyCode",
        parameters=[TERMINAL_HEADER],
        request=schemas.VerifyRequest,
        responses={
            200: schemas.Verification,
            404: schemas.Problem,
            409: schemas.Problem,
            410: schemas.Problem,
            422: schemas.Problem,
            503: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
        examples=[
            OpenApiExample(
                "Same-day registration at a window",
                request_only=True,
                value={
                    "code": f"{_CARD_ID}:0:92FD69141DFE1553A42251E2B0196148:7B9D5M2K3FZ36S59DG:11010100001",
                    "scene": "0101012",
                    "terminal_id": "W01",
                    "department": "0300",
                    "channel": "0100",
                    "request_id": "reg-20261121-000001",
                },
            ),
            OpenApiExample(
                "Masked answer",
                response_only=True,
                status_codes=["200"],
                value={
                    "usage_id": "0123456789abcdefghjkmnpqrs",
                    "verified_at": "2026-11-21T08:00:00.000+00:00",
                    "code_kind": "dynamic",
                    "document_required": False,
                    "replayed": False,
                    "masked": True,
                    "health_card_id": _CARD_ID,
                    "main_index": None,
                    "person": _PERSON_EXAMPLE,
                },
            ),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        """Verify a scanned code, consume it and record the use.

        A code is accepted once. The same request again (same Idempotency-Key or request_id,
        same content) gets the stored answer.
        """
        return verify_code(request._request)


class Usage(SignedView):
    """Uses that have happened."""

    permission_classes = [RequireScope(USAGE_REPORT)]

    @extend_schema(
        operation_id="reportUsage",
        parameters=[KEY_HEADER],
        request=schemas.UsageRequest,
        responses={
            201: schemas.RecordedUse,
            404: schemas.Problem,
            409: schemas.Problem,
            410: schemas.Problem,
            422: schemas.Problem,
            **PROBLEMS,
        },
        tags=["institution"],
        examples=[
            OpenApiExample(
                "Drugs collected after the scan at registration",
                request_only=True,
                value={
                    "code": f"{_CARD_ID}:0:92FD69141DFE1553A42251E2B0196148:7B9D5M2K3FZ36S59DG:11010100001",
                    "scene": "010103",
                    "terminal_id": "P02",
                },
            ),
            OpenApiExample(
                "Known without a scan",
                request_only=True,
                value={"health_card_id": _CARD_ID, "scene": "0101082"},
            ),
        ],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Record a use: direct, by a code inside its scan session, or indirect, by the card's number."""
        data = valid(schemas.UsageRequest, request)
        caller = caller_of(request)
        details = Details(
            scene=data["scene"],
            request_id=key_of(request.META),
            operation="report",
            terminal_id=data["terminal_id"],
            department=data["department"],
            channel=data["channel"],
            card_type=data["card_type"],
            cost_type=data["cost_type"],
            use_city=data["use_city"],
            branch=data["branch"],
            caller_time=caller_time_of(data["occurred_at"]) if data["occurred_at"] else None,
        )
        if "code" in data:
            reported = report_by_code(text=data["code"], caller=caller, details=details)
        else:
            reported = report_by_card(card_id=data["health_card_id"], caller=caller, details=details)
        return Response(
            {
                "usage_id": reported.usage_id,
                "kind": UseKind(reported.kind).value,
                "recorded_at": reported.at,
            },
            status=201,
        )
