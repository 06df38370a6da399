"""Reports with their versions and documents, and the visits that they belong to.

What a hospital found out stands only in encrypted fields, under the person's own key; what is
left in the open says that there is a report, of which kind, from where and when.
"""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedBytesField, EncryptedJSONField, EncryptedTextField
from records.rules import EncounterKind, ReportKind, ReportState


class Encounter(PublicIdModel):
    """A visit or a stay; ``number`` is the hospital's own.

    Attributes:
        subject: Public id of the anchor, whose key protects the content.
        content: Department, doctor, complaint, diagnoses, advice and medicines.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    number = models.CharField("就诊号", max_length=64)
    kind = models.CharField("类别", max_length=10, choices=EncounterKind.choices)
    content = EncryptedJSONField()
    started_at = models.DateTimeField("开始时间", db_index=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    heard_at = models.DateTimeField("收到时间")

    class Meta:
        db_table = "records_encounter"
        verbose_name = "就诊记录"
        verbose_name_plural = "就诊记录"
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="records_encounter_once"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("started_at")),
                name="records_encounter_ends_after_start",
            ),
        ]
        indexes = [models.Index(fields=["person", "-started_at"], name="records_encounter_of_person")]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the content."""
        return self.subject


class Report(PublicIdModel):
    """A report in the index; ``number`` is the hospital's own.

    Attributes:
        version: The version that holds; earlier ones are kept.
        encounter: The hospital's own number of the visit; what it belongs to may come later.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    number = models.CharField("报告号", max_length=64)
    encounter = models.CharField("就诊号", max_length=64, blank=True)
    kind = models.CharField("类别", max_length=10, choices=ReportKind.choices)
    state = models.CharField("状态", max_length=10, choices=ReportState.choices, default=ReportState.FINAL)
    version = models.PositiveSmallIntegerField("版本", default=1)
    reported_at = models.DateTimeField("报告时间", db_index=True)
    heard_at = models.DateTimeField("收到时间")
    withdrawn_at = models.DateTimeField("撤回时间", null=True)
    withdrawn_reason = EncryptedTextField(null=True)

    class Meta:
        db_table = "records_report"
        verbose_name = "报告"
        verbose_name_plural = "报告"
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="records_report_once"),
            models.CheckConstraint(
                condition=Q(state=ReportState.WITHDRAWN, withdrawn_at__isnull=False)
                | (~Q(state=ReportState.WITHDRAWN) & Q(withdrawn_at=None)),
                name="records_report_withdrawn_when",
            ),
        ]
        indexes = [models.Index(fields=["person", "-reported_at"], name="records_report_of_person")]

    def __str__(self) -> str:
        return self.number

    def data_subject(self) -> str:
        """Whose key protects the reason of a withdrawal."""
        return self.subject


class ReportVersion(PublicIdModel):
    """What a report says, or said before it was amended.

    Attributes:
        digest: SM3 of the content, so that the same content again is no amendment.
        has_document: Whether the hospital holds a PDF of it that has yet to be fetched.
        asks, next_ask_at: How often it was asked for, and when it is again; at once while there is no time.
    """

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="versions")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    number = models.PositiveSmallIntegerField()
    content = EncryptedJSONField()
    digest = models.BinaryField(max_length=32)
    has_document = models.BooleanField(default=False)
    asks = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_ask_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField()
    heard_at = models.DateTimeField()

    class Meta:
        db_table = "records_report_version"
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="records_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id}.{self.number}"

    def data_subject(self) -> str:
        """Whose key protects the content."""
        return self.subject


class Document(PublicIdModel):
    """The PDF of a version as the hospital made it, encrypted."""

    version = models.OneToOneField(ReportVersion, on_delete=models.PROTECT, related_name="document")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    content = EncryptedBytesField()
    size = models.PositiveIntegerField()
    heard_at = models.DateTimeField()

    class Meta:
        db_table = "records_document"

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the file."""
        return self.subject


class ArrivedDocument(PublicIdModel):
    """A PDF that came in one message with a report, until the report is applied.

    Whose it is may not be known yet; so it lies under a key of the house, as the message does.

    Attributes:
        institution: Public id of the hospital.
        number: The hospital's own number of the report.
        digest: SM3 of the content in hex, by which the report names it.
    """

    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    number = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    content = EncryptedBytesField()
    size = models.PositiveIntegerField()
    arrived_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "records_arrived_document"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number", "digest"], name="records_arrived_document_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
