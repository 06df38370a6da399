"""One settling of a bill, and the legs that it is paid in."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from payments.models.bill import Bill
from payments.rules import AWAITED, LIVE_SETTLEMENTS, App, LegKind, SettlementState


class Settlement(PublicIdModel):
    """One try to settle a bill as a whole: every leg is taken, or nothing is kept.

    Attributes:
        payer: Public id of the account that pays; empty at a window or a hospital's till.
        online: Whether outside systems are asked. A bill awaits one of that kind.
        failure: Why it was undone.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="settlements", verbose_name="账单")
    state = models.CharField(
        "状态", max_length=10, choices=SettlementState.choices, default=SettlementState.PAYING
    )
    app = models.CharField("支付入口", max_length=10, choices=App.choices)
    online = models.BooleanField("在线支付", default=False)
    payer = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    total_fen = models.BigIntegerField("金额（分）")
    failure = models.CharField("未成功原因", max_length=40, blank=True)
    created_at = models.DateTimeField("发起时间")
    expires_at = models.DateTimeField("支付截止", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "payments_settlement"
        verbose_name = "结算"
        verbose_name_plural = "结算"
        constraints = [
            models.CheckConstraint(condition=Q(total_fen__gt=0), name="payments_settlement_of_something"),
            models.CheckConstraint(
                condition=Q(state__in=LIVE_SETTLEMENTS, ended_at=None)
                | (~Q(state__in=LIVE_SETTLEMENTS) & Q(ended_at__isnull=False)),
                name="payments_settlement_ended_has_time",
            ),
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(online=True, state__in=AWAITED),
                name="payments_one_online_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["bill"], condition=Q(state=SettlementState.SETTLED), name="payments_settled_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class SettlementLeg(PublicIdModel):
    """One part of a settlement, paid in one way. The legs of a settlement sum to its total.

    Attributes:
        place: In which order the legs are taken; they are undone from the last to the first.
        prepaid: The balance that it is taken from, where it is paid from one.
        taken_at: When its money had arrived in full.
    """

    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="legs")
    place = models.PositiveSmallIntegerField()
    kind = models.CharField("类型", max_length=10, choices=LegKind.choices)
    provider = models.CharField("支付方式", max_length=24)
    amount_fen = models.BigIntegerField("金额（分）")
    prepaid = models.ForeignKey(
        "payments.PrepaidAccount", on_delete=models.PROTECT, null=True, related_name="legs"
    )
    taken_at = models.DateTimeField("到账时间", null=True)

    class Meta:
        db_table = "payments_leg"
        verbose_name = "结算分项"
        verbose_name_plural = "结算分项"
        ordering = ["settlement", "place"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_leg_of_something"),
            models.UniqueConstraint(fields=["settlement", "place"], name="payments_leg_place"),
            models.CheckConstraint(
                condition=Q(kind=LegKind.PREPAID, prepaid__isnull=False)
                | (~Q(kind=LegKind.PREPAID) & Q(prepaid=None)),
                name="payments_leg_of_a_balance",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
