"""What stands behind a code that a hospital prints on a slip."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel
from gmcrypto.fields import EncryptedJSONField


class VisitSlip(PublicIdModel):
    """Numbers of a visit, and perhaps a caregiver's name and phone, under a key of their own."""

    digest = models.BinaryField(max_length=32, unique=True)
    card = models.ForeignKey("cards.Card", null=True, on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    fields = EncryptedJSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "cards_visit_slip"

    def __str__(self) -> str:
        return f"slip {self.public_id}"

    def data_subject(self) -> str:
        """Whose key protects the fields."""
        return self.public_id
