"""Shapes of examinations, as the published schema describes them."""

from typing import Any

from rest_framework import serializers


class Exam(serializers.Serializer[Any]):
    """An examination that was ordered; ``name`` is the department's where it may not be read."""

    order_id = serializers.CharField()
    person_id = serializers.CharField()
    institution = serializers.CharField()
    name = serializers.CharField()
    department = serializers.CharField()
    place = serializers.CharField()
    preparation = serializers.CharField()
    state = serializers.CharField(help_text="open, booked, fixed (by the hospital), done, cancelled or over.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    booking_id = serializers.CharField(help_text="Its appointment; empty while there is none.")


class Exams(serializers.Serializer[Any]):
    """Everything that was ordered."""

    exams = Exam(many=True)


class Stop(serializers.Serializer[Any]):
    """What is done at one place in one go."""

    slot = serializers.CharField()
    department = serializers.CharField()
    place = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    order_ids = serializers.ListField(child=serializers.CharField())


class Plan(serializers.Serializer[Any]):
    """When it could all be done; no stops where it cannot be within two weeks."""

    person_id = serializers.CharField()
    stops = Stop(many=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Why in this order.")
    without_places = serializers.ListField(child=serializers.CharField())


class Choice(serializers.Serializer[Any]):
    """The band of one order."""

    order_id = serializers.CharField(max_length=26)
    slot = serializers.CharField(max_length=26)


class ExamBooking(serializers.Serializer[Any]):
    """A whole set, as a plan proposed it."""

    person_id = serializers.CharField(max_length=26)
    choices = Choice(many=True)


class MadeExams(serializers.Serializer[Any]):
    """The appointments that were made."""

    booking_ids = serializers.ListField(child=serializers.CharField())
