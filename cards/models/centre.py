"""The rules that the card centre sets, in versions."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from foundation.core import clock
from foundation.core.models import PublicIdModel


class CentreRules(PublicIdModel):
    """One version of the rules, in force from a moment until the next version.

    Rows are added and never changed. While there is none, the defaults of ``cards.centre.Rules``
    hold.
    """

    in_force_from = models.DateTimeField("生效时间", db_index=True)
    lifetime_seconds = models.PositiveIntegerField(
        "动态码有效秒数", validators=[MinValueValidator(15), MaxValueValidator(600)]
    )
    skew_seconds = models.PositiveIntegerField("允许的时钟误差秒数", validators=[MaxValueValidator(60)])
    refresh_seconds = models.PositiveIntegerField(
        "页面刷新间隔秒数", validators=[MinValueValidator(10), MaxValueValidator(600)]
    )
    prefetch_windows = models.PositiveIntegerField("预取的后续时间窗数", validators=[MaxValueValidator(3)])
    uses_per_code = models.PositiveSmallIntegerField(
        "每码可用次数", validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    session_minutes = models.PositiveIntegerField(
        "扫码会话分钟数", validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    static_allowed = models.BooleanField("允许静态码")
    static_scenes = ArrayField(models.CharField(max_length=7), verbose_name="静态码可用环节", blank=True)
    reports_swapped = models.BooleanField("检查与检验报告环节代码对调")
    forged_per_minute = models.PositiveIntegerField("每应用每分钟伪码上限")
    page_codes_per_minute = models.PositiveIntegerField("每卡每分钟页面取码上限")
    institution_codes_per_hour = models.PositiveIntegerField("每卡每小时机构取码上限")
    dependants_per_account = models.PositiveSmallIntegerField(
        "每账号代管家人上限", default=5, validators=[MinValueValidator(0), MaxValueValidator(50)]
    )
    guardians_per_person = models.PositiveSmallIntegerField(
        "每人代管人上限", default=4, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    temporary_days = models.PositiveSmallIntegerField(
        "临时卡有效天数", default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    appointments_per_card = models.PositiveIntegerField("每卡每日预约上限", default=10)
    appointments_per_user = models.PositiveIntegerField("每用户每日预约上限", default=20)
    appointments_per_address = models.PositiveIntegerField("每网络地址每日预约上限", default=100)
    changed_by = models.CharField(max_length=60)
    reason = models.CharField("修改原因", max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "cards_centre_rules"
        verbose_name = "卡管规则"
        verbose_name_plural = "卡管规则"
        ordering = ["-in_force_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(refresh_seconds__lt=models.F("lifetime_seconds")),
                name="cards_rules_refresh_before_expiry",
            ),
            models.CheckConstraint(
                condition=models.Q(uses_per_code__gte=1), name="cards_rules_at_least_one_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{clock.beijing(self.in_force_from):%Y-%m-%d %H:%M}"
