"""Shapes of the calls about patient numbers."""

from rest_framework import serializers

_STATES = ("known", "waiting", "asking", "done", "ambiguous", "failed")


class PatientRecordRequest(serializers.Serializer):  # type: ignore[type-arg]
    """Whose number is wanted: by the code that was scanned, or by the card of a patient."""

    code = serializers.CharField(
        max_length=4_000, required=False, allow_blank=True, default="", trim_whitespace=False
    )
    health_card_id = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class PatientRecord(serializers.Serializer):  # type: ignore[type-arg]
    """What came of it."""

    state = serializers.ChoiceField(choices=_STATES)
    patient_id = serializers.CharField(allow_null=True, help_text="The institution's own number.")
    record_id = serializers.CharField(allow_null=True, help_text="To ask again; null where it was known.")
