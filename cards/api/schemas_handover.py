"""Shapes of claiming a card and of active scan, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from cards.api.schemas_institution import Card


class ClaimRequest(serializers.Serializer[Any]):
    """The code with which a resident came back from our page."""

    code = serializers.CharField(max_length=64, help_text="healthCode of the redirect; works once.")
    patient_id = serializers.CharField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        help_text="Your own number.",
    )


class ClaimedCard(Card):
    """The card that was handed over."""

    is_self = serializers.BooleanField(help_text="Whether its own holder handed it over.")


class ScanStart(serializers.Serializer[Any]):
    """A terminal that wants to show a code."""

    terminal_id = serializers.CharField(max_length=32)
    scene = serializers.RegexField(r"^[0-9]{6,7}$", help_text="Step of care; the resident reads its name.")
    reference = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default="", help_text="Your own number of it."
    )


class StartedScan(serializers.Serializer[Any]):
    """The code to show."""

    scan_id = serializers.CharField()
    text = serializers.CharField(help_text="What the code says: an address for the resident's phone.")
    image = serializers.CharField(help_text="The code as SVG.")
    expires_at = serializers.DateTimeField()


class Scan(serializers.Serializer[Any]):
    """Where a scan stands."""

    scan_id = serializers.CharField()
    state = serializers.CharField(help_text="waiting, scanned, agreed, refused or expired.")
    health_card_id = serializers.CharField(allow_null=True, help_text="Once the resident has agreed.")
    expires_at = serializers.DateTimeField()


class Slip(serializers.Serializer[Any]):
    """The fields behind a printed code, by their names in the Tencent dialect."""

    values = serializers.DictField(child=serializers.CharField())
