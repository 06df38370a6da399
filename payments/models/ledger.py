"""Where every fen went."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from payments.models.attempt import PaymentAttempt, Refund
from payments.models.bill import Bill
from payments.models.suspense import Suspense
from payments.rules import UNCLAIMED, Account, Movement


class LedgerEntry(models.Model):
    """One side of a movement; the sides of a movement sum to zero.

    Rows are only added. The database refuses a change, a movement that does not balance, and a
    bill, an attempt or a refund that says something else than its rows. Every row points at the
    payment that moved, except for money that nobody has claimed yet.

    Attributes:
        account: One of ``rules.Account``, or the account of a way of paying.
        prepaid: Whose balance moved, on the sides of that account.
    """

    movement = models.CharField("凭证号", max_length=PUBLIC_ID_LENGTH)
    kind = models.CharField("类型", max_length=16, choices=Movement.choices)
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    account = models.CharField("科目", max_length=24)
    amount_fen = models.BigIntegerField("金额（分）")
    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name="账单"
    )
    attempt = models.ForeignKey(
        PaymentAttempt, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name="支付"
    )
    suspense = models.ForeignKey(
        Suspense, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name="待查款项"
    )
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, related_name="entries", verbose_name="退款"
    )
    prepaid = models.ForeignKey(
        "payments.PrepaidAccount",
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
        verbose_name="预交金账户",
    )
    at = models.DateTimeField("时间")

    class Meta:
        db_table = "payments_ledger_entry"
        verbose_name = "账目"
        verbose_name_plural = "账目"
        constraints = [
            models.CheckConstraint(condition=~Q(amount_fen=0), name="payments_leg_moves_something"),
            models.UniqueConstraint(fields=["movement", "account"], name="payments_leg_once"),
            models.CheckConstraint(
                condition=Q(kind__in=UNCLAIMED, suspense__isnull=False, attempt=None)
                | (~Q(kind__in=UNCLAIMED) & Q(attempt__isnull=False, bill__isnull=False)),
                name="payments_entry_of_an_attempt",
            ),
            models.CheckConstraint(
                condition=Q(account=Account.PREPAID, prepaid__isnull=False)
                | (~Q(account=Account.PREPAID) & Q(prepaid=None)),
                name="payments_entry_of_a_balance",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "at"], name="payments_ledger_by_time"),
            models.Index(fields=["institution", "account", "at"], name="payments_ledger_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.movement} {self.account}"
