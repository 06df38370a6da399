"""What the calls that look for a session answer."""

from typing import Any

from rest_framework import serializers

from appointments.rules import ClinicKind, Session
from appointments.rules.places import PlaceState

STATES = [state.value for state in PlaceState]


class Freshness(serializers.Serializer[Any]):
    """How fresh the answer is."""

    as_of = serializers.DateTimeField(help_text="When the answer was read from the database.")
    heard_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When the hospital last said how these sessions stand; null where staff keep them.",
    )


class Hospital(serializers.Serializer[Any]):
    """A hospital with sessions to come."""

    id = serializers.CharField()
    name = serializers.CharField()
    level = serializers.CharField(help_text="In words, such as 三级甲等.")
    region = serializers.CharField()
    departments = serializers.IntegerField(help_text="How many departments have sessions to come.")


class Hospitals(serializers.Serializer[Any]):
    """Every hospital with sessions to come."""

    hospitals = Hospital(many=True)
    freshness = Freshness()


class FoundHospital(serializers.Serializer[Any]):
    """A hospital that is called so."""

    id = serializers.CharField()
    name = serializers.CharField()


class FoundDepartment(FoundHospital):
    """A department that is called so."""

    hospital = serializers.CharField()


class FoundDoctor(FoundDepartment):
    """A doctor who is called so."""

    department = serializers.CharField()
    title = serializers.CharField(allow_blank=True)


class Found(serializers.Serializer[Any]):
    """What is called so, twenty of each kind at most."""

    hospitals = FoundHospital(many=True)
    departments = FoundDepartment(many=True)
    doctors = FoundDoctor(many=True)
    more = serializers.BooleanField(help_text="Whether there is more than is listed.")
    freshness = Freshness()


class Department(serializers.Serializer[Any]):
    """A department of a hospital."""

    id = serializers.CharField()
    name = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    intro = serializers.CharField(allow_blank=True)
    first = serializers.DateField(
        allow_null=True, help_text="The next day on which it sees patients; null while all is suspended."
    )


class HospitalDepartments(serializers.Serializer[Any]):
    """A hospital and its departments with sessions to come."""

    id = serializers.CharField()
    name = serializers.CharField()
    departments = Department(many=True)
    freshness = Freshness()


class Doctor(serializers.Serializer[Any]):
    """A doctor."""

    id = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    skills = serializers.CharField(allow_blank=True)


class Slot(serializers.Serializer[Any]):
    """A band of time of a session."""

    id = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    free = serializers.IntegerField(help_text="Places that nobody has.")
    state = serializers.ChoiceField(choices=STATES)
    reason = serializers.CharField(
        allow_blank=True, help_text="Why this band alone is suspended, as the hospital says."
    )


class SessionSummary(serializers.Serializer[Any]):
    """A session in the list of a day."""

    id = serializers.CharField()
    department_id = serializers.CharField()
    department = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    doctor = Doctor(allow_null=True)
    date = serializers.DateField()
    session = serializers.ChoiceField(choices=Session.choices)
    kind = serializers.ChoiceField(choices=ClinicKind.choices)
    fee_fen = serializers.IntegerField()
    state = serializers.ChoiceField(choices=STATES)
    free = serializers.IntegerField(help_text="Places that can be booked now.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it is suspended, as the hospital says.")
    substitute = serializers.CharField(allow_blank=True, help_text="The session that is offered instead.")
    releases_at = serializers.DateTimeField(help_text="From this second on places can be booked.")
    closes_at = serializers.DateTimeField(help_text="From this second on nobody books any more.")


class Day(serializers.Serializer[Any]):
    """How a day of the week stands; the best state of its sessions, null without any."""

    day = serializers.DateField()
    state = serializers.ChoiceField(choices=STATES, allow_null=True)
    free = serializers.IntegerField()


class About(serializers.Serializer[Any]):
    """A department or a doctor; title, skills and department are a doctor's."""

    id = serializers.CharField()
    name = serializers.CharField()
    place = serializers.CharField(required=False, allow_blank=True)
    title = serializers.CharField(required=False, allow_blank=True)
    skills = serializers.CharField(required=False, allow_blank=True)
    intro = serializers.CharField(allow_blank=True)
    hospital = serializers.DictField(child=serializers.CharField())
    department = serializers.DictField(child=serializers.CharField(), required=False)


class Week(serializers.Serializer[Any]):
    """A week of a department or a doctor, with the sessions of one of its days."""

    about = About()
    week = serializers.IntegerField()
    later = serializers.BooleanField(help_text="Whether there are sessions after this week.")
    days = Day(many=True)
    day = serializers.DateField()
    sessions = SessionSummary(many=True)
    freshness = Freshness()


class OneSession(SessionSummary):
    """A session with its bands."""

    slots = Slot(many=True, source="bands")


class Schedule(serializers.Serializer[Any]):
    """One session, where it is, and its bands."""

    session = OneSession()
    hospital_id = serializers.CharField()
    hospital = serializers.CharField()
    freshness = Freshness()
