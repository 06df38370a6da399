"""Which institutions know a card's holder as their patient."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH


class CardBinding(models.Model):
    """An institution registered the holder, or linked its own patient number to the card.

    Only a bound institution may get codes for a card. Scanning a code binds nobody.
    """

    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    bound_by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "cards_binding"
        constraints = [
            models.UniqueConstraint(fields=["card", "institution"], name="cards_binding_once"),
        ]

    def __str__(self) -> str:
        return f"card {self.card_id} at {self.institution}"
