"""Registering on a hospital's own form, with the resident's agreement before and after."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedJSONField


class PreAuthState(models.TextChoices):
    """Where it stands; one that is not done after its time is over."""

    OPEN = "open", "待授权"
    AGREED = "agreed", "已授权"
    FILLED = "filled", "待确认"
    HANDED_IN = "handed_in", "已提交"
    DONE = "done", "已完成"


class PreRegistration(PublicIdModel):
    """A resident agrees, fills in the hospital's form, and confirms it on our page.

    ``particulars`` are what the form said, under a key of their own; ``application`` is what
    became of them.
    """

    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    success_url = models.CharField(max_length=500)
    fail_url = models.CharField(max_length=500, blank=True)
    form_url = models.CharField(max_length=500, blank=True)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    code_digest = models.BinaryField(max_length=32, unique=True, null=True)
    particulars = EncryptedJSONField(null=True)
    application = models.ForeignKey(
        "cards.CardApplication", null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=10, choices=PreAuthState.choices, default=PreAuthState.OPEN)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cards_pre_registration"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", account="")
                | ~models.Q(state="open") & ~models.Q(account=""),
                name="cards_pre_registration_has_account",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the particulars."""
        return self.public_id
