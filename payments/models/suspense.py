"""Money that arrived and that nobody asked for."""

from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel
from payments.models.attempt import PaymentAttempt
from payments.models.channel import Channel


class SuspenseState(models.TextChoices):
    """What became of it."""

    OPEN = "open", "待查"
    ALLOCATED = "allocated", "已认领"
    RETURNED = "returned", "已退回"


class Suspense(PublicIdModel):
    """A payment at a channel for which we have no attempt; it stands apart until somebody finds its place.

    Attributes:
        number: The order's number as the channel tells it.
        told_by: ``notice`` or ``statement``.
        attempt: The payment that it was found to be.
        sent_at: Since when it is to go back; the channel may have acted from then on.
        decided_by: Public id of the account of whoever decided.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+", verbose_name="渠道")
    state = models.CharField("状态", max_length=10, choices=SuspenseState.choices, default=SuspenseState.OPEN)
    number = models.CharField("商户订单号", max_length=64)
    channel_ref = models.CharField("渠道流水号", max_length=64)
    amount_fen = models.BigIntegerField("金额（分）")
    told_by = models.CharField("来源", max_length=10)
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.CharField(max_length=26, blank=True)
    sent_at = models.DateTimeField("要求退回时间", null=True)
    found_at = models.DateTimeField("发现时间")
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        db_table = "payments_suspense"
        verbose_name = "待查款项"
        verbose_name_plural = "待查款项"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_suspense_of_something"),
            models.UniqueConstraint(fields=["channel", "channel_ref"], name="payments_suspense_once"),
            models.CheckConstraint(
                condition=Q(state=SuspenseState.OPEN, ended_at=None)
                | (~Q(state=SuspenseState.OPEN) & Q(ended_at__isnull=False)),
                name="payments_suspense_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
