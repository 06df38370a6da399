"""Asking somebody else to pay a bill."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from payments.models.bill import Bill


class PayLink(PublicIdModel):
    """A link by which another resident may pay one bill, and see nothing else of it.

    Attributes:
        token_digest: Of the secret in the link, which is shown once and kept nowhere.
        made_by: Public id of the account that made it.
        ended_at: When it was taken back, or replaced by another.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="pay_links", verbose_name="账单")
    token_digest = models.BinaryField(max_length=32, unique=True)
    made_by = models.CharField(max_length=PUBLIC_ID_LENGTH)
    created_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("有效期至")
    ended_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        db_table = "payments_pay_link"
        verbose_name = "代付链接"
        verbose_name_plural = "代付链接"
        constraints = [
            models.UniqueConstraint(
                fields=["bill"], condition=Q(ended_at=None), name="payments_one_link_of_a_bill"
            )
        ]

    def __str__(self) -> str:
        return self.public_id
