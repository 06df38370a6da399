"""How an institution lets its places out, and what it expects of whoever books."""

from datetime import time

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from appointments.rules.release import ReleaseKind
from foundation.core.models import PublicIdModel, TimestampedModel


class BookingRule(PublicIdModel, TimestampedModel):
    """One institution's rules; where there is no row, the defaults of the columns hold."""

    institution = models.OneToOneField(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    release = models.CharField(
        "放号方式", max_length=8, choices=ReleaseKind.choices, default=ReleaseKind.TIMED
    )
    days_ahead = models.PositiveSmallIntegerField(
        "提前放号天数", default=7, validators=[MinValueValidator(0), MaxValueValidator(90)]
    )
    # Beijing time, to the second.
    release_time = models.TimeField("放号时刻", default=time(7, 0))
    closes_minutes = models.PositiveSmallIntegerField(
        "开诊前多少分钟截止", default=30, validators=[MaxValueValidator(1_440)]
    )
    hold_minutes = models.PositiveSmallIntegerField(
        "占号多少分钟内确认", default=10, validators=[MinValueValidator(2), MaxValueValidator(60)]
    )
    cancel_minutes = models.PositiveIntegerField(
        "开诊前多少分钟不能取消", default=120, validators=[MaxValueValidator(10_080)]
    )
    # A returned place comes back after a random time between the two, so that nobody can wait for it.
    return_least_minutes = models.PositiveSmallIntegerField("退号最早多少分钟后放出", default=5)
    return_most_minutes = models.PositiveSmallIntegerField("退号最晚多少分钟后放出", default=30)
    person_day_limit = models.PositiveSmallIntegerField(
        "每人每天预约上限", default=3, validators=[MinValueValidator(1)]
    )
    person_open_limit = models.PositiveSmallIntegerField(
        "每人未就诊预约上限", default=6, validators=[MinValueValidator(1)]
    )
    account_day_limit = models.PositiveSmallIntegerField(
        "每账号每天预约上限", default=6, validators=[MinValueValidator(1)]
    )
    device_day_limit = models.PositiveSmallIntegerField(
        "每设备每天预约上限", default=10, validators=[MinValueValidator(1)]
    )
    cancel_day_limit = models.PositiveSmallIntegerField(
        "每人每天取消上限", default=3, validators=[MinValueValidator(1)]
    )
    missed_limit = models.PositiveSmallIntegerField(
        "爽约多少次后暂停预约", default=3, validators=[MinValueValidator(1)]
    )
    missed_days = models.PositiveSmallIntegerField("爽约统计天数", default=90)
    missed_pause_days = models.PositiveSmallIntegerField("暂停预约天数", default=30)

    class Meta:
        db_table = "appointments_booking_rule"
        verbose_name = "预约规则"
        verbose_name_plural = "预约规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(return_most_minutes__gte=F("return_least_minutes")),
                name="appointments_return_most_not_less",
            )
        ]

    def __str__(self) -> str:
        return str(self.institution)
