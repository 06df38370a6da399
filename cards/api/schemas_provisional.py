"""Shapes of the institution API about people without a certificate."""

from typing import Any

from rest_framework import serializers

from cards.api.schemas_institution import RegisteredCard


class Mother(serializers.Serializer[Any]):
    """The mother: by her health card, or by name and certificate."""

    health_card_id = serializers.CharField(max_length=64, required=False)
    name = serializers.CharField(max_length=80, required=False)
    id_type = serializers.CharField(max_length=2, required=False)
    id_number = serializers.CharField(max_length=40, required=False)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require one of the two ways to name her."""
        told = {"health_card_id", "name", "id_type", "id_number"} & set(attrs)
        if told not in ({"health_card_id"}, {"name", "id_type", "id_number"}):
            raise serializers.ValidationError(
                {"health_card_id": "Give either health_card_id, or name, id_type and id_number."}
            )
        return attrs


class NewbornRequest(serializers.Serializer[Any]):
    """A birth."""

    mother = Mother()
    birth_record = serializers.CharField(max_length=64, help_text="Number of the mother's delivery record.")
    parity = serializers.IntegerField(min_value=1, max_value=30, help_text="胎次.")
    order = serializers.IntegerField(
        min_value=1, max_value=10, required=False, default=1, help_text="Which child of a multiple birth."
    )
    birth_date = serializers.DateField()
    gender = serializers.ChoiceField(choices=["0", "1", "2", "9"])
    name = serializers.CharField(
        max_length=80,
        required=False,
        allow_blank=True,
        default="",
        help_text="Else the mother's, with 之子 or 之女.",
    )
    birth_certificate = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    patient_id = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class NewbornCard(RegisteredCard):
    """The card of a newborn."""

    held_by_mother = serializers.BooleanField(help_text="Whether the mother's account has it.")


class TemporaryRequest(serializers.Serializer[Any]):
    """A patient without papers."""

    patient_id = serializers.CharField(
        max_length=64, help_text="The institution's own number; a repeat with it gets the same card."
    )
    name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    gender = serializers.ChoiceField(choices=["0", "1", "2", "9"], required=False, default="0")
    nationality = serializers.RegexField(
        r"^[0-9]{3}$", required=False, default="156", help_text="GB/T 2659, three digits."
    )
