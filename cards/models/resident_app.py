"""Applications through which residents apply for a card and show it."""

from django.db import models

from cards.states import APP_CHANNELS, Channel
from foundation.core.models import PublicIdModel, TimestampedModel


class ResidentApp(PublicIdModel, TimestampedModel):
    """A native application, or one inside Alipay, a bank's or another's, that calls the resident API.

    Its public id says which channel a call counts to. It is no secret and opens nothing: a
    resident's session does that.
    """

    name = models.CharField("名称", max_length=60)
    channel = models.CharField("渠道", max_length=20, choices=Channel.choices)
    is_open = models.BooleanField("开放", default=True)

    class Meta:
        db_table = "cards_resident_app"
        verbose_name = "居民端应用"
        verbose_name_plural = "居民端应用"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channel__in=sorted(APP_CHANNELS)), name="cards_resident_app_channel"
            ),
        ]

    def __str__(self) -> str:
        return self.name
