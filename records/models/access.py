"""Who asked to read somebody's records, what was granted, and every reading.

What was granted names kinds, institutions and times and nothing that a record says. A reading
always rests on one grant, or on one opening in an emergency.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedJSONField, EncryptedTextField
from records.rules import Purpose, RequestState, ReviewState, Way


class AccessRequest(PublicIdModel):
    """A doctor asks to read somebody's records, by a code that is shown or by the patient's own.

    Attributes:
        reader: Public id of the account or client that will read; ``reader_name`` is the doctor's, as
            on the hospital's own notice board.
        token_digest: Of the secret in the code that the doctor shows; empty where the patient's own
            code was scanned.
        person: Whose records; none until somebody has scanned the doctor's code and said for whom.
        account: Who opened or answered it.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    reader = models.CharField(max_length=PUBLIC_ID_LENGTH)
    reader_name = models.CharField("医生", max_length=60)
    token_digest = models.BinaryField(max_length=32, null=True, unique=True)
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, null=True, related_name="+")
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices)
    kinds = ArrayField(models.CharField(max_length=12))
    state = models.CharField("状态", max_length=8, choices=RequestState.choices, default=RequestState.WAITING)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    created_at = models.DateTimeField("提出时间")
    expires_at = models.DateTimeField("有效至", db_index=True)
    answered_at = models.DateTimeField("回答时间", null=True)

    class Meta:
        db_table = "records_access_request"
        verbose_name = "查阅申请"
        verbose_name_plural = "查阅申请"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=RequestState.WAITING, answered_at=None)
                | (~Q(state=RequestState.WAITING) & Q(answered_at__isnull=False)),
                name="records_request_answered_when",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.GRANTED) | Q(person__isnull=False),
                name="records_request_granted_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["person", "-created_at"], name="records_request_of_person")]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class AccessGrant(PublicIdModel):
    """What a resident opened to one reader, until when, with the receipt that the centre signed.

    Attributes:
        kinds, sources: Parts of the record, and public ids of the institutions that it is from.
        since: Nothing that is older; none for everything.
        items: Public ids of the records that were shown: nothing else opens, whatever is heard of later,
            and whoever turns out to be the same person. None for consents from before they were kept.
        until: When it ends by itself.
        granted_at: What was heard of later does not open.
    """

    request = models.OneToOneField(AccessRequest, on_delete=models.PROTECT, related_name="grant")
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    reader = models.CharField(max_length=PUBLIC_ID_LENGTH)
    reader_name = models.CharField("医生", max_length=60)
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH)
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices)
    kinds = ArrayField(models.CharField(max_length=12))
    sources = ArrayField(models.CharField(max_length=PUBLIC_ID_LENGTH))
    since = models.DateTimeField("从", null=True)
    items = ArrayField(models.CharField(max_length=PUBLIC_ID_LENGTH), null=True)
    until = models.DateTimeField("有效至", db_index=True)
    granted_at = models.DateTimeField("授权时间")
    revoked_at = models.DateTimeField("撤回时间", null=True)
    receipt = EncryptedJSONField()

    class Meta:
        db_table = "records_access_grant"
        verbose_name = "查阅授权"
        verbose_name_plural = "查阅授权"
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("granted_at")), name="records_grant_ends"),
        ]
        indexes = [
            models.Index(fields=["person", "-granted_at"], name="records_grant_of_person"),
            models.Index(fields=["reader", "-until"], name="records_grant_of_reader"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the receipt."""
        return self.subject


class EmergencyOpening(PublicIdModel):
    """Somebody's records opened without consent, with a reason, to be looked at by a reviewer.

    Attributes:
        way: By which the patient was found.
        ticket: Of the form that was sent; a form opens somebody's records once, however often it comes.
        reason: Why it could not wait (person's key).
        finding: What the reviewer wrote (person's key).
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    reader = models.CharField(max_length=PUBLIC_ID_LENGTH)
    reader_name = models.CharField("医护人员", max_length=60)
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    way = models.CharField("方式", max_length=8, choices=Way.choices)
    ticket = models.CharField(max_length=26, blank=True, default="", db_default="")
    reason = EncryptedTextField()
    opened_at = models.DateTimeField("打开时间", db_index=True)
    until = models.DateTimeField("有效至")
    state = models.CharField("复核", max_length=11, choices=ReviewState.choices, default=ReviewState.WAITING)
    reviewer = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    finding = EncryptedTextField(null=True)
    reviewed_at = models.DateTimeField("复核时间", null=True)

    class Meta:
        db_table = "records_emergency_opening"
        verbose_name = "急救查阅"
        verbose_name_plural = "急救查阅"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ReviewState.WAITING, reviewed_at=None)
                | (~Q(state=ReviewState.WAITING) & Q(reviewed_at__isnull=False) & ~Q(reviewer=F("reader"))),
                name="records_emergency_reviewed_by_another",
            ),
        ]
        indexes = [models.Index(fields=["person", "-opened_at"], name="records_emergency_of_person")]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects reason and finding."""
        return self.subject


class RecordAccess(PublicIdModel):
    """One reading of somebody's records: by whom, what, when, and what it rests on.

    Attributes:
        thing: ``list``, ``report``, ``encounter`` or ``emergency``; ``thing_id`` its public id.
    """

    grant = models.ForeignKey(AccessGrant, on_delete=models.PROTECT, null=True, related_name="accesses")
    emergency = models.ForeignKey(
        EmergencyOpening, on_delete=models.PROTECT, null=True, related_name="accesses"
    )
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    reader = models.CharField(max_length=PUBLIC_ID_LENGTH)
    reader_name = models.CharField("医护人员", max_length=60)
    thing = models.CharField("内容", max_length=10)
    thing_id = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        db_table = "records_access"
        verbose_name = "查阅记录"
        verbose_name_plural = "查阅记录"
        constraints = [
            models.CheckConstraint(
                condition=Q(grant__isnull=False, emergency=None) | Q(grant=None, emergency__isnull=False),
                name="records_access_rests_on_one",
            ),
        ]
        indexes = [models.Index(fields=["person", "-at"], name="records_access_of_person")]

    def __str__(self) -> str:
        return self.public_id


class EmergencyInfo(PublicIdModel):
    """What a resident wants rescuers to know (person's key): blood group, allergies, contacts."""

    person = models.OneToOneField("mpi.Person", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    content = EncryptedJSONField()
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        db_table = "records_emergency_info"
        verbose_name = "急救信息"
        verbose_name_plural = "急救信息"

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the content."""
        return self.subject
