"""Static codes that were printed."""

from django.db import models

from cards.states import Channel
from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class CodePrint(PublicIdModel):
    """A label with a card's static code, as a window or a kiosk printed it.

    The code itself is made anew from the number; nothing of it is kept here.
    """

    card = models.ForeignKey("cards.Card", on_delete=models.PROTECT, related_name="+")
    number = models.ForeignKey("cards.CardNumber", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    channel = models.CharField("渠道", max_length=20, choices=Channel.choices)
    # The same press of the button, or the same call of a machine, is one print.
    request_id = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)
    printed_by = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "cards_code_print"
        verbose_name = "静态码打印"
        verbose_name_plural = "静态码打印"
        constraints = [
            models.UniqueConstraint(fields=["institution", "request_id"], name="cards_code_print_once"),
        ]
        indexes = [
            models.Index(fields=["card", "at"], name="cards_code_print_card"),
            models.Index(fields=["at"], name="cards_code_print_age"),
        ]

    def __str__(self) -> str:
        return f"print {self.public_id}"
