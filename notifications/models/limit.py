"""How many pushes a resident gets in a day."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel
from notifications.rules.limits import MOST_PER_DAY


class PushLimit(PublicIdModel):
    """How many pushes one account gets in a day; the newest row is in force.

    Rows are added and never changed. While there is none, ``rules.limits.PER_DAY`` holds.
    """

    per_day = models.PositiveSmallIntegerField(
        "每人每天最多推送", validators=[MinValueValidator(1), MaxValueValidator(MOST_PER_DAY)]
    )
    created_at = models.DateTimeField("创建时间")

    class Meta:
        db_table = "notifications_push_limit"
        verbose_name = "每日推送上限"
        verbose_name_plural = "每日推送上限"
        constraints = [
            models.CheckConstraint(
                condition=Q(per_day__gte=1) & Q(per_day__lte=MOST_PER_DAY),
                name="notifications_push_limit_sane",
            ),
        ]

    def __str__(self) -> str:
        return str(self.per_day)


class PushCount(models.Model):
    """How many pushes that count were planned for an account on a day of Beijing.

    Those beyond the limit are counted as well, though they are held back.
    """

    account = models.ForeignKey(
        "accounts.Account", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    planned = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        db_table = "notifications_push_count"
        constraints = [
            models.UniqueConstraint(fields=["account", "day"], name="notifications_push_count_once"),
        ]
        indexes = [models.Index(fields=["counted_at"], name="notifications_push_counted")]

    def __str__(self) -> str:
        return f"{self.day} {self.planned}"
