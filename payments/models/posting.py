"""Whether a hospital has posted what was paid here for a bill that it opened."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.core.models import PublicIdModel, TimestampedModel
from payments.models.bill import Bill


class WriteBackState(models.TextChoices):
    """Where it stands; money is given back once, and what a hospital says after that is not lost."""

    WAITING = "waiting", _("等医院入账")
    HELD = "held", _("待人工处理")
    POSTED = "posted", _("医院已入账")
    RETURNED = "returned", _("已退回")
    DIFFERENT = "different", _("退回后医院又入账")
    CLEARED = "cleared", _("差异已处理")
    GONE = "gone", _("已另行退费")


# Nobody has decided; of these the first decision counts.
UNDECIDED = (WriteBackState.WAITING, WriteBackState.HELD)
# Somebody has to look at these.
OPEN = (*UNDECIDED, WriteBackState.DIFFERENT)


class Cause(models.TextChoices):
    """Why the money went back."""

    REFUSED = "refused", _("医院拒绝入账")
    SILENT = "silent", _("医院没有答复")
    STAFF = "staff", _("人工退回")


class WriteBack(PublicIdModel):
    """One paid bill of a hospital, until the hospital has said what it did with the money.

    Attributes:
        cause: Why the money went back.
        refusal: The hospital's own code of why it did not post.
        receipt: The number that the hospital gave what it posted, also too late.
        returns: Whether the money goes back by itself once the time is over; else staff decide.
        asked, next_ask_at: How often the hospital was asked, and when it is asked again.
        give_up_at: Until when it is waited for.
    """

    bill = models.OneToOneField(
        Bill, on_delete=models.PROTECT, related_name="write_back", verbose_name="账单"
    )
    state = models.CharField(
        "状态", max_length=10, choices=WriteBackState.choices, default=WriteBackState.WAITING
    )
    cause = models.CharField("退回原因", max_length=10, choices=Cause.choices, blank=True)
    refusal = models.CharField("拒绝代码", max_length=40, blank=True)
    receipt = models.CharField("医院收据号", max_length=64, blank=True)
    returns = models.BooleanField("到时自动退回")
    asked = models.PositiveSmallIntegerField("询问次数", default=0)
    failure = models.CharField("最近一次", max_length=60, blank=True)
    opened_at = models.DateTimeField("支付时间")
    next_ask_at = models.DateTimeField("下次询问", null=True)
    give_up_at = models.DateTimeField("等到")
    ended_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        db_table = "payments_write_back"
        verbose_name = "医院入账"
        verbose_name_plural = "医院入账"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None) | (~Q(state__in=OPEN) & Q(ended_at__isnull=False)),
                name="payments_write_back_ended",
            ),
            models.CheckConstraint(
                condition=~Q(state=WriteBackState.WAITING) | Q(next_ask_at__isnull=False),
                name="payments_write_back_asked",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_ask_at"],
                condition=Q(next_ask_at__isnull=False),
                name="payments_write_backs_due",
            ),
            models.Index(fields=["-opened_at"], name="payments_write_backs_latest"),
        ]

    def __str__(self) -> str:
        return self.public_id


class PostingRule(PublicIdModel, TimestampedModel):
    """How long one institution may take to post what was paid, and what happens then."""

    institution = models.OneToOneField(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    limit_minutes = models.PositiveIntegerField("等待分钟数")
    returns = models.BooleanField("到时自动退回")

    class Meta:
        db_table = "payments_posting_rule"
        verbose_name = "入账规则"
        verbose_name_plural = "入账规则"
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_minutes__gte=1, limit_minutes__lte=43_200),
                name="payments_posting_rule_limit",
            )
        ]

    def __str__(self) -> str:
        return self.public_id
