"""Many bills given back together, with a result for each."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from payments.models.bill import Bill
from payments.rules import RefundReason


class BulkState(models.TextChoices):
    """Whether rows of it still wait."""

    RUNNING = "running", "进行中"
    DONE = "done", "已完成"


class RowState(models.TextChoices):
    """What became of one bill."""

    WAITING = "waiting", "等待处理"
    REFUNDED = "refunded", "已发起退款"
    CANCELLED = "cancelled", "未付，已取消"
    NOTHING = "nothing", "没有可退的"
    UNKNOWN = "unknown", "没有这张账单"
    FAILED = "failed", "出错，可重试"


class BulkRefund(PublicIdModel):
    """One run over a list of bills: the open are cancelled, the paid are owed back.

    Attributes:
        note: Why, in the words of whoever asked; no patient's name belongs there.
        asked_by: Public id of the account; empty where a suspension did it.
        run_until: A worker has it until then; afterwards another goes on.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    state = models.CharField("状态", max_length=8, choices=BulkState.choices, default=BulkState.RUNNING)
    reason = models.CharField("原因", max_length=10, choices=RefundReason.choices)
    note = models.CharField("说明", max_length=200, blank=True)
    asked_by = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    run_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField("发起时间")
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        db_table = "payments_bulk_refund"
        verbose_name = "批量退款"
        verbose_name_plural = "批量退款"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=BulkState.RUNNING, ended_at=None)
                | (~Q(state=BulkState.RUNNING) & Q(ended_at__isnull=False)),
                name="payments_bulk_ended_has_time",
            )
        ]
        indexes = [
            models.Index(fields=["institution", "-created_at"], name="payments_bulk_of_institution"),
            models.Index(
                fields=["run_until"], condition=Q(state=BulkState.RUNNING), name="payments_bulk_running"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class BulkRefundRow(models.Model):
    """One bill of a run.

    Attributes:
        number: As it was given.
        refunds: Public ids of the refunds that were opened for it; how far they are, they say.
        failure: The code of what went wrong.
    """

    bulk = models.ForeignKey(BulkRefund, on_delete=models.PROTECT, related_name="rows")
    place = models.PositiveIntegerField()
    number = models.CharField("账单号", max_length=32)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField("结果", max_length=10, choices=RowState.choices, default=RowState.WAITING)
    refunds = ArrayField(models.CharField(max_length=PUBLIC_ID_LENGTH), default=list)
    amount_fen = models.BigIntegerField("退款金额（分）", default=0)
    failure = models.CharField("失败原因", max_length=60, blank=True)
    done_at = models.DateTimeField("处理时间", null=True)

    class Meta:
        db_table = "payments_bulk_row"
        verbose_name = "批量退款明细"
        verbose_name_plural = "批量退款明细"
        ordering = ["bulk", "place"]
        constraints = [
            models.UniqueConstraint(fields=["bulk", "place"], name="payments_bulk_row_place"),
            models.UniqueConstraint(fields=["bulk", "number"], name="payments_bulk_row_once"),
            models.CheckConstraint(
                condition=Q(state=RowState.WAITING, done_at=None)
                | (~Q(state=RowState.WAITING) & Q(done_at__isnull=False)),
                name="payments_bulk_row_done_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number
