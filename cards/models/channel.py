"""The ways in which cards are issued, each of which can be stopped alone (ID-19)."""

from django.db import models

from cards.states import Channel
from foundation.core.models import PublicIdModel, TimestampedModel


class IssuingChannel(PublicIdModel, TimestampedModel):
    """Whether a channel issues cards; one that has no row has never been stopped."""

    code = models.CharField("渠道", max_length=20, choices=Channel.choices, unique=True)
    is_open = models.BooleanField("开放", default=True)
    changed_at = models.DateTimeField("变更时间")

    class Meta:
        db_table = "cards_channel"
        verbose_name = "发卡渠道"
        verbose_name_plural = "发卡渠道"

    def __str__(self) -> str:
        return self.code
