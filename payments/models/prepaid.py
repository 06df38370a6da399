"""Money that people pay in before they owe it."""

from django.db import models
from django.db.models import F, Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from payments.models.attempt import PaymentAttempt
from payments.models.bill import Bill
from payments.rules import PrepaidKind, PrepaidState


class PrepaidAccount(PublicIdModel):
    """The balance of a person: one for every hospital, and one for each stay in a hospital.

    The balance repeats what the ledger says, so that one conditional update can spend of it and a
    constraint can hold it; a trigger of the database compares the two when a transaction commits.

    Attributes:
        person_ref: Public id of the anchor.
        institution, visit: Of a stay: the hospital, and its own number of the stay.
    """

    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    person_ref = models.CharField(max_length=PUBLIC_ID_LENGTH)
    kind = models.CharField("类型", max_length=10, choices=PrepaidKind.choices)
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="机构"
    )
    visit = models.CharField("住院号", max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=PrepaidState.choices, default=PrepaidState.ACTIVE)
    balance_fen = models.BigIntegerField("余额（分）", default=0)
    opened_at = models.DateTimeField("开户时间")

    class Meta:
        db_table = "payments_prepaid_account"
        verbose_name = "预交金账户"
        verbose_name_plural = "预交金账户"
        constraints = [
            models.CheckConstraint(condition=Q(balance_fen__gte=0), name="payments_balance_not_below_zero"),
            models.CheckConstraint(
                condition=~Q(state=PrepaidState.CLOSED) | Q(balance_fen=0), name="payments_closed_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(kind=PrepaidKind.OUTPATIENT, institution=None, visit="")
                | (Q(kind=PrepaidKind.INPATIENT, institution__isnull=False) & ~Q(visit="")),
                name="payments_balance_of_a_stay",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(kind=PrepaidKind.OUTPATIENT),
                name="payments_one_balance_of_a_person",
            ),
            models.UniqueConstraint(
                fields=["person", "institution", "visit"],
                condition=Q(kind=PrepaidKind.INPATIENT),
                name="payments_one_balance_of_a_stay",
            ),
        ]
        indexes = [models.Index(fields=["-opened_at"], name="payments_balances_latest")]

    def __str__(self) -> str:
        return self.public_id


class PrepaidDeposit(PublicIdModel):
    """One top-up: the bill that asks for it, and what is left of it.

    Money goes back to where it came from, and one hospital owes another what was topped up at the
    one and spent at the other; so every fen of a balance knows its deposit.

    Attributes:
        bill: Paid by any way of the institution that receives it.
        left_fen: What is neither spent nor given back; nothing until it is paid.
    """

    account = models.ForeignKey(PrepaidAccount, on_delete=models.PROTECT, related_name="deposits")
    bill = models.OneToOneField(Bill, on_delete=models.PROTECT, related_name="deposit", verbose_name="账单")
    amount_fen = models.BigIntegerField("金额（分）")
    left_fen = models.BigIntegerField("剩余（分）", default=0)
    arrived_at = models.DateTimeField("到账时间", null=True)

    class Meta:
        db_table = "payments_prepaid_deposit"
        verbose_name = "充值"
        verbose_name_plural = "充值"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, left_fen__gte=0, left_fen__lte=F("amount_fen")),
                name="payments_deposit_left",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=False) | Q(left_fen=0), name="payments_deposit_left_arrived"
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "arrived_at"],
                condition=Q(left_fen__gt=0),
                name="payments_deposits_with_rest",
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class PrepaidDraw(models.Model):
    """What one payment took of one deposit.

    Where the two are of different institutions, the one owes the other what was not returned.

    Attributes:
        returned_fen: What came back to the deposit.
    """

    deposit = models.ForeignKey(PrepaidDeposit, on_delete=models.PROTECT, related_name="draws")
    attempt = models.ForeignKey(PaymentAttempt, on_delete=models.PROTECT, related_name="draws")
    amount_fen = models.BigIntegerField("金额（分）")
    returned_fen = models.BigIntegerField("已返还（分）", default=0)

    class Meta:
        db_table = "payments_prepaid_draw"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0, returned_fen__gte=0, returned_fen__lte=F("amount_fen")),
                name="payments_draw_returned",
            ),
            models.UniqueConstraint(fields=["attempt", "deposit"], name="payments_draw_once"),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.amount_fen}"
