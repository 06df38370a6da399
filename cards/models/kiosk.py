"""Sessions of self-service terminals that issue cards."""

from django.db import models

from cards.states import KioskState
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedJSONField


class KioskSession(PublicIdModel, TimestampedModel):
    """One person at one machine, from the greeting to the printed label.

    What was read from the document is kept, under a key of the session's own, only until the
    session ends.
    """

    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    terminal_id = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=KioskState.choices, default=KioskState.STARTED)
    document = EncryptedJSONField(null=True)
    check_id = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    evidence = models.CharField(max_length=20, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    failed_checks = models.PositiveSmallIntegerField(default=0)
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.PROTECT, related_name="+")
    is_new_card = models.BooleanField(default=False)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "cards_kiosk_session"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="issued") | models.Q(card__isnull=False),
                name="cards_kiosk_issued_has_card",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=~models.Q(state__in=("done", "over")),
                name="cards_kiosk_open",
            ),
            models.Index(
                fields=["updated_at"],
                condition=models.Q(state__in=("done", "over")),
                name="cards_kiosk_over",
            ),
        ]

    def __str__(self) -> str:
        return f"kiosk session {self.public_id} {self.state}"

    def data_subject(self) -> str:
        """Whose key protects what was read."""
        return self.public_id
