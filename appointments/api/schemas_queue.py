"""Shapes of check-in and queues, as the published schema describes them."""

from typing import Any

from rest_framework import serializers


class Minutes(serializers.Serializer[Any]):
    """How long it may still take; an estimate, never a promise."""

    low = serializers.IntegerField()
    high = serializers.IntegerField()


class Ticket(serializers.Serializer[Any]):
    """A place in a queue."""

    ticket_id = serializers.CharField()
    code = serializers.CharField(help_text="What is called and shown, for example A012.")
    state = serializers.CharField(help_text="waiting, called, recalled, passed, served, left or transferred.")
    institution = serializers.CharField()
    department = serializers.CharField()
    doctor = serializers.CharField()
    place = serializers.CharField(help_text="Where to wait; once called, where to go.")
    ahead = serializers.IntegerField(allow_null=True, help_text="How many wait in front; null if not known.")
    minutes = Minutes(allow_null=True)
    paused = serializers.BooleanField(help_text="Nobody is called at present.")
    passes = serializers.IntegerField(help_text="How many calls were missed.")
    joined_at = serializers.DateTimeField()
    called_at = serializers.DateTimeField(allow_null=True)
    as_of = serializers.DateTimeField()
    moved_to = serializers.CharField(help_text="The ticket in the queue that one was sent to; usually empty.")
    person_id = serializers.CharField(help_text="Of a dependant; empty for the account's own person.")
    name = serializers.CharField(help_text="Of a dependant.")


class BookedVisit(serializers.Serializer[Any]):
    """A booking of today that waits for its check-in."""

    booking_id = serializers.CharField()
    person_id = serializers.CharField()
    name = serializers.CharField(help_text="A dependant's in full; empty for the account's own person.")
    institution = serializers.CharField()
    department = serializers.CharField()
    doctor = serializers.CharField()
    place = serializers.CharField()
    starts_at = serializers.DateTimeField()
    opens_at = serializers.DateTimeField(help_text="From when one may check in.")
    closes_at = serializers.DateTimeField()
    open = serializers.BooleanField()
    by_location = serializers.BooleanField(help_text="Whether the place of the phone will do.")


class Queueing(serializers.Serializer[Any]):
    """Today at the hospital, for everybody for whom the account acts."""

    tickets = Ticket(many=True)
    visits = BookedVisit(many=True)


class CheckIn(serializers.Serializer[Any]):
    """The code of the day, or where the phone is in WGS 84; the place is compared and not kept."""

    code = serializers.CharField(max_length=12, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    accuracy = serializers.FloatField(min_value=0, required=False, help_text="In metres.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Either of the two, and the second whole."""
        if ("code" in attrs) == ("latitude" in attrs):
            raise serializers.ValidationError({"code": "code, or latitude, longitude and accuracy"})
        if "latitude" in attrs and not {"longitude", "accuracy"} <= set(attrs):
            raise serializers.ValidationError({"longitude": "with latitude come longitude and accuracy"})
        return attrs


class MachineCheckIn(serializers.Serializer[Any]):
    """Whom a machine of the hospital checks in: a code that it has verified, or one of the numbers."""

    code = serializers.CharField(
        max_length=200, required=False, help_text="As scanned, after `POST codes/verify` by the institution."
    )
    health_card_id = serializers.CharField(max_length=64, required=False)
    patient_id = serializers.CharField(max_length=64, required=False, help_text="Your own number.")
    booking_id = serializers.CharField(
        max_length=26, required=False, default="", help_text="Without it the next one of today."
    )


class Place(serializers.Serializer[Any]):
    """The place that was given, to be printed or shown."""

    ticket_id = serializers.CharField()
    code = serializers.CharField()
    department = serializers.CharField()
    doctor = serializers.CharField()
    place = serializers.CharField()
    ahead = serializers.IntegerField(allow_null=True)


class Medicine(serializers.Serializer[Any]):
    """Medicines of one prescription."""

    medicine_id = serializers.CharField()
    institution = serializers.CharField()
    pharmacy = serializers.CharField()
    place = serializers.CharField()
    window = serializers.CharField()
    pick_code = serializers.CharField(help_text="What the pharmacy prints on the bag.")
    items_count = serializers.IntegerField()
    state = serializers.CharField(help_text="ready, collected or withdrawn.")
    ready_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ticket_id = serializers.CharField(help_text="The place in the pharmacy's queue; empty without one.")
    has_queue = serializers.BooleanField(help_text="Whether one can queue; else straight to the window.")
    person_id = serializers.CharField(help_text="Of a dependant; empty for the account's own person.")
    name = serializers.CharField(help_text="Of a dependant.")


class Medicines(serializers.Serializer[Any]):
    """What is ready, and what was collected."""

    medicines = Medicine(many=True)


class PharmacyCheckIn(serializers.Serializer[Any]):
    """The code of the day."""

    code = serializers.CharField(max_length=12)
