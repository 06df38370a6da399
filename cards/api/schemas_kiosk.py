"""Shapes of the interface for self-service terminals."""

from typing import Any

from rest_framework import serializers

from cards.api.schemas_institution import RegisterRequest
from cards.states import CardState, KioskState


class StartRequest(serializers.Serializer[Any]):
    """Somebody stands at the machine."""

    terminal_id = serializers.CharField(
        max_length=32, help_text="The institution's own number of the machine, registered as self-service."
    )


class DocumentRequest(RegisterRequest):
    """What was read from the document."""


class CheckRequest(serializers.Serializer[Any]):
    """What the machine's own check said."""

    kind = serializers.ChoiceField(
        choices=["face", "document"],
        help_text="face: the face was compared with the document's picture (level 2). "
        "document: the chip was found genuine (level 1).",
    )
    passed = serializers.BooleanField()
    reference = serializers.RegexField(
        r"^[A-Za-z0-9._:-]{1,64}$",
        help_text="The machine's own number of its record of the check; no personal data.",
    )


class KioskCard(serializers.Serializer[Any]):
    """The card."""

    health_card_id = serializers.CharField()
    state = serializers.ChoiceField(choices=CardState.choices)
    created = serializers.BooleanField(help_text="False if the person has had a card before.")
    name = serializers.CharField(help_text="Masked.")
    id_number = serializers.CharField(help_text="Masked.")


class KioskSession(serializers.Serializer[Any]):
    """Where a session stands, and the step that follows."""

    session_id = serializers.CharField()
    state = serializers.ChoiceField(choices=KioskState.choices)
    next = serializers.ChoiceField(choices=["document", "check", "card", "print", ""])
    expires_at = serializers.DateTimeField()
    card = KioskCard(allow_null=True)


class Print(serializers.Serializer[Any]):
    """What goes on paper: the code at least 25 mm wide, with a quiet zone of four modules."""

    code = serializers.CharField(help_text="Text of the static code.")
    svg = serializers.CharField()
    png = serializers.CharField(help_text="Base64, 8 pixels a module.")
    name = serializers.CharField(help_text="Masked.")
    ending = serializers.CharField(help_text="Last characters of the certificate's number.")
    printed_times = serializers.IntegerField()
