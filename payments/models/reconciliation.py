"""What others state of a day, where it differs from what we say, and how a day was closed."""

from django.db import models
from django.db.models import F, Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from payments.models.attempt import PaymentAttempt, Refund
from payments.models.bill import Bill
from payments.models.channel import Channel
from payments.models.suspense import Suspense
from payments.reconciliation.rules import (
    Act,
    DifferenceKind,
    DifferenceState,
    FileState,
    ItemKind,
    Party,
    Step,
)


class StatementFile(PublicIdModel):
    """One party's statement of a day, in Beijing time. Another digest is another version; the old one stays.

    Attributes:
        channel: Whose it is; none where a hospital or an insurance states what it booked.
        is_current: Whether it is the version that counts.
        count, gross_fen, refund_fen, fee_fen: The totals as they are stated.
        digest: Of the plain file, in hex.
        tries, next_try_at: How often it was asked for, and when it is asked for again.
        given_by: Who handed it in, where a person or a system of the hospital did.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    party = models.CharField("对账方", max_length=10, choices=Party.choices)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="渠道"
    )
    day = models.DateField("账单日")
    version = models.PositiveSmallIntegerField("版本", default=1)
    is_current = models.BooleanField("当前版本", default=True)
    state = models.CharField("状态", max_length=8, choices=FileState.choices, default=FileState.WAITING)
    digest = models.CharField("摘要", max_length=128, blank=True)
    count = models.PositiveIntegerField("笔数", default=0)
    gross_fen = models.BigIntegerField("收款（分）", default=0)
    refund_fen = models.BigIntegerField("退款（分）", default=0)
    fee_fen = models.BigIntegerField("手续费（分）", default=0)
    failure = models.CharField("原因", max_length=60, blank=True)
    tries = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试", null=True)
    given_by = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField("登记时间")
    taken_at = models.DateTimeField("导入时间", null=True)

    class Meta:
        db_table = "payments_statement_file"
        verbose_name = "对账单"
        verbose_name_plural = "对账单"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "party", "channel", "day", "version"],
                name="payments_statement_version_once",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["institution", "party", "channel", "day"],
                condition=Q(is_current=True),
                name="payments_statement_one_current",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(party=Party.CHANNEL, channel__isnull=False)
                | (~Q(party=Party.CHANNEL) & Q(channel=None)),
                name="payments_statement_of_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="payments_statements_due",
            ),
            models.Index(fields=["day", "institution"], name="payments_statements_of_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.get_party_display()} v{self.version}"


class StatementLine(models.Model):
    """One line of a statement.

    Attributes:
        place: Its number in the file.
        number: The order's number at a channel, which is our payment; in a hospital's file it may
            be empty.
        channel_ref: The channel's number of the payment; in a hospital's file the receipt.
        refund_number: Our number of the refund.
        refund_ref: The channel's, or the hospital's.
        bill_number: In a hospital's file, the bill: our number or the hospital's.
        state: In the words of whoever states it.
        is_final: Whether the money had moved when it was written.
    """

    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="lines")
    place = models.PositiveIntegerField("行号")
    kind = models.CharField("类型", max_length=8, choices=ItemKind.choices)
    number = models.CharField("商户订单号", max_length=64, blank=True)
    channel_ref = models.CharField("流水号", max_length=64, blank=True)
    refund_number = models.CharField("商户退款号", max_length=64, blank=True)
    refund_ref = models.CharField("退款流水号", max_length=64, blank=True)
    bill_number = models.CharField("账单号", max_length=64, blank=True)
    amount_fen = models.BigIntegerField("金额（分）")
    fee_fen = models.BigIntegerField("手续费（分）", default=0)
    state = models.CharField("状态", max_length=32, blank=True)
    is_final = models.BooleanField(default=True)
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "payments_statement_line"
        verbose_name = "对账单明细"
        verbose_name_plural = "对账单明细"
        constraints = [
            models.UniqueConstraint(fields=["file", "place"], name="payments_statement_line_place"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="payments_statement_line_amount"),
        ]
        indexes = [
            models.Index(fields=["number"], name="payments_lines_by_number"),
            models.Index(fields=["channel_ref"], name="payments_lines_by_ref"),
            models.Index(
                fields=["refund_number"], condition=~Q(refund_number=""), name="payments_lines_by_refund"
            ),
            models.Index(fields=["bill_number"], condition=~Q(bill_number=""), name="payments_lines_by_bill"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.place}"


class Difference(PublicIdModel):
    """Something that we and another party say differently, with what is to be done about it.

    Attributes:
        day: The day of the line, or of ours where the other side has none.
        key: What it is about; the same thing is found once, however often it is looked for.
        by_files: Whether it was found by a statement, and is healed by one.
        ours_fen, theirs_fen: The amounts of the two sides, or the fees; None where a side has nothing.
        line: The line of the statement.
        act: What is proposed.
        target: The bill that money in suspense is to be allocated to.
        proposed_by, approved_by: Public ids of the accounts; two people where money moves.
        next_try_at: When a channel is asked again to carry it out.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    party = models.CharField("对账方", max_length=10, choices=Party.choices)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="渠道"
    )
    day = models.DateField("账单日")
    kind = models.CharField("差异类型", max_length=16, choices=DifferenceKind.choices)
    item = models.CharField("明细", max_length=8, choices=ItemKind.choices)
    key = models.CharField(max_length=200)
    by_files = models.BooleanField(default=True)
    state = models.CharField(
        "状态", max_length=10, choices=DifferenceState.choices, default=DifferenceState.OPEN
    )
    ours_fen = models.BigIntegerField("平台（分）", null=True)
    theirs_fen = models.BigIntegerField("对方（分）", null=True)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="账单")
    attempt = models.ForeignKey(
        PaymentAttempt, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="支付"
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="退款"
    )
    suspense = models.ForeignKey(
        Suspense, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="待查款项"
    )
    line = models.ForeignKey(
        StatementLine, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="账单明细"
    )
    act = models.CharField("建议处理", max_length=14, choices=Act.choices)
    target = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="认领到"
    )
    proposed_by = models.CharField(max_length=40, blank=True)
    approved_by = models.CharField(max_length=40, blank=True)
    approved_at = models.DateTimeField("复核时间", null=True)
    next_try_at = models.DateTimeField(null=True)
    found_at = models.DateTimeField("发现时间")
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        db_table = "payments_difference"
        verbose_name = "对账差异"
        verbose_name_plural = "对账差异"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "party", "kind", "key"],
                condition=~Q(state=DifferenceState.HEALED),
                name="payments_difference_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")),
                name="payments_difference_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(DifferenceState.APPROVED, DifferenceState.DONE))
                | (~Q(proposed_by="") & ~Q(approved_by="") & Q(approved_at__isnull=False)),
                name="payments_difference_decided",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=(DifferenceState.OPEN, DifferenceState.PROPOSED, DifferenceState.APPROVED),
                    ended_at=None,
                )
                | Q(
                    state__in=(DifferenceState.DONE, DifferenceState.DISMISSED, DifferenceState.HEALED),
                    ended_at__isnull=False,
                ),
                name="payments_difference_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["day", "institution"], name="payments_differences_of_day"),
            models.Index(fields=["state", "day"], name="payments_differences_live"),
        ]

    def __str__(self) -> str:
        return self.public_id


