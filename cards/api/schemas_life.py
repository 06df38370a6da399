"""Shapes of the institution API about the life of a card."""

from typing import Any

from rest_framework import serializers


class Reason(serializers.Serializer[Any]):
    """Why; the holder reads it in the card's history."""

    reason = serializers.CharField(min_length=2, max_length=200)


class ReissueRequest(Reason):
    """The certificate that the holder showed."""

    id_type = serializers.CharField(max_length=2)
    id_number = serializers.CharField(max_length=40)


class UpdateRequest(Reason):
    """What changes; whatever is left out stays as it is."""

    name = serializers.CharField(max_length=80, required=False)
    id_type = serializers.CharField(max_length=2, required=False)
    id_number = serializers.CharField(max_length=40, required=False)
    phone = serializers.CharField(max_length=30, required=False)
    address = serializers.CharField(max_length=200, required=False)
    nation = serializers.CharField(max_length=2, required=False, help_text="GB/T 3304.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require type and number together, and anything at all."""
        if ("id_type" in attrs) != ("id_number" in attrs):
            raise serializers.ValidationError({"id_number": "Give id_type and id_number together."})
        if set(attrs) == {"reason"}:
            raise serializers.ValidationError({"name": "Give at least one value that changes."})
        return attrs
