"""Shapes of consent to read records, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from records.api.schemas import Report, ReportHead, Visit, Whom
from records.rules import DURATIONS, REACHES, BloodGroup, Purpose, RecordKind, Rhesus
from records.services.emergency import LONGEST_TEXT, MOST_CONTACTS


class Item(serializers.Serializer[Any]):
    """One record, by what may be said of it before it is opened."""

    thing = serializers.CharField(help_text="report or encounter.")
    id = serializers.CharField()
    part = serializers.CharField()
    institution = serializers.CharField()
    place = serializers.CharField()
    at = serializers.DateTimeField()


class AskedAccess(serializers.Serializer[Any]):
    """A doctor's request."""

    request_id = serializers.CharField()
    reader_name = serializers.CharField()
    place = serializers.CharField()
    purpose = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    state = serializers.CharField(help_text="waiting, granted or refused.")
    is_waiting = serializers.BooleanField()
    expires_at = serializers.DateTimeField()
    grant_id = serializers.CharField(help_text="Empty unless it was granted.")


class Question(AskedAccess):
    """A request with exactly what a scope would open and what would stay shut."""

    opens = Item(many=True)
    stays_shut = Item(many=True)
    seen = serializers.CharField(help_text="Give it back with the answer: it names what was shown.")


class ScopeChosen(serializers.Serializer[Any]):
    """How much opens, and for how long."""

    kinds = serializers.ListField(child=serializers.ChoiceField(choices=RecordKind.values))
    sources = serializers.ListField(
        child=serializers.CharField(max_length=26), help_text="Public ids of the institutions."
    )
    reach = serializers.ChoiceField(choices=list(REACHES), default="three_years")
    duration = serializers.ChoiceField(choices=list(DURATIONS), default="day")


class AccessAnswer(ScopeChosen):
    """Yes or no; a yes says to which list."""

    agrees = serializers.BooleanField()
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=RecordKind.values), required=False, default=list
    )
    sources = serializers.ListField(child=serializers.CharField(max_length=26), required=False, default=list)
    seen = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    person_id = serializers.CharField(max_length=26, required=False, allow_blank=True, default="")


class Grant(serializers.Serializer[Any]):
    """What was granted."""

    grant_id = serializers.CharField()
    reader_name = serializers.CharField()
    place = serializers.CharField()
    purpose = serializers.CharField()
    kinds = serializers.ListField(child=serializers.CharField())
    sources = serializers.ListField(child=serializers.CharField())
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField()
    granted_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    is_live = serializers.BooleanField()


class GrantWithReceipt(Grant):
    """With the receipt that the centre signed, by SM2."""

    receipt = serializers.DictField()


class Overview(serializers.Serializer[Any]):
    """What waits and what was granted."""

    waiting = AskedAccess(many=True)
    grants = Grant(many=True)


class Access(serializers.Serializer[Any]):
    """One reading."""

    reader_name = serializers.CharField()
    place = serializers.CharField()
    what = serializers.CharField(help_text="Empty for the list itself.")
    at = serializers.DateTimeField()
    is_emergency = serializers.BooleanField()
    grant_id = serializers.CharField()


class Accesses(serializers.Serializer[Any]):
    """A page of them."""

    accesses = Access(many=True)
    next_cursor = serializers.CharField()


class AccessAsk(Whom):
    """What a doctor of yours asks a patient of yours for."""

    doctor_code = serializers.CharField(max_length=32, help_text="Your own staff number of the doctor.")
    purpose = serializers.ChoiceField(choices=Purpose.values)
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=RecordKind.values), min_length=1)


class OpenedRecord(serializers.Serializer[Any]):
    """The records that a consent opens."""

    until = serializers.DateTimeField()
    purpose = serializers.CharField()
    reports = ReportHead(many=True)
    visits = Visit(many=True)


class OpenedReport(Report):
    """One of them."""


class Contact(serializers.Serializer[Any]):
    """Whom to call."""

    name = serializers.CharField(max_length=40)
    relation = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    phone = serializers.CharField(max_length=20)


class EmergencyInfo(serializers.Serializer[Any]):
    """What rescuers are to know; everything may be empty."""

    blood = serializers.ChoiceField(
        choices=["", *BloodGroup.values], required=False, allow_blank=True, default=""
    )
    rhesus = serializers.ChoiceField(
        choices=["", *Rhesus.values], required=False, allow_blank=True, default=""
    )
    allergies = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True, default="")
    conditions = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True, default="")
    medicines = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True, default="")
    contacts = serializers.ListField(child=Contact(), max_length=MOST_CONTACTS, required=False, default=list)
