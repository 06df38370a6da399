"""Notices and consent, evidence of checks, and who holds whom."""

from typing import Final

from django.conf import settings
from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedJSONField
from identity.types import (
    CheckOutcome,
    ConsentKind,
    EndReason,
    InvitationState,
    Relation,
    TakeOverState,
)

CONSENT_KINDS: Final = [
    (ConsentKind.PRIVACY_NOTICE.value, "隐私政策"),
    (ConsentKind.SENSITIVE_DATA.value, "敏感个人信息"),
]
CHECK_OUTCOMES: Final = [
    (CheckOutcome.ASKED.value, "已发出"),
    (CheckOutcome.MATCH.value, "一致"),
    (CheckOutcome.MISMATCH.value, "不一致"),
    (CheckOutcome.NOT_FOUND.value, "查无此人"),
    (CheckOutcome.TIMEOUT.value, "超时"),
    (CheckOutcome.UNAVAILABLE.value, "暂不可用"),
    (CheckOutcome.REFUSED.value, "被拒绝"),
]


class PrivacyNotice(PublicIdModel):
    """One version of the notice that people are shown; its text never changes."""

    version = models.CharField(max_length=20, unique=True)
    text_zh = models.TextField()
    text_en = models.TextField()
    in_force_from = models.DateTimeField()

    class Meta:
        db_table = "identity_privacy_notice"
        verbose_name = "隐私政策"
        verbose_name_plural = "隐私政策"
        ordering = ["-in_force_from"]

    def __str__(self) -> str:
        return self.version


