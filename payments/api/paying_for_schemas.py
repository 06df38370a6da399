"""Shapes of paying for somebody else, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from payments.api.schemas import Payment, WayToPay


class PayLink(serializers.Serializer[Any]):
    """A link that was just made."""

    token = serializers.CharField(help_text="Told this once.")
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class AskedToPay(serializers.Serializer[Any]):
    """What somebody who was given a link sees of a bill."""

    institution = serializers.CharField()
    holder = serializers.CharField(help_text="Masked.")
    amount_fen = serializers.IntegerField()
    ways = WayToPay(many=True)


class PaymentForOther(Payment):
    """A payment for somebody else; what goes back goes to the payer."""

    institution = serializers.CharField()
    holder = serializers.CharField(help_text="Masked.")
    refunded_fen = serializers.IntegerField(help_text="What goes back, or went.")
    ended_at = serializers.DateTimeField(allow_null=True)
