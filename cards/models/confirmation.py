"""What institutions ask residents to confirm."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedTextField


class ConfirmationState(models.TextChoices):
    """How it was answered; one that waits after its time is over."""

    WAITING = "waiting", "等待回答"
    AGREED = "agreed", "已同意"
    REFUSED = "refused", "已拒绝"


class Confirmation(PublicIdModel):
    """A statement that an institution wants a patient of its own to agree to, answered once.

    ``receipt`` is the answer as the centre signed it; ``account`` is who gave it.
    """

    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    title = EncryptedTextField()
    text = EncryptedTextField()
    state = models.CharField(
        max_length=8, choices=ConfirmationState.choices, default=ConfirmationState.WAITING
    )
    reason = EncryptedTextField(null=True)
    receipt = EncryptedTextField(null=True)
    account = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cards_confirmation"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", answered_at=None, receipt__isnull=True)
                | models.Q(state__in=("agreed", "refused"), answered_at__isnull=False, receipt__isnull=False),
                name="cards_confirmation_answer_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the text."""
        return self.subject
