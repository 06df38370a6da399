"""Shapes of confirmations, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from cards.services.confirmations import LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, LONGEST_VALIDITY

MOST_MINUTES = int(LONGEST_VALIDITY.total_seconds() // 60)


class ConfirmationRequest(serializers.Serializer[Any]):
    """What a resident is asked to confirm; one of the two numbers says whom."""

    health_card_id = serializers.CharField(max_length=64, required=False)
    patient_id = serializers.CharField(max_length=64, required=False, help_text="Your own number.")
    title = serializers.CharField(max_length=LONGEST_TITLE)
    text = serializers.CharField(
        max_length=LONGEST_TEXT,
        trim_whitespace=False,
        help_text="Plain text; the receipt has the SM3 of its UTF-8 bytes.",
    )
    valid_minutes = serializers.IntegerField(min_value=1, max_value=MOST_MINUTES)


class Receipt(serializers.Serializer[Any]):
    """A signed answer. The signature is over its form, a newline and the statement as JSON."""

    statement = serializers.DictField(child=serializers.JSONField())
    signature = serializers.DictField(child=serializers.CharField())


class Confirmation(serializers.Serializer[Any]):
    """Where a confirmation stands."""

    confirmation_id = serializers.CharField()
    state = serializers.CharField(help_text="waiting, agreed, refused or expired.")
    reason = serializers.CharField(help_text="Why it was refused, if the resident said so.")
    receipt = Receipt(allow_null=True)
    expires_at = serializers.DateTimeField()


class Genuineness(serializers.Serializer[Any]):
    """Whether the centre signed this."""

    genuine = serializers.BooleanField()


class ResidentConfirmation(Confirmation):
    """A confirmation as its holder reads it; title and text are empty below level 2."""

    institution = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    readable = serializers.BooleanField()


class ResidentConfirmations(serializers.Serializer[Any]):
    """A page of them."""

    confirmations = ResidentConfirmation(many=True)
    older = serializers.CharField(help_text="Give it as `before` for the next page; empty at the end.")


class Answer(serializers.Serializer[Any]):
    """What the holder says."""

    agrees = serializers.BooleanField()
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False, allow_blank=True, default="")
