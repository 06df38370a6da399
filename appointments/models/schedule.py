"""Schedules and their places."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q

from appointments.rules import ClinicKind, ScheduleState, Session
from foundation.core.models import PublicIdModel, TimestampedModel


class Schedule(PublicIdModel, TimestampedModel):
    """A session in which a department, or one of its doctors, sees patients (排班).

    ``code`` is the hospital's own number; ``heard_at`` when the hospital's system last said how it
    stands, empty for one that staff keep here by hand.

    Attributes:
        stopped_by: What kind of actor stopped it. What staff stopped is not opened again by the
            hospital's system, which may not know of it.
        substitute: The session that is offered to those whose bookings were stopped.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    department = models.ForeignKey(
        "institutions.Department", on_delete=models.PROTECT, related_name="+", verbose_name="科室"
    )
    doctor = models.ForeignKey(
        "institutions.Doctor",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="医生",
    )
    code = models.CharField("排班号", max_length=40)
    date = models.DateField("日期")
    session = models.CharField("时段", max_length=5, choices=Session.choices)
    kind = models.CharField("号别", max_length=8, choices=ClinicKind.choices, default=ClinicKind.GENERAL)
    # In fen; 0 where booking costs nothing and the fee is taken at the hospital.
    fee_fen = models.PositiveIntegerField("挂号费（分）", default=0)
    state = models.CharField("状态", max_length=8, choices=ScheduleState.choices, default=ScheduleState.OPEN)
    stop_reason = models.CharField("停诊原因", max_length=100, blank=True)
    stopped_by = models.CharField(max_length=8, blank=True, default="", db_default="")
    substitute = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="替诊排班"
    )
    releases_at = models.DateTimeField("放号时间")
    closes_at = models.DateTimeField("截止时间")
    heard_at = models.DateTimeField("医院最近更新", null=True)

    class Meta:
        db_table = "appointments_schedule"
        verbose_name = "排班"
        verbose_name_plural = "排班"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="appointments_schedule_once"),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("releases_at")), name="appointments_schedule_closes_later"
            ),
        ]
        indexes = [
            models.Index(fields=["department", "date"], name="appointments_by_department"),
            models.Index(fields=["doctor", "date"], name="appointments_by_doctor"),
            models.Index(fields=["institution", "date"], name="appointments_by_institution"),
            models.Index(fields=["date"], name="appointments_by_date"),
        ]

    def __str__(self) -> str:
        return self.code


class Slot(PublicIdModel):
    """A band of time with numbered places (号源).

    ``free`` holds the numbers that nobody has. Whoever takes the first number by one conditional
    UPDATE has it; an empty list is sold out. The list is at once the count and the numbering, so that
    the two cannot disagree. A band that is stopped, by itself or with its schedule, has no free
    number, so that whoever comes too late is refused by the same statement.
    """

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="slots")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束")
    capacity = models.PositiveSmallIntegerField("总号数")
    free = ArrayField(models.PositiveSmallIntegerField(), verbose_name="可约号")
    # These four are set where this band alone is stopped, and say of it what they say of a schedule.
    stopped_at = models.DateTimeField("停诊时间", null=True, blank=True)
    stopped_by = models.CharField(max_length=8, blank=True, default="", db_default="")
    stop_reason = models.CharField("停诊原因", max_length=100, blank=True, default="", db_default="")
    substitute = models.ForeignKey(
        Schedule, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="替诊排班"
    )

    class Meta:
        db_table = "appointments_slot"
        verbose_name = "号源"
        verbose_name_plural = "号源"
        constraints = [
            models.UniqueConstraint(fields=["schedule", "starts_at"], name="appointments_slot_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointments_slot_ends_later"
            ),
            models.CheckConstraint(
                condition=Q(
                    capacity__gte=Func(F("free"), function="cardinality", output_field=models.IntegerField())
                ),
                name="appointments_slot_no_more_than_all",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
