"""Shapes of the native API about lists of people for whom cards are made in advance."""

from typing import Any

from rest_framework import serializers

from cards.batch.states import BatchState, ListKind, RowState

MOST_ROWS = 500
_SHORT, _LONG = 80, 200


class BatchPerson(serializers.Serializer[Any]):
    """One line; every field may be empty, because the unnamed are wanted too."""

    name = serializers.CharField(max_length=_SHORT, required=False, allow_blank=True)
    id_type = serializers.CharField(max_length=20, required=False, allow_blank=True)
    id_number = serializers.CharField(max_length=_SHORT, required=False, allow_blank=True)
    sex = serializers.CharField(max_length=20, required=False, allow_blank=True)
    birth_date = serializers.CharField(max_length=20, required=False, allow_blank=True)
    nation = serializers.CharField(max_length=_SHORT, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=30, required=False, allow_blank=True)
    address = serializers.CharField(max_length=_LONG, required=False, allow_blank=True)
    patient_id = serializers.CharField(max_length=64, required=False, allow_blank=True)


class BatchRequest(serializers.Serializer[Any]):
    """A list of the institution's people."""

    kind = serializers.ChoiceField(choices=ListKind.choices)
    rows = serializers.ListField(child=BatchPerson(), min_length=1, max_length=MOST_ROWS)


class BatchProgress(serializers.Serializer[Any]):
    """A list and how far it is."""

    batch_id = serializers.CharField()
    kind = serializers.ChoiceField(choices=ListKind.choices)
    state = serializers.ChoiceField(choices=BatchState.choices)
    note = serializers.CharField(allow_blank=True, help_text="Why the list rests by itself; mostly empty.")
    total = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Lines by state.")
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BatchResult(serializers.Serializer[Any]):
    """What became of one line."""

    line = serializers.IntegerField(help_text="The place in the list, from 1; in a file the line's number.")
    patient_id = serializers.CharField(allow_blank=True)
    state = serializers.ChoiceField(choices=RowState.choices)
    reason = serializers.CharField(allow_blank=True, help_text="A stable code; empty where all went well.")
    reason_text = serializers.CharField(allow_blank=True)
    health_card_id = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)


class BatchResults(serializers.Serializer[Any]):
    """One page of lines."""

    rows = BatchResult(many=True)
    next_after = serializers.IntegerField(allow_null=True, help_text="The `after` of the next page.")
