"""The resident API about the pack, and about codes that terminals show."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards import pack, scans
from cards.api.apps import APP_HEADER, ResidentView
from cards.models import ScanRequest
from cards.services import scanning
from cards.states import CardState
from foundation.accounts import selectors as accounts

_NO_STORE = {"Cache-Control": "no-store"}


class PackCard(serializers.Serializer[Any]):
    """A card that the account may show, masked."""

    id = serializers.CharField()
    state = serializers.ChoiceField(choices=CardState.choices)
    holder = serializers.CharField(help_text="Masked name.")
    number = serializers.CharField(help_text="Masked certificate number.")
    relation = serializers.CharField(help_text="In the caller's language (``Accept-Language``).")
    is_self = serializers.BooleanField()
    tint = serializers.IntegerField(min_value=1, max_value=5)
    usable = serializers.BooleanField(help_text="Whether it can be handed over now.")
    places = serializers.ListField(
        child=serializers.CharField(), help_text="Institutions that the account has handed it to."
    )


class PackAnswer(serializers.Serializer[Any]):
    """The account's own card first, then those of the family."""

    cards = PackCard(many=True)


class ScanQuestion(serializers.Serializer[Any]):
    """Who asks for a card, where and for what."""

    institution = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField()
    state = serializers.CharField(help_text="scanned, agreed or refused.")


class ScanAgreement(serializers.Serializer[Any]):
    """Which card of the pack is handed over."""

    card_id = serializers.CharField(max_length=26)


class Pack(ResidentView):
    """The pack."""

    @extend_schema(
        operation_id="readPack", parameters=[APP_HEADER], responses={200: PackAnswer}, tags=["card"]
    )
    def get(self, request: Request) -> Response:
        """Every card that the account may show, with the institutions that it was handed to."""
        rows = [_told(shown) for shown in pack.cards_of(accounts.account_of(request._request).pk)]
        return Response({"cards": rows}, headers=_NO_STORE)


class OneScan(ResidentView):
    """A code that a terminal shows."""

    @extend_schema(
        operation_id="openScan", parameters=[APP_HEADER], responses={200: ScanQuestion}, tags=["card"]
    )
    def get(self, request: Request, token: str) -> Response:
        """What is asked, by the last part of the code's address; from now on it is this resident's alone."""
        return _question(scanning.open_scan(token=token, actor=accounts.actor_of(request._request)))

    @extend_schema(
        operation_id="agreeToScan",
        parameters=[APP_HEADER],
        request=ScanAgreement,
        responses={200: ScanQuestion},
        tags=["card"],
    )
    def post(self, request: Request, token: str) -> Response:
        """Agree with a card of the pack, once; the terminal gets it and the use is recorded."""
        data = ScanAgreement(data=request.data)
        data.is_valid(raise_exception=True)
        actor = accounts.actor_of(request._request)
        scanning.agree_to_scan(
            token=token,
            account_pk=accounts.account_of(request._request).pk,
            card_id=data.validated_data["card_id"],
            actor=actor,
        )
        return _question(scanning.open_scan(token=token, actor=actor))

    @extend_schema(operation_id="refuseScan", parameters=[APP_HEADER], responses={204: None}, tags=["card"])
    def delete(self, request: Request, token: str) -> Response:
        """Refuse."""
        scanning.refuse_scan(token=token, actor=accounts.actor_of(request._request))
        return Response(status=204)


def _question(row: ScanRequest) -> Response:
    asked = scans.question_of(row)
    told = {
        "institution": asked.institution,
        "place": asked.place,
        "purpose": asked.purpose,
        "state": asked.state,
    }
    return Response(told, headers=_NO_STORE)


def _told(shown: pack.PackCard) -> dict[str, Any]:
    return {
        "id": shown.card.public_id,
        "state": shown.card.state,
        "holder": shown.holder,
        "number": shown.number,
        "relation": str(shown.relation),
        "is_self": shown.is_self,
        "tint": shown.tint,
        "usable": shown.is_usable,
        "places": list(shown.places),
    }
