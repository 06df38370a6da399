"""Shapes of the institution API about bookings."""

from typing import Any

from rest_framework import serializers


class _Patient(serializers.Serializer[Any]):
    """A patient, by the card or by the institution's own number."""

    health_card_id = serializers.CharField(max_length=64, required=False)
    patient_id = serializers.CharField(
        max_length=64, required=False, help_text="The institution's own number; instead of the card's."
    )


class HospitalBookingRequest(_Patient):
    """A place that the institution has given to its patient at its own window."""

    schedule_code = serializers.CharField(max_length=40)
    starts_at = serializers.DateTimeField(help_text="When the band of time begins.")
    number = serializers.IntegerField(
        min_value=1, required=False, help_text="The number that was given; without it the first that is free."
    )
    booking_no = serializers.CharField(max_length=64, help_text="The institution's own number.")


class HospitalCancellation(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(min_length=2, max_length=200)


class HospitalBooking(serializers.Serializer[Any]):
    """A booking as the institution reads it; whose it is, it knows by its own number."""

    id = serializers.CharField()
    booking_no = serializers.CharField(allow_blank=True)
    patient_id = serializers.CharField(
        allow_blank=True, help_text="The institution's own number of the patient; empty if it has none yet."
    )
    schedule_code = serializers.CharField()
    starts_at = serializers.DateTimeField()
    number = serializers.IntegerField()
    state = serializers.CharField()
    channel = serializers.CharField()
    fee_fen = serializers.IntegerField()
    is_paid_here = serializers.BooleanField(help_text="The fee was paid by a bill of the platform.")
    created_at = serializers.DateTimeField()


class RiskRequest(_Patient):
    """Who is about to book at the institution's own counter or application."""

    user = serializers.CharField(
        max_length=64, required=False, help_text="The user of the institution's own application."
    )
    client_ip = serializers.IPAddressField(required=False)


class RiskAnswer(serializers.Serializer[Any]):
    """Whether to let them book."""

    may_book = serializers.BooleanField()
    level = serializers.IntegerField(help_text="0 none, 1 close to the limit, 2 over it.")
