"""Hospitals' systems, and the patient numbers that they are asked for."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedTextField


class Offer(models.TextChoices):
    """What a hospital's system answers."""

    SCHEDULES = "schedules", "排班"
    EVENTS = "events", "漏收的事件"
    DOCUMENTS = "documents", "报告单文件"
    PATIENTS = "patients", "院内建档"
    PAYMENTS = "payments", "缴费入账"


class SystemState(models.TextChoices):
    """Whether a hospital's system is asked."""

    ACTIVE = "active", "使用中"
    SUSPENDED = "suspended", "已停用"


class HospitalSystem(PublicIdModel, TimestampedModel):
    """Where one institution's system is asked, and how that went lately.

    Attributes:
        key_id: Under which number the hospital knows the secret that questions are signed with.
        cursor: How far the feed of its events was read.
        as_of: As of when the hospital last told its schedules.
    """

    institution = models.OneToOneField(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    base_url = models.URLField("接口地址", max_length=200)
    key_id = models.CharField("密钥编号", max_length=26)
    secret = EncryptedTextField(purpose="client_secret")
    offers = ArrayField(models.CharField(max_length=10, choices=Offer.choices), verbose_name="提供的接口")
    state = models.CharField("状态", max_length=10, choices=SystemState.choices, default=SystemState.ACTIVE)
    days_ahead = models.PositiveSmallIntegerField("取多少天的排班", default=14)
    every_minutes = models.PositiveSmallIntegerField("每隔多少分钟查询", default=5)
    next_pull_at = models.DateTimeField("下次查询")
    pulled_at = models.DateTimeField("最近查询成功", null=True)
    as_of = models.DateTimeField("排班截至", null=True)
    cursor = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField("连续失败次数", default=0)
    failure = models.CharField("最近失败原因", max_length=60, blank=True)

    class Meta:
        db_table = "his_system"
        verbose_name = "医院系统"
        verbose_name_plural = "医院系统"
        constraints = [
            models.CheckConstraint(
                condition=Q(every_minutes__gte=1, every_minutes__lte=1_440), name="his_system_interval"
            ),
            models.CheckConstraint(condition=Q(days_ahead__lte=90), name="his_system_days"),
        ]
        indexes = [
            models.Index(fields=["next_pull_at"], condition=Q(state="active"), name="his_system_due"),
        ]

    def __str__(self) -> str:
        return self.base_url


class RecordState(models.TextChoices):
    """Where the question for a patient number stands."""

    WAITING = "waiting", "等待查询"
    ASKING = "asking", "查询中"
    DONE = "done", "已建档"
    AMBIGUOUS = "ambiguous", "需人工确认"
    FAILED = "failed", "查询失败"


OPEN_STATES = (RecordState.WAITING, RecordState.ASKING)


class PatientRecord(PublicIdModel):
    """One institution is asked once for its number of one person.

    The number itself is kept by the master index. The row's public id is the key under which the
    hospital is asked to create a record, so that it does so once, however often it is asked.

    Attributes:
        cause: Why it was asked: ``scan``, ``booking``, ``arrival``.
        wants_new: Staff decided that none of the records found is this person's.
        candidates: JSON of the records found where there were several.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    state = models.CharField("状态", max_length=10, choices=RecordState.choices)
    cause = models.CharField("起因", max_length=10)
    wants_new = models.BooleanField(default=False)
    outcome = models.CharField("结果", max_length=10, blank=True)
    candidates = EncryptedTextField(null=True)
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次尝试")
    failure = models.CharField("最近失败原因", max_length=60, blank=True)
    created_at = models.DateTimeField("提出时间")
    done_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        db_table = "his_patient_record"
        verbose_name = "院内建档"
        verbose_name_plural = "院内建档"
        constraints = [
            models.UniqueConstraint(fields=["institution", "person"], name="his_patient_record_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=("waiting", "asking")),
                name="his_patient_record_due",
            ),
            models.Index(
                fields=["done_at"], condition=Q(done_at__isnull=False), name="his_patient_record_done"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """The candidates are told of the person, and end with them."""
        return self.person.public_id
