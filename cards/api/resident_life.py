"""The resident API about the life of the card: loss, re-issue, end, history, own particulars."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cards import selectors
from cards.api import schemas_resident as schemas
from cards.api.apps import ResidentView
from cards.api.resident import card_of
from cards.history import history_of
from cards.rules.life import CardMove
from cards.services.holder import move_card
from cards.services.particulars import change_own_particulars, own_particulars
from cards.whose import Whose, whose_card
from foundation.accounts import selectors as accounts
from foundation.core.errors import InvalidInput
from foundation.core.text import mask_address, mask_name, mask_number, mask_phone
from identity.rules import Deed

_NO_STORE = {"Cache-Control": "no-store"}


class Loss(ResidentView):
    """Loss."""

    @extend_schema(
        operation_id="reportLoss",
        request=schemas.LossReport,
        responses={200: schemas.CardAnswer},
        tags=["card"],
    )
    def post(self, request: Request) -> Response:
        """Report the card lost; its codes fail from now on."""
        return _moved(request, CardMove.REPORT_LOSS, reason=_valid(schemas.LossReport, request)["reason"])


class LossWithdrawal(ResidentView):
    """A lost card that was found."""

    @extend_schema(
        operation_id="withdrawLoss",
        request=schemas.CertificateProof,
        responses={200: schemas.CardAnswer},
        tags=["card"],
    )
    def post(self, request: Request) -> Response:
        """Take the lost card into use again, with the number that it has."""
        proof = _valid(schemas.CertificateProof, request)
        return _moved(request, CardMove.WITHDRAW_LOSS, certificate=proof["certificate"])


class Reissue(ResidentView):
    """Re-issue."""

    @extend_schema(
        operation_id="reissueCard",
        request=schemas.CertificateProof,
        responses={200: schemas.CardAnswer},
        tags=["card"],
    )
    def post(self, request: Request) -> Response:
        """Give the card another number; every code of the old one is dead."""
        proof = _valid(schemas.CertificateProof, request)
        return _moved(request, CardMove.REISSUE, certificate=proof["certificate"])


class Cancellation(ResidentView):
    """The end of a card."""

    @extend_schema(
        operation_id="cancelCard", request=schemas.CertificateProof, responses={204: None}, tags=["card"]
    )
    def post(self, request: Request) -> Response:
        """Cancel the card for good; another may be applied for."""
        proof = _valid(schemas.CertificateProof, request)
        _move(request, CardMove.CANCEL, certificate=proof["certificate"])
        return Response(status=204)


class History(ResidentView):
    """The history."""

    @extend_schema(
        operation_id="readCardHistory",
        parameters=[OpenApiParameter("page", int, required=False)],
        responses={200: schemas.HistoryAnswer},
        tags=["card"],
    )
    def get(self, request: Request) -> Response:
        """Who did what to the card and the particulars, when and why."""
        return _history(request, whose_card(request._request, "", Deed.READ_CARD_HISTORY))


class RelativesHistory(ResidentView):
    """The history of a relative."""

    @extend_schema(
        operation_id="readRelativesCardHistory",
        parameters=[OpenApiParameter("page", int, required=False)],
        responses={200: schemas.HistoryAnswer},
        tags=["family"],
    )
    def get(self, request: Request, person_id: str) -> Response:
        """Who did what to a relative's card; of an adult's, from the day on which they agreed."""
        return _history(request, whose_card(request._request, person_id, Deed.READ_CARD_HISTORY))


class Particulars(ResidentView):
    """The holder's own particulars."""

    @extend_schema(operation_id="readParticulars", responses={200: schemas.ParticularsAnswer}, tags=["card"])
    def get(self, request: Request) -> Response:
        """What the centre has on record, masked."""
        return Response(_particulars(request), headers=_NO_STORE)

    @extend_schema(
        operation_id="changeParticulars",
        request=schemas.ParticularsChange,
        responses={200: schemas.ParticularsAnswer},
        tags=["card"],
    )
    def patch(self, request: Request) -> Response:
        """Change phone, address or ethnic group; name and certificate are changed at a window."""
        change_own_particulars(
            account_pk=accounts.account_of(request._request).pk,
            changes=_valid(schemas.ParticularsChange, request),
            actor=accounts.actor_of(request._request),
        )
        return Response(_particulars(request), headers=_NO_STORE)


def _history(request: Request, whose: Whose) -> Response:
    page = request.query_params.get("page", "1")
    if not (page.isascii() and page.isdecimal() and len(page) < 6):
        raise InvalidInput(field="page")
    found = history_of(
        whose.person_pk,
        account_id=accounts.account_of(request._request).public_id,
        is_own=whose.is_self,
        since=whose.since,
        page=int(page),
    )
    entries = [
        {"action": entry.action, "at": entry.at, "what": entry.what, "who": entry.who, "why": entry.why}
        for entry in found.entries
    ]
    return Response({"entries": entries, "next_page": found.after or None}, headers=_NO_STORE)


def _moved(request: Request, move: CardMove, **how: str) -> Response:
    _move(request, move, **how)
    shown = selectors.require_own_card(accounts.account_of(request._request).pk, Deed.SHOW_CARD)
    return Response(card_of(shown))


def _move(request: Request, move: CardMove, *, reason: str = "", certificate: str = "") -> None:
    move_card(
        account_pk=accounts.account_of(request._request).pk,
        move=move,
        reason=reason,
        certificate=certificate,
        actor=accounts.actor_of(request._request),
    )


def _particulars(request: Request) -> dict[str, str]:
    data, _level = own_particulars(account_pk=accounts.account_of(request._request).pk)
    return {
        "name": mask_name(data.name),
        "id_type": data.id_type,
        "id_number": mask_number(data.id_number),
        "phone": mask_phone(data.phone),
        "address": mask_address(data.address),
        "nation": data.nation,
    }


def _valid(schema: Any, request: Request) -> dict[str, Any]:
    data = schema(data=request.data)
    data.is_valid(raise_exception=True)
    validated: dict[str, Any] = data.validated_data
    return validated
