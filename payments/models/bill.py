"""What is owed."""

from django.db import models
from django.db.models import F, Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from foundation.core.money import yuan
from gmcrypto.fields import EncryptedTextField
from payments.rules import LIVE_STATES, NUMBER_LENGTH, BillState, Category, spaced


class Bill(PublicIdModel):
    """What a person owes an institution for one thing, paid at once or not at all.

    The amounts repeat what the ledger says of the bill, so that a constraint can hold them; a
    trigger of the database compares the two when a transaction commits.

    Attributes:
        number: What people read out at the window.
        person_ref: Public id of the anchor, whose key protects the lines.
        subject_type: What is paid for, ``appointments.Booking`` or ``hospital.charge`` for example.
        subject_id: Its public id, or the hospital's number.
        reference: The hospital's own number of the bill; empty where the hospital did not open it.
        reduction_fen: What the hospital takes off the total; taken with the last leg of a settlement.
        captured_fen: What arrived in all, also too late.
        refund_fen: What of it goes back, or went.
        refunded_fen: What of that has gone back.
        receipt: The hospital's number of its receipt, once it has said one.
    """

    number = models.CharField("账单号", max_length=NUMBER_LENGTH, unique=True)
    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    person_ref = models.CharField(max_length=PUBLIC_ID_LENGTH)
    subject_type = models.CharField("费用来源", max_length=40)
    subject_id = models.CharField("来源编号", max_length=64)
    reference = models.CharField("医院账单号", max_length=64, blank=True)
    state = models.CharField("状态", max_length=10, choices=BillState.choices, default=BillState.OPEN)
    total_fen = models.BigIntegerField("应付（分）")
    captured_fen = models.BigIntegerField("已收（分）", default=0)
    reduction_fen = models.BigIntegerField("减免（分）", default=0, db_default=0)
    refund_fen = models.BigIntegerField("应退（分）", default=0)
    refunded_fen = models.BigIntegerField("已退（分）", default=0)
    receipt = models.CharField("医院收据号", max_length=64, blank=True)
    created_at = models.DateTimeField("开出时间")
    expires_at = models.DateTimeField("支付截止", null=True)
    paid_at = models.DateTimeField("支付时间", null=True)
    closed_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "payments_bill"
        verbose_name = "账单"
        verbose_name_plural = "账单"
        constraints = [
            models.CheckConstraint(condition=Q(total_fen__gt=0), name="payments_bill_owes_something"),
            models.CheckConstraint(
                condition=Q(reduction_fen__gte=0, reduction_fen__lt=F("total_fen")),
                name="payments_reduction_below_total",
            ),
            models.CheckConstraint(
                condition=Q(refunded_fen__gte=0, refunded_fen__lte=F("refund_fen"))
                & Q(refund_fen__lte=F("captured_fen")),
                name="payments_no_more_back_than_came",
            ),
            models.CheckConstraint(
                condition=~Q(state=BillState.PAID)
                | Q(paid_at__isnull=False, captured_fen__gte=F("total_fen")),
                name="payments_paid_in_full",
            ),
            models.UniqueConstraint(
                fields=["institution", "reference"],
                condition=~Q(reference="") & Q(state__in=LIVE_STATES),
                name="payments_reference_once",
            ),
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "institution"],
                condition=Q(state__in=LIVE_STATES),
                name="payments_subject_once",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-created_at"], name="payments_of_person"),
            models.Index(fields=["institution", "-created_at"], name="payments_of_institution"),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="payments_by_reference"),
            models.Index(fields=["receipt"], condition=~Q(receipt=""), name="payments_by_receipt"),
            models.Index(
                fields=["expires_at"],
                condition=Q(state=BillState.OPEN, expires_at__isnull=False),
                name="payments_running_out",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number_spaced(self) -> str:
        """The number as it is read out."""
        return spaced(self.number)

    @property
    def due_yuan(self) -> str:
        """What is to be paid, as people read it."""
        return yuan(self.due_fen)

    @property
    def due_fen(self) -> int:
        """What somebody has to pay, or an insurance: the total without what the hospital takes off."""
        return self.total_fen - self.reduction_fen

    @property
    def refundable_fen(self) -> int:
        """What of the money that arrived is not on its way back."""
        return self.captured_fen - self.refund_fen


class BillItem(PublicIdModel):
    """One line of a bill. What was examined or prescribed says something of health."""

    bill = models.ForeignKey(Bill, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    category = models.CharField("类别", max_length=12, choices=Category.choices, default=Category.OTHER)
    title = EncryptedTextField()
    quantity = models.PositiveSmallIntegerField("数量", default=1)
    amount_fen = models.BigIntegerField("金额（分）")

    class Meta:
        db_table = "payments_bill_item"
        verbose_name = "收费项目"
        verbose_name_plural = "收费项目"
        ordering = ["bill", "place"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "place"], name="payments_item_place"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="payments_item_not_below_zero"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the title."""
        return self.bill.person_ref
