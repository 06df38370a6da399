"""The resident API by which holders of a physical card make it an electronic one.

It answers the same whether or not the register knows the card.
"""

from typing import Any

from allauth.account.adapter import get_adapter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cards import selectors
from cards.api import schemas_resident as schemas
from cards.api.apps import APP_HEADER, ResidentView
from cards.api.resident import card_of
from cards.services import activation
from foundation.accounts import selectors as accounts
from identity.rules import Deed


class PhysicalClaim(serializers.Serializer[Any]):
    """What stands on the physical card and on its holder's certificate."""

    number = serializers.CharField(max_length=40, help_text="Number of the physical card.")
    id_type = serializers.CharField(max_length=2)
    id_number = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=80)
    birth_date = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Needed where the certificate's number does not tell it.",
    )


class Activation(serializers.Serializer[Any]):
    """A try, open for the code."""

    id = serializers.CharField()


class ActivationCode(serializers.Serializer[Any]):
    """The code that was sent to the phone on record."""

    code = serializers.CharField(max_length=12)


class Activations(ResidentView):
    """Claims."""

    @extend_schema(
        operation_id="claimPhysicalCard",
        parameters=[APP_HEADER],
        request=PhysicalClaim,
        responses={202: Activation},
        tags=["application"],
    )
    def post(self, request: Request) -> Response:
        """Name the card and its holder; if they match, the phone on record gets a code."""
        data = PhysicalClaim(data=request.data)
        data.is_valid(raise_exception=True)
        public_id = activation.begin(
            account_pk=accounts.account_of(request._request).pk,
            actor=accounts.actor_of(request._request),
            **data.validated_data,
        )
        return Response({"id": public_id}, status=202)


class Code(ResidentView):
    """The code."""

    @extend_schema(
        operation_id="activatePhysicalCard",
        parameters=[APP_HEADER],
        request=ActivationCode,
        responses={200: schemas.CardAnswer},
        tags=["application"],
    )
    def post(self, request: Request, activation_id: str) -> Response:
        """Give the code; the electronic card is there."""
        data = ActivationCode(data=request.data)
        data.is_valid(raise_exception=True)
        account_pk = accounts.account_of(request._request).pk
        activation.confirm(
            account_pk=account_pk,
            public_id=activation_id,
            code=data.validated_data["code"],
            ip=str(get_adapter().get_client_ip(request._request)),
            actor=accounts.actor_of(request._request),
        )
        return Response(card_of(selectors.require_own_card(account_pk, Deed.SHOW_CARD)))
