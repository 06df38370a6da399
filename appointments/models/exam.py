"""Examinations: what there is, what excludes what, and what doctors ordered."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from appointments.models.booking import Booking
from appointments.rules.exams import ExamOrderState, ExamRuleKind
from foundation.core.models import PublicIdModel, TimestampedModel

TAG_LENGTH = 20


class ExamItem(PublicIdModel, TimestampedModel):
    """An examination that a hospital offers, done in one of its departments.

    Its places are the schedules of that department of the kind ``exam``.

    Attributes:
        code: The hospital's own code.
        tags: What rules ask about.
        latest: The time of day after which it does not begin.
        priority: The smaller goes first where no rule decides.
        preparation: What the patient does before, in words.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    department = models.ForeignKey(
        "institutions.Department", on_delete=models.PROTECT, related_name="+", verbose_name="检查科室"
    )
    code = models.CharField("项目代码", max_length=40)
    name = models.CharField("名称", max_length=60)
    tags = ArrayField(models.CharField(max_length=TAG_LENGTH), default=list, verbose_name="特性")
    latest = models.TimeField("最晚开始", null=True)
    priority = models.PositiveSmallIntegerField("先后", default=100)
    preparation = models.TextField("检查前准备", max_length=1_000, blank=True)
    is_open = models.BooleanField("开放预约", default=True)

    class Meta:
        db_table = "appointments_exam_item"
        verbose_name = "检查项目"
        verbose_name_plural = "检查项目"
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="appointments_exam_item_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ExamRule(PublicIdModel, TimestampedModel):
    """What a hospital knows of two kinds of examinations, named by their tags."""

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    kind = models.CharField("规则", max_length=8, choices=ExamRuleKind.choices)
    first = models.CharField("前项特性", max_length=TAG_LENGTH)
    second = models.CharField("后项特性", max_length=TAG_LENGTH)
    gap_minutes = models.PositiveIntegerField("间隔（分钟）", default=0)
    reason = models.CharField("原因", max_length=100)
    is_open = models.BooleanField("生效", default=True)

    class Meta:
        db_table = "appointments_exam_rule"
        verbose_name = "检查规则"
        verbose_name_plural = "检查规则"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "kind", "first", "second"], name="appointments_exam_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} {self.get_kind_display()} {self.second}"


class ExamOrder(PublicIdModel):
    """An examination that a doctor ordered for somebody.

    Attributes:
        number: The hospital's own number of it.
        booking: By which it is booked here; several of one department may share one.
        fixed_at, fixed_until, fixed_place: Where the hospital itself has settled time and place.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(
        ExamItem, on_delete=models.PROTECT, related_name="orders", verbose_name="检查项目"
    )
    number = models.CharField("申请单号", max_length=64)
    state = models.CharField(
        "状态", max_length=10, choices=ExamOrderState.choices, default=ExamOrderState.ORDERED
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.SET_NULL, null=True, related_name="exams", verbose_name="预约"
    )
    fixed_at = models.DateTimeField("医院安排的时间", null=True)
    fixed_until = models.DateTimeField(null=True)
    fixed_place = models.CharField("医院安排的地点", max_length=100, blank=True)
    ordered_at = models.DateTimeField("开单时间", db_index=True)
    valid_until = models.DateTimeField("有效至", null=True)

    class Meta:
        db_table = "appointments_exam_order"
        verbose_name = "检查申请"
        verbose_name_plural = "检查申请"
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="appointments_exam_order_once"),
            models.CheckConstraint(
                condition=models.Q(fixed_at=None, fixed_until=None)
                | models.Q(fixed_at__isnull=False, fixed_until__gt=models.F("fixed_at")),
                name="appointments_exam_fixed_ends_later",
            ),
        ]
        indexes = [models.Index(fields=["person", "-ordered_at"], name="appointments_exams_of_person")]

    def __str__(self) -> str:
        return self.number
