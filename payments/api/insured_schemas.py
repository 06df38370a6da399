"""Shapes of payments with an insurance, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from payments.api.schemas import WayToPay


class InsuredWays(serializers.Serializer[Any]):
    """How what an insurance leaves can be paid."""

    ways = WayToPay(many=True)


class PermissionRequest(serializers.Serializer[Any]):
    """One of the ways that are offered beside an insurance."""

    provider = serializers.CharField(max_length=16)
    way = serializers.CharField(max_length=16)


class Permission(serializers.Serializer[Any]):
    """Where the person allows the payment."""

    url = serializers.CharField(help_text="The insurer's page.")
    return_url = serializers.CharField(help_text="Where it sends the person back to, with a query.")


class InsuredRequest(serializers.Serializer[Any]):
    """What the insurer's page sent back."""

    query = serializers.DictField(
        child=serializers.CharField(max_length=2_000),
        help_text="The parameters of that address.",
    )


class Part(serializers.Serializer[Any]):
    """What one side pays."""

    label = serializers.CharField()  # type: ignore[assignment]
    amount_fen = serializers.IntegerField()


class ReturnedPart(Part):
    """What had been paid and goes back."""

    done = serializers.BooleanField()


class InsuredPayment(serializers.Serializer[Any]):
    """A payment with an insurance."""

    payment_id = serializers.CharField()
    state = serializers.CharField(help_text="planned, paying, settled, undoing or undone.")
    total_fen = serializers.IntegerField()
    own_fen = serializers.IntegerField(help_text="What is left to the payer; 0 while it is not known.")
    parts = Part(many=True, help_text="Who pays what; empty while it is not known.")
    to_confirm = serializers.BooleanField(help_text="Whether the split waits for `confirmInsured`.")
    own_paid = serializers.BooleanField()
    insured_paid = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it came to nothing, in words.")
    returned = ReturnedPart(many=True)
    over = serializers.BooleanField(help_text="Whether nothing is waited for any more.")
