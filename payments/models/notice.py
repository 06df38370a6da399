"""What channels told of our orders, kept beyond the inbox: when, and in which words."""

from django.db import models

from payments.models.attempt import PaymentAttempt, Refund
from payments.models.channel import Channel


class ChannelNotice(models.Model):
    """One notice of a channel about a payment or a refund of ours.

    The inbox is encrypted and emptied after some days; how an order went is looked up for longer, and
    how reliable a channel's notices are is counted from these.

    Attributes:
        notice: The channel's own number of the notice.
        said: The state that it told, in the words of ``providers.base``.
        received_at: When it came to our door; it is applied a little later.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="+")
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, null=True, related_name="notices")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="notices")
    notice = models.CharField(max_length=128)
    said = models.CharField(max_length=12)
    amount_fen = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "payments_notice"
        verbose_name = "渠道通知"
        verbose_name_plural = "渠道通知"
        constraints = [
            models.UniqueConstraint(fields=["channel", "notice"], name="payments_notice_once"),
            models.CheckConstraint(
                condition=models.Q(attempt__isnull=False, refund=None)
                | models.Q(attempt=None, refund__isnull=False),
                name="payments_notice_of_one",
            ),
        ]

    def __str__(self) -> str:
        return self.notice
