"""Shapes of reports and visits, as the published schema describes them."""

from typing import Any

from rest_framework import serializers

from records.rules import EncounterKind, ReportKind
from records.services import reports as limits


class Whom(serializers.Serializer[Any]):
    """A patient of yours; one of the two numbers says whom."""

    health_card_id = serializers.CharField(max_length=64, required=False)
    patient_id = serializers.CharField(max_length=64, required=False, help_text="Your own number.")


class ResultGiven(serializers.Serializer[Any]):
    """One result of a laboratory report, exactly as you print it."""

    code = serializers.CharField(max_length=40, help_text="Results are compared over time by it.")
    name = serializers.CharField(max_length=100)
    value = serializers.CharField(max_length=100)
    unit = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    low = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    high = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")
    range_text = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    mark = serializers.CharField(
        max_length=10,
        required=False,
        allow_blank=True,
        default="",
        help_text="Your own mark, for example H, L, HH, LL, A, POS; empty or N for none.",
    )


class ReportGiven(Whom):
    """A report. The same number again with other content is an amendment."""

    report_no = serializers.CharField(max_length=limits.LONGEST_NUMBER)
    kind = serializers.ChoiceField(choices=ReportKind.values)
    title = serializers.CharField(max_length=limits.LONGEST_TITLE)
    reported_at = serializers.DateTimeField()
    encounter_no = serializers.CharField(
        max_length=limits.LONGEST_NUMBER, required=False, allow_blank=True, default=""
    )
    department = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    doctor = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    specimen = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    results = ResultGiven(many=True, required=False, default=list)
    findings = serializers.CharField(
        max_length=limits.LONGEST_TEXT, required=False, allow_blank=True, default=""
    )
    conclusion = serializers.CharField(
        max_length=limits.LONGEST_TEXT, required=False, allow_blank=True, default=""
    )
    reason = serializers.CharField(
        max_length=limits.LONGEST_REASON,
        required=False,
        allow_blank=True,
        default="",
        help_text="Why it was amended; the patient reads it.",
    )
    has_document = serializers.BooleanField(
        required=False, default=False, help_text="Whether you offer a PDF of it to be fetched."
    )


class ReportKept(serializers.Serializer[Any]):
    """What became of it."""

    report_id = serializers.CharField()
    version = serializers.IntegerField()
    changed = serializers.BooleanField(help_text="False for what was known already.")


class Withdrawal(serializers.Serializer[Any]):
    """A report to be taken back."""

    report_no = serializers.CharField(max_length=limits.LONGEST_NUMBER)
    reason = serializers.CharField(
        max_length=limits.LONGEST_REASON, required=False, allow_blank=True, default=""
    )


class Withdrawn(serializers.Serializer[Any]):
    """That it is taken back."""

    changed = serializers.BooleanField(help_text="False if it was withdrawn before.")


class EncounterGiven(Whom):
    """A visit or a stay; the same number again brings what is new."""

    encounter_no = serializers.CharField(max_length=limits.LONGEST_NUMBER)
    kind = serializers.ChoiceField(choices=EncounterKind.values)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    department = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    doctor = serializers.CharField(max_length=60, required=False, allow_blank=True, default="")
    complaint = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")
    diagnoses = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=100, required=False, default=list
    )
    advice = serializers.CharField(max_length=4_000, required=False, allow_blank=True, default="")
    medicines = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=100, required=False, default=list
    )


class EncounterKept(serializers.Serializer[Any]):
    """What became of it."""

    encounter_id = serializers.CharField()


class ReportHead(serializers.Serializer[Any]):
    """That there is a report. Title and number of marks are empty while contents are shut."""

    report_id = serializers.CharField()
    kind = serializers.CharField()
    state = serializers.CharField(help_text="final, amended or withdrawn.")
    institution = serializers.CharField()
    place = serializers.CharField()
    reported_at = serializers.DateTimeField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    abnormal = serializers.IntegerField(allow_null=True)


class Reports(serializers.Serializer[Any]):
    """A page of them."""

    reports = ReportHead(many=True)
    next_cursor = serializers.CharField(help_text="Give it as `cursor` for the next page; empty at the end.")
    open_until = serializers.DateTimeField(allow_null=True, help_text="Until when contents are open.")


class ShownResult(serializers.Serializer[Any]):
    """One result as the hospital gave it."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField()
    reference = serializers.CharField()
    mark = serializers.CharField()
    mark_words = serializers.CharField()


class Version(serializers.Serializer[Any]):
    """A version that the hospital published."""

    version = serializers.IntegerField()
    reported_at = serializers.DateTimeField()


class Report(ReportHead):
    """A report with what it says."""

    department = serializers.CharField()
    doctor = serializers.CharField()
    specimen = serializers.CharField()
    results = ShownResult(many=True)
    findings = serializers.CharField()
    conclusion = serializers.CharField()
    reason = serializers.CharField()
    versions = Version(many=True)
    has_document = serializers.BooleanField()


class Point(serializers.Serializer[Any]):
    """One measurement; `number` is null for what is no number or has another unit."""

    report_id = serializers.CharField()
    at = serializers.DateTimeField()
    place = serializers.CharField()
    value = serializers.CharField()
    unit = serializers.CharField()
    mark_words = serializers.CharField()
    number = serializers.FloatField(allow_null=True)


class Trend(serializers.Serializer[Any]):
    """An indicator over time, the earliest first."""

    name = serializers.CharField()
    unit = serializers.CharField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    points = Point(many=True)


class Visit(serializers.Serializer[Any]):
    """A visit; what it says is empty while contents are shut."""

    encounter_id = serializers.CharField()
    kind = serializers.CharField()
    place = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    department = serializers.CharField()
    doctor = serializers.CharField()
    complaint = serializers.CharField()
    diagnoses = serializers.ListField(child=serializers.CharField())
    advice = serializers.CharField()
    medicines = serializers.ListField(child=serializers.CharField())


class Visits(serializers.Serializer[Any]):
    """A page of them, the latest first."""

    visits = Visit(many=True)
    next_cursor = serializers.CharField()
    open_until = serializers.DateTimeField(allow_null=True)


class CodeSent(serializers.Serializer[Any]):
    """Where the code went."""

    phone = serializers.CharField(help_text="Masked.")


class CodeGiven(serializers.Serializer[Any]):
    """The code that came."""

    code = serializers.CharField(max_length=12)


class Opened(serializers.Serializer[Any]):
    """Until when contents are open in this session."""

    open_until = serializers.DateTimeField()


class CodeShown(serializers.Serializer[Any]):
    """The code as scanned, after it was verified in this scan session."""

    code = serializers.CharField(max_length=200)


class PrintableReports(serializers.Serializer[Any]):
    """What can be printed."""

    reports = ReportHead(many=True)


class Printed(serializers.Serializer[Any]):
    """A report to print."""

    pdf = serializers.CharField(help_text="Base64.")
