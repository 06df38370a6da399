"""Tries to pay a bill, and money on its way back."""

from django.db import models
from django.db.models import Q

from foundation.core import clock
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedJSONField
from payments.models.bill import Bill
from payments.models.channel import Channel
from payments.models.settlement import SettlementLeg
from payments.rules import OWED_BACK, AttemptState, RefundReason, RefundState


class PaymentAttempt(PublicIdModel):
    """One try to pay a bill in one way, written before the channel is asked.

    Its public id is the merchant's order number of the channel.

    Attributes:
        leg: What it pays of a settlement; none for those from before there were settlements.
        channel: Where the money is taken, if it is online.
        asks: What the way needs to know of the payer, and where the payer comes back.
        launch: How the payer's device goes on, as the channel said; ``launch_until`` for how long.
        launching_until: A worker asks the channel for it just now, and until then no other one does.
        next_ask_at: When the channel is asked again what became of it.
        channel_ref: The channel's own number of the payment.
        applied_at: When it became income, with all the other legs.
        captured_fen: What arrived, whatever was asked for.
        received_fen: What was handed over the counter, change included.
        taken_by: Public id of the account of the cashier.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="attempts", verbose_name="账单")
    leg = models.ForeignKey(SettlementLeg, on_delete=models.PROTECT, null=True, related_name="attempts")
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="渠道"
    )
    provider = models.CharField("支付方式", max_length=24)
    way = models.CharField("发起方式", max_length=16, blank=True, db_default="")
    asks = EncryptedJSONField(null=True)
    launch = EncryptedJSONField(null=True)
    launch_until = models.DateTimeField(null=True)
    launching_until = models.DateTimeField(null=True)
    next_ask_at = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField("查询次数", db_default=0)
    state = models.CharField(
        "状态", max_length=10, choices=AttemptState.choices, default=AttemptState.STARTED
    )
    amount_fen = models.BigIntegerField("金额（分）")
    captured_fen = models.BigIntegerField("到账（分）", default=0)
    received_fen = models.BigIntegerField("实收（分）", null=True)
    channel_ref = models.CharField("渠道流水号", max_length=64, blank=True)
    taken_by = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    failure = models.CharField("失败原因", max_length=40, blank=True)
    started_at = models.DateTimeField("发起时间")
    captured_at = models.DateTimeField("到账时间", null=True)
    applied_at = models.DateTimeField("入账时间", null=True)

    class Meta:
        db_table = "payments_attempt"
        verbose_name = "支付"
        verbose_name_plural = "支付"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_attempt_of_something"),
            models.CheckConstraint(
                condition=Q(state=AttemptState.CAPTURED, captured_fen__gt=0, captured_at__isnull=False)
                | (~Q(state=AttemptState.CAPTURED) & Q(captured_fen=0, captured_at=None)),
                name="payments_captured_has_amount",
            ),
            models.UniqueConstraint(
                fields=["provider", "channel_ref"],
                condition=~Q(channel_ref=""),
                name="payments_channel_ref_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-started_at"], name="payments_attempts_latest"),
            models.Index(
                fields=["next_ask_at"],
                condition=Q(state=AttemptState.STARTED, next_ask_at__isnull=False),
                name="payments_attempts_to_ask",
            ),
            models.Index(fields=["channel", "-started_at"], name="payments_attempts_of_channel"),
            models.Index(
                fields=["channel_ref"], condition=~Q(channel_ref=""), name="payments_attempts_by_ref"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def launch_is_over(self) -> bool:
        """Whether what the payer's device goes on with is good no longer, as an address for five minutes."""
        return self.launch_until is not None and self.launch_until <= clock.now()

    def data_subject(self) -> str:
        """The launch names the payer at the channel."""
        return self.bill.person_ref


class Refund(PublicIdModel):
    """Money on its way back.

    Attributes:
        provider: How it goes back: the way it came, unless the hospital's till gave it back.
        sent_at: When the channel was last asked to give it back, and took that up.
        tries, next_try_at: How often the channel was asked, and when it is asked again; never where
            people give the money back.
        handed_by: Public id of the account that gave it back; empty where a system did.
        channel_ref: The number under which the channel, or the hospital, gave it back.
        lacks_balance: Whether the channel said that the merchant's balance there does not cover it.
        hospital_ref: The hospital's number of what it asked to be given back, which a repeat names again.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="refunds", verbose_name="账单")
    attempt = models.ForeignKey(
        PaymentAttempt, on_delete=models.PROTECT, related_name="refunds", verbose_name="支付"
    )
    provider = models.CharField("退款方式", max_length=24, db_default="cash")
    state = models.CharField("状态", max_length=10, choices=RefundState.choices, default=RefundState.DUE)
    reason = models.CharField("原因", max_length=10, choices=RefundReason.choices)
    amount_fen = models.BigIntegerField("金额（分）")
    handed_by = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    channel_ref = models.CharField("渠道退款号", max_length=64, blank=True)
    hospital_ref = models.CharField("医院退费号", max_length=64, blank=True, db_default="")
    failure = models.CharField("失败原因", max_length=60, blank=True, db_default="")
    lacks_balance = models.BooleanField("渠道余额不足", default=False, db_default=False)
    tries = models.PositiveSmallIntegerField("尝试次数", db_default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)
    opened_at = models.DateTimeField("发起时间")
    sent_at = models.DateTimeField("送渠道时间", null=True)
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        db_table = "payments_refund"
        verbose_name = "退款"
        verbose_name_plural = "退款"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_refund_of_something"),
            models.CheckConstraint(
                condition=Q(state__in=OWED_BACK, ended_at=None)
                | (~Q(state__in=OWED_BACK) & Q(ended_at__isnull=False)),
                name="payments_refund_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["opened_at"], condition=Q(state__in=OWED_BACK), name="payments_refunds_owed"
            ),
            models.Index(
                fields=["next_try_at"],
                condition=Q(state__in=OWED_BACK, next_try_at__isnull=False),
                name="payments_refunds_to_send",
            ),
            models.Index(
                fields=["channel_ref"], condition=~Q(channel_ref=""), name="payments_refunds_by_ref"
            ),
            models.Index(
                fields=["hospital_ref"], condition=~Q(hospital_ref=""), name="payments_refunds_by_his"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
