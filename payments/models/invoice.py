"""Electronic invoices, as hospitals issue them for what was paid."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedBytesField, EncryptedTextField
from payments.models.bill import Bill


class InvoiceState(models.TextChoices):
    """Whether it is in force; what was wrong or refunded is reversed by a red-letter one."""

    ISSUED = "issued", "有效"
    REVERSED = "reversed", "已红冲"


class Invoice(PublicIdModel):
    """One electronic invoice of a bill. With number and check code anybody reads it at the treasury's site.

    Attributes:
        subject: Public id of the anchor, whose key protects the check code and the file.
        code, number: The treasury's, unique together.
        red_number: Of the red-letter invoice that reversed it.
        has_document: Whether the hospital holds a PDF of it that can be fetched.
        asks, next_ask_at: How often it was asked for, and when it is again; at once while there is no time.
    """

    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="invoices", verbose_name="账单")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    code = models.CharField("票据代码", max_length=20)
    number = models.CharField("票据号码", max_length=20)
    check_code = EncryptedTextField()
    amount_fen = models.BigIntegerField("金额（分）")
    state = models.CharField("状态", max_length=8, choices=InvoiceState.choices, default=InvoiceState.ISSUED)
    red_number = models.CharField("红字票据号码", max_length=20, blank=True)
    has_document = models.BooleanField(default=False)
    asks = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_ask_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField("开具时间")
    reversed_at = models.DateTimeField("红冲时间", null=True)

    class Meta:
        db_table = "payments_invoice"
        verbose_name = "电子票据"
        verbose_name_plural = "电子票据"
        constraints = [
            models.UniqueConstraint(fields=["code", "number"], name="payments_invoice_once"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="payments_invoice_of_something"),
            models.CheckConstraint(
                condition=Q(state=InvoiceState.ISSUED, reversed_at=None)
                | Q(state=InvoiceState.REVERSED, reversed_at__isnull=False),
                name="payments_invoice_reversed_at",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the check code."""
        return self.subject


class InvoiceDocument(PublicIdModel):
    """The PDF of an invoice as the hospital made it, encrypted."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="document")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    content = EncryptedBytesField()
    size = models.PositiveIntegerField()
    heard_at = models.DateTimeField()

    class Meta:
        db_table = "payments_invoice_document"
        verbose_name = "电子票据文件"
        verbose_name_plural = "电子票据文件"

    def __str__(self) -> str:
        return self.public_id

    def data_subject(self) -> str:
        """Whose key protects the file."""
        return self.subject
