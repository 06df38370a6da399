"""Shapes of the APIs about bookings."""

from typing import Any

from rest_framework import serializers


class Patient(serializers.Serializer[Any]):
    """Somebody for whom the account may book."""

    person_id = serializers.CharField()
    relation = serializers.CharField(help_text="`self`, `child`, `parent` and others.")
    name = serializers.CharField(help_text="In full for others than oneself.")


class Patients(serializers.Serializer[Any]):
    """Everybody for whom the account may book, itself first."""

    patients = Patient(many=True)


class BookingRequest(serializers.Serializer[Any]):
    """A band of time, and for whom; several people get places side by side, all or none."""

    slot = serializers.CharField(max_length=26)
    persons = serializers.ListField(
        child=serializers.CharField(max_length=26), min_length=1, max_length=5, help_text="Ids of people."
    )
    hold = serializers.BooleanField(
        default=False, help_text="Keep the places for some minutes, to be confirmed by `confirm`."
    )


class ChangeRequest(serializers.Serializer[Any]):
    """The band to change to."""

    slot = serializers.CharField(max_length=26)


class Band(serializers.Serializer[Any]):
    """A band of time with where and with whom it is."""

    slot = serializers.CharField()
    schedule = serializers.CharField()
    hospital_id = serializers.CharField()
    hospital = serializers.CharField()
    department_id = serializers.CharField()
    department = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    doctor = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    fee_fen = serializers.IntegerField()
    left = serializers.IntegerField(help_text="Free places.")


class Booking(serializers.Serializer[Any]):
    """A booking."""

    id = serializers.CharField()
    patient = Patient()
    band = Band()
    number = serializers.IntegerField()
    state = serializers.CharField(
        help_text="`held`, `booked`, `arrived`, `done`, `cancelled`, `expired`, `missed`, `stopped`."
    )
    end_reason = serializers.CharField(allow_blank=True)
    stop_reason = serializers.CharField(
        allow_blank=True, help_text="Why its session, or its band alone, is not held."
    )
    substitute = serializers.CharField(
        allow_blank=True, help_text="The schedule that is offered where its own was stopped."
    )
    bill = serializers.CharField(allow_blank=True, help_text="The bill to pay before it is booked.")
    held_until = serializers.DateTimeField(allow_null=True)
    cancel_until = serializers.DateTimeField()
    may_confirm = serializers.BooleanField(help_text="It is held, and waits for a confirmation.")
    may_cancel = serializers.BooleanField()
    may_change = serializers.BooleanField()
    moved_to = serializers.CharField(allow_blank=True, help_text="The booking that took its place.")
    created_at = serializers.DateTimeField()


class Bookings(serializers.Serializer[Any]):
    """What is to come, soonest first (on the first page), and what was."""

    coming = Booking(many=True)
    past = Booking(many=True)
    next_cursor = serializers.CharField(allow_blank=True)


class MadeBookings(serializers.Serializer[Any]):
    """The bookings that were made, in the order of the people asked for."""

    bookings = Booking(many=True)


class Bands(serializers.Serializer[Any]):
    """Bands with a free place."""

    bands = Band(many=True)
