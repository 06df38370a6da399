"""What is reported to the upper centre, record by record."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class ReportKind(models.TextChoices):
    """What a record tells of."""

    REGISTRATION = "registration", "发卡与变更"
    USE = "use", "用卡"


class ReportState(models.TextChoices):
    """Where a record stands. The last three are final until staff send it again."""

    WAITING = "waiting", "待上报"
    SENDING = "sending", "上报中"
    ACCEPTED = "accepted", "已接收"
    REFUSED = "refused", "被拒收"
    STUCK = "stuck", "多次失败"


class UpwardRecord(PublicIdModel):
    """One record for the upper centre, which knows it by ``record_id`` however often it comes.

    The row holds where the content is found, never the content: what is sent is read again when
    it is sent.

    Attributes:
        record_id: Of a use, the number of its row; of a registration, the event's.
        source: The card's public id for a registration; empty for a use.
        change: What happened to a card: ``issued``, ``changed``, or its new state.
        code_time: In which partition the row of the use is found.
        day: On which day in Beijing it happened.
    """

    kind = models.CharField("种类", max_length=12, choices=ReportKind.choices)
    record_id = models.CharField("记录编号", max_length=36)
    source = models.CharField("健康卡编号", max_length=PUBLIC_ID_LENGTH, blank=True)
    change = models.CharField("变更", max_length=20, blank=True)
    code_time = models.DateTimeField(null=True)
    at = models.DateTimeField("发生时间")
    day = models.DateField("日期")
    state = models.CharField("状态", max_length=8, choices=ReportState.choices, default=ReportState.WAITING)
    attempts = models.PositiveSmallIntegerField("上报次数", default=0)
    next_at = models.DateTimeField("下次上报时间")
    batch = models.CharField("批次", max_length=PUBLIC_ID_LENGTH, blank=True)
    receipt = models.CharField("回执编号", max_length=64, blank=True)
    reason = models.CharField("原因", max_length=40, blank=True)
    settled_at = models.DateTimeField("回执时间", null=True)

    class Meta:
        db_table = "cards_upward"
        verbose_name = "上报记录"
        verbose_name_plural = "上报记录"
        constraints = [
            models.UniqueConstraint(fields=["kind", "record_id"], name="cards_upward_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_at", "id"],
                condition=models.Q(state__in=["waiting", "sending"]),
                name="cards_upward_open",
            ),
            models.Index(fields=["day", "kind", "state"], name="cards_upward_day"),
            models.Index(
                fields=["settled_at"],
                condition=~models.Q(state__in=["waiting", "sending"]),
                name="cards_upward_settled",
            ),
        ]

    def __str__(self) -> str:
        return self.record_id


class UpwardDay(PublicIdModel):
    """The comparison of one day: what the upper centre acknowledged, and what it says it holds."""

    day = models.DateField("日期")
    kind = models.CharField("种类", max_length=12, choices=ReportKind.choices)
    ours = models.PositiveIntegerField("本地已接收")
    theirs = models.PositiveIntegerField("上级持有")
    missing = models.PositiveIntegerField("上级缺少，已重新上报", default=0)
    unknown = models.PositiveIntegerField("上级多出", default=0)
    open_count = models.PositiveIntegerField("尚未送达", default=0)
    checked_at = models.DateTimeField("核对时间")
    # Since when staff wait for another comparison, and why the last one that they asked for failed.
    asked_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True, db_default="")

    class Meta:
        db_table = "cards_upward_daily"
        verbose_name = "上报对账"
        verbose_name_plural = "上报对账"
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="cards_upward_daily_once")]

    def __str__(self) -> str:
        return f"{self.day} {self.kind}"

    @property
    def agrees(self) -> bool:
        """Whether both sides hold the same."""
        return self.missing == self.unknown == 0 and self.ours == self.theirs
