"""Shapes of the upload of many uses."""

from typing import Any

from rest_framework import serializers

from cards.api.schemas_institution import UsageRequest
from cards.models.usage import UseKind

MOST_USES = 500


class UploadedUse(UsageRequest):
    """One use, with the institution's own number of it."""

    id = serializers.RegexField(
        r"^[A-Za-z0-9_.:-]{1,64}$",
        help_text="The institution's own number of the use; a repeat is known by it.",
    )


class UsageUpload(serializers.Serializer[Any]):
    """Up to 500 uses. Each is judged alone: what is wrong with one does not touch the others."""

    uses = UploadedUse(many=True)


class UploadedUseResult(serializers.Serializer[Any]):
    """What became of one use."""

    id = serializers.CharField()
    result = serializers.ChoiceField(choices=["recorded", "repeated", "refused"])
    usage_id = serializers.CharField(required=False)
    kind = serializers.ChoiceField(choices=UseKind.choices, required=False)
    recorded_at = serializers.DateTimeField(required=False)
    code = serializers.CharField(
        required=False, help_text="Why it was refused: a code of the table of errors."
    )
    detail = serializers.CharField(required=False)
    next_step = serializers.CharField(required=False)
    field = serializers.CharField(required=False)


class UsageUploadResult(serializers.Serializer[Any]):
    """What became of each use, in the order in which they came."""

    recorded = serializers.IntegerField()
    repeated = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = UploadedUseResult(many=True)
