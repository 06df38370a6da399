"""Refunds that could not go back by the way the money came, and are sent elsewhere."""

from django.db import models
from django.db.models import F, Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedJSONField
from payments.models.attempt import Refund


class RedirectState(models.TextChoices):
    """Where a redirection stands: two people decide, and then the channel is asked."""

    ASKED = "asked", "待复核"
    REFUSED = "refused", "已驳回"
    SENT = "sent", "已提交渠道"
    FAILED = "failed", "渠道拒绝"


class RefundRedirect(PublicIdModel):
    """Where an abnormal refund is to go instead; asked for by one of the staff and decided by another.

    Attributes:
        is_payer: To a bank card of the payer; else to the institution's own account, which hands it on.
        receiver: Bank, account and holder, where it is the payer's card.
        asked_by, decided_by: Public ids of accounts.
        failure: What the channel said against it.
    """

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="redirects")
    state = models.CharField("状态", max_length=8, choices=RedirectState.choices, default=RedirectState.ASKED)
    is_payer = models.BooleanField()
    receiver = EncryptedJSONField(default=dict)
    asked_by = models.CharField(max_length=PUBLIC_ID_LENGTH)
    decided_by = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    failure = models.CharField(max_length=60, blank=True)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payments_redirect"
        verbose_name = "退款改投"
        verbose_name_plural = "退款改投"
        constraints = [
            models.UniqueConstraint(
                fields=["refund"], condition=Q(state=RedirectState.ASKED), name="payments_redirect_one_asked"
            ),
            models.CheckConstraint(
                condition=Q(state=RedirectState.ASKED, decided_at=None)
                | (~Q(state=RedirectState.ASKED) & Q(decided_at__isnull=False)),
                name="payments_redirect_decided_at",
            ),
            models.CheckConstraint(
                condition=Q(state=RedirectState.ASKED) | ~Q(decided_by=F("asked_by")),
                name="payments_redirect_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose card it is."""
        return self.refund.bill.person_ref
