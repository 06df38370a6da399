"""An institution at an insurance, what a hospital tells for it, and orders there."""

from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedJSONField
from payments.models.bill import Bill
from payments.models.channel import ChannelState
from payments.models.settlement import Settlement
from payments.rules import AT_THE_INSURER, InsuranceState


class InsurerSetup(PublicIdModel, TimestampedModel):
    """One institution at one insurer: its number there and its keys.

    Attributes:
        insurer: The code of an ``insurance.Insurer``.
        number: The institution's number at the insurer (``orgCodg``).
        values: What is no secret, by the names of the insurer's keys.
        secrets: What is, written and never shown again.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    insurer = models.CharField("医保", max_length=16)
    number = models.CharField("定点医药机构编码", max_length=64)
    base_url = models.URLField("接口地址", max_length=200)
    values = models.JSONField("参数", default=dict)
    secrets = EncryptedJSONField(purpose="client_secret")
    state = models.CharField("状态", max_length=6, choices=ChannelState.choices, default=ChannelState.OFF)

    class Meta:
        db_table = "payments_insurer_setup"
        verbose_name = "医保接入"
        verbose_name_plural = "医保接入"
        constraints = [
            models.UniqueConstraint(
                fields=["insurer", "number", "institution"], name="payments_insurer_setup_once"
            ),
            # A bill is for one insurance: which one is not asked.
            models.UniqueConstraint(
                fields=["institution"],
                condition=Q(state=ChannelState.ON),
                name="payments_insurer_setup_one_on",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class BillClaim(PublicIdModel):
    """What the hospital told of a bill so that an insurance can pay a part of it.

    Attributes:
        told: The visit, the lines with their national codes, the person's number and kind of insurance,
            as ``insurance.claims`` reads it. It says something of health, and of a person.
    """

    bill = models.OneToOneField(Bill, on_delete=models.CASCADE, related_name="claim", verbose_name="账单")
    told = EncryptedJSONField()

    class Meta:
        db_table = "payments_bill_claim"
        verbose_name = "医保结算资料"
        verbose_name_plural = "医保结算资料"

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects it."""
        return self.bill.person_ref


class InsuranceOrder(PublicIdModel):
    """What an insurance is asked to pay of one settlement, written before it is asked.

    Its public id is our number there (``medOrgOrd``).

    Attributes:
        allowed: That the person allowed it: the number of the authorisation.
        own: How the rest will be paid: channel, way, what the way needs to know, whose name pays.
        known: What stands for the bill at the insurer (``payOrdId``, ``payToken``, ``mdtrtId``); a secret.
        order_ref: ``payOrdId``, for people and for statements.
        placed_at: When the order to divide and settle was sent; from then on it may have settled.
        fund_fen, account_fen, own_fen: Who pays what, as the insurer says; the own share is before what the
            hospital takes off.
        said: The insurer's own state; ``traced_at`` its time of the settlement.
        merged_ref: The channel's number of the order that pays both parts, where it has one.
        told_back_at: When that channel was told that the insurance gave its parts back.
        next_ask_at: When the insurer is asked again.
        compare_at: When it is asked, with its day over, whether it says what we say; ``compared_at`` when it
            last did.
        stated_fund_fen, stated_account_fen: What it then said it had paid; ``stated_back`` whether that had
            gone back.
    """

    bill = models.ForeignKey(
        Bill, on_delete=models.PROTECT, related_name="insurance_orders", verbose_name="账单"
    )
    settlement = models.OneToOneField(
        Settlement, on_delete=models.PROTECT, related_name="insurance_order", verbose_name="结算"
    )
    setup = models.ForeignKey(
        InsurerSetup, on_delete=models.PROTECT, related_name="+", verbose_name="医保接入"
    )
    state = models.CharField(
        "状态", max_length=10, choices=InsuranceState.choices, default=InsuranceState.NEW
    )
    allowed = EncryptedJSONField()
    own = EncryptedJSONField()
    known = EncryptedJSONField(null=True)
    order_ref = models.CharField("医保订单号", max_length=64, blank=True)
    said = models.CharField("医保状态", max_length=8, blank=True)
    traced_at = models.CharField("医保结算时间", max_length=32, blank=True)
    fund_fen = models.BigIntegerField("统筹基金（分）", null=True)
    account_fen = models.BigIntegerField("个人账户（分）", null=True)
    own_fen = models.BigIntegerField("自付（分）", null=True)
    merged_ref = models.CharField("混合支付单号", max_length=64, blank=True)
    failure = models.CharField("未成功原因", max_length=60, blank=True)
    asked = models.PositiveSmallIntegerField("查询次数", default=0)
    created_at = models.DateTimeField("发起时间")
    placed_at = models.DateTimeField("下单时间", null=True)
    settled_at = models.DateTimeField("结算时间", null=True)
    told_back_at = models.DateTimeField("退款告知时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    next_ask_at = models.DateTimeField(null=True)
    compare_at = models.DateTimeField(null=True)
    compared_at = models.DateTimeField("核对时间", null=True)
    stated_fund_fen = models.BigIntegerField("核对：统筹基金（分）", null=True)
    stated_account_fen = models.BigIntegerField("核对：个人账户（分）", null=True)
    stated_back = models.BooleanField("核对：已退回", null=True)

    class Meta:
        db_table = "payments_insurance_order"
        verbose_name = "医保订单"
        verbose_name_plural = "医保订单"
        constraints = [
            models.UniqueConstraint(
                fields=["bill"], condition=Q(state__in=AT_THE_INSURER), name="payments_one_insurance_order"
            ),
            models.UniqueConstraint(
                fields=["setup", "order_ref"], condition=~Q(order_ref=""), name="payments_insurance_ref_once"
            ),
            models.CheckConstraint(
                condition=Q(fund_fen=None, account_fen=None, own_fen=None)
                | Q(fund_fen__gte=0, account_fen__gte=0, own_fen__gte=0),
                name="payments_insurance_split_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("held", "settled", "returned")) | Q(fund_fen__isnull=False),
                name="payments_insurance_split_known",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at"],
                condition=Q(next_ask_at__isnull=False),
                name="payments_insurance_to_ask",
            ),
            models.Index(
                fields=["compare_at"],
                condition=Q(compare_at__isnull=False),
                name="payments_insurance_to_compare",
            ),
            models.Index(fields=["settled_at"], name="payments_insurance_settled"),
            models.Index(fields=["-created_at"], name="payments_insurance_latest"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects what was allowed and who pays."""
        return self.bill.person_ref