class ConsentRecord(PublicIdModel):
    """That an account agreed, to which version, when and where; kept after withdrawal."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=CONSENT_KINDS)
    notice = models.ForeignKey(PrivacyNotice, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=20)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_consent"
        verbose_name = "同意记录"
        verbose_name_plural = "同意记录"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "notice"],
                condition=models.Q(withdrawn_at=None),
                name="identity_consent_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class IdentityCheck(PublicIdModel):
    """Evidence that a name and a number were checked, and with what outcome.

    The row is written as ``asked`` before the other side is called. It holds a keyed digest of
    what was checked, never the values. ``subject_type`` and ``subject_id`` name what the check
    was made for, for example a card application.
    """

    request_id = models.CharField(max_length=64, unique=True)
    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=26)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    person = models.ForeignKey("mpi.Person", null=True, on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=60)
    digest = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=15, choices=CHECK_OUTCOMES, default=CheckOutcome.ASKED.value)
    level = models.PositiveSmallIntegerField(default=0)
    reference = models.CharField(max_length=100, blank=True)
    asked_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(null=True)

    class Meta:
        db_table = "identity_check"
        verbose_name = "实名核验"
        verbose_name_plural = "实名核验"
        constraints = [
            models.CheckConstraint(condition=models.Q(level__lte=3), name="identity_check_level"),
        ]
        indexes = [
            models.Index(fields=["asked_at"], name="identity_check_age"),
            models.Index(fields=["subject_type", "subject_id", "-asked_at"], name="identity_check_subject"),
            models.Index(
                fields=["asked_at"], condition=models.Q(outcome="asked"), name="identity_check_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.outcome} {self.public_id}"


class HoldingState(models.TextChoices):
    """Whether the holding counts."""

    LIVE = "live", "有效"
    ENDED = "ended", "已结束"


class Holding(PublicIdModel, TimestampedModel):
    """An account's hold on a person: as whom it may act, and how sure that is."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=12, choices=Relation.choices, default=Relation.SELF)
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=HoldingState.choices, default=HoldingState.LIVE)
    evidence = models.CharField(max_length=20)
    evidence_id = models.CharField(max_length=26, blank=True)
    # Which of the account's places for dependants this one takes; none for the account's own person.
    place = models.PositiveSmallIntegerField(null=True)
    opened_at = models.DateTimeField()
    # When the level of the account's own person was proved last; none before the first proof anew.
    proved_at = models.DateTimeField(null=True)
    # When the guardian was told that the child comes of age soon.
    warned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)

    class Meta:
        db_table = "identity_holding"
        verbose_name = "持卡关系"
        verbose_name_plural = "持卡关系"
        constraints = [
            models.CheckConstraint(condition=models.Q(level__lte=3), name="identity_holding_level"),
            models.CheckConstraint(
                condition=models.Q(state="live", ended_at=None)
                | models.Q(state="ended", ended_at__isnull=False),
                name="identity_holding_end_has_time",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(relation="self", state="live"),
                name="identity_holding_one_self_holder",
            ),
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(relation="self", state="live"),
                name="identity_holding_one_self",
            ),
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=models.Q(state="live"),
                name="identity_holding_once",
            ),
            models.CheckConstraint(
                condition=models.Q(relation="self", place=None)
                | (~models.Q(relation="self") & models.Q(place__isnull=False)),
                name="identity_holding_dependants_have_places",
            ),
            models.UniqueConstraint(
                fields=["account", "place"],
                condition=models.Q(state="live", place__isnull=False),
                name="identity_holding_one_per_place",
            ),
        ]
        indexes = [
            models.Index(
                fields=["ended_at"], condition=models.Q(state="ended"), name="identity_holding_ended"
            ),
            models.Index(
                fields=["evidence_id"],
                condition=models.Q(state="live") & ~models.Q(evidence_id=""),
                name="identity_holding_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.state} {self.public_id}"


class Invitation(PublicIdModel, TimestampedModel):
    """An account asks an adult for the consent to act for them; good for one answer.

    Of whom was named it keeps a keyed digest of certificate and name; ``person`` is whoever the
    master index knew by them, and may be nobody: the inviting account cannot tell which.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=12, choices=Relation.choices)
    person = models.ForeignKey("mpi.Person", null=True, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32)
    code_digest = models.BinaryField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=InvitationState.choices, default=InvitationState.OPEN)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_invitation"
        verbose_name = "家人邀请"
        verbose_name_plural = "家人邀请"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "digest"],
                condition=models.Q(state="open"),
                name="identity_invitation_one_open",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=models.Q(state="open"), name="identity_invitation_open"
            ),
            models.Index(
                fields=["decided_at"],
                condition=models.Q(decided_at__isnull=False),
                name="identity_invitation_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.relation} {self.state} {self.public_id}"


class TakeOver(PublicIdModel, TimestampedModel):
    """A clerk has before them the person whom another account holds; it counts by a second clerk's eyes.

    ``account`` is whose phone is at the window too. ``document`` is the type of the certificate
    that was looked at; its number is nowhere here.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    document = models.CharField(max_length=2)
    reason = models.CharField(max_length=200)
    asked_by = models.CharField(max_length=PUBLIC_ID_LENGTH)
    decided_by = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    state = models.CharField(max_length=10, choices=TakeOverState.choices, default=TakeOverState.WAITING)
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_take_over"
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=models.Q(state="waiting"), name="identity_take_over_one_open"
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_at=None)
                | (~models.Q(state="waiting") & models.Q(decided_at__isnull=False)),
                name="identity_take_over_end_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done")
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("asked_by"))),
                name="identity_take_over_four_eyes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["institution", "created_at"],
                condition=models.Q(state="waiting"),
                name="identity_take_over_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class OrderKind(models.TextChoices):
    """Which operation placed it."""

    FACE = "face", "人脸核身"
    UNIFORM = "uniform", "统一核身"
    REAL_PERSON = "real_person", "实人认证"


class OrderState(models.TextChoices):
    """Where it stands; one that is open after its time is over."""

    OPEN = "open", "待核身"
    PASSED = "passed", "已通过"
    FAILED = "failed", "未通过"


class VerifyOrder(PublicIdModel):
    """An institution wants to know that somebody is who they say; they show their face on our page.

    Who is in ``who`` (certificate type, number, name) under the order's own key. ``session`` is
    the provider's own number of the check under way, ``check`` the evidence of its outcome.
    """

    kind = models.CharField(max_length=12, choices=OrderKind.choices)
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    who = EncryptedJSONField(null=True)
    success_url = models.CharField(max_length=500, blank=True)
    fail_url = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=8, choices=OrderState.choices, default=OrderState.OPEN)
    session = models.CharField(max_length=64, blank=True)
    evidence = models.ForeignKey(
        "identity.IdentityCheck", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_verify_order"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", answered_at=None)
                | ~models.Q(state="open") & models.Q(answered_at__isnull=False, evidence__isnull=False),
                name="identity_order_answer_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the particulars."""
        return self.public_id