class DifferenceStep(models.Model):
    """What happened to a difference, and who did it. Rows are only added."""

    difference = models.ForeignKey(Difference, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField("步骤", max_length=10, choices=Step.choices)
    act = models.CharField("处理", max_length=14, choices=Act.choices, blank=True)
    by = models.CharField(max_length=PUBLIC_ID_LENGTH + 14)
    reason = models.CharField("原因", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "payments_difference_step"
        verbose_name = "差异处理记录"
        verbose_name_plural = "差异处理记录"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.difference_id} {self.kind}"


class DailyClosing(PublicIdModel):
    """How an institution's day with one way of paying was closed; never changed afterwards.

    Attributes:
        provider: The way of paying; ``channel`` besides where it is online.
        payments, refunds: How many there were, by our books.
        gross_fen, refund_fen: What came and went, by our books.
        stated_gross_fen, stated_refund_fen, fee_fen: As the party states; None without a statement.
        differences: How many were open when it was closed.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    provider = models.CharField("支付方式", max_length=24)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="渠道"
    )
    day = models.DateField("账单日")
    payments = models.PositiveIntegerField("收款笔数")
    refunds = models.PositiveIntegerField("退款笔数")
    gross_fen = models.BigIntegerField("收款（分）")
    refund_fen = models.BigIntegerField("退款（分）")
    stated_gross_fen = models.BigIntegerField("对方收款（分）", null=True)
    stated_refund_fen = models.BigIntegerField("对方退款（分）", null=True)
    fee_fen = models.BigIntegerField("手续费（分）", null=True)
    differences = models.PositiveIntegerField("未处理差异")
    closed_at = models.DateTimeField("日结时间")

    class Meta:
        db_table = "payments_daily_closing"
        verbose_name = "日结"
        verbose_name_plural = "日结"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "provider", "channel", "day"],
                name="payments_closing_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["day", "institution"], name="payments_closings_of_day")]

    def __str__(self) -> str:
        return f"{self.day.isoformat()} {self.provider}"
