"""Channels by which an institution takes money online."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedJSONField


class ChannelState(models.TextChoices):
    """Whether new payments are begun with it; what was begun is always brought to its end."""

    OFF = "off", "未启用"
    ON = "on", "使用中"


class Channel(PublicIdModel, TimestampedModel):
    """One way of paying at one institution: its account there, and the rules by which it is offered.

    Attributes:
        number: The merchant's number at the channel.
        values: What is no secret, by the names of the provider's keys.
        secrets: What is, written and never shown again.
        ways: How a payer may come to it; a subset of the provider's.
        least_fen, most_fen: Between which amounts it is offered.
        fee_rate: What the channel keeps by its contract, in hundred-thousandths (0.60% is 600); None where
            nobody has said.
        place: Where it stands among the ways of paying that are offered.
    """

    institution = models.ForeignKey(
        "institutions.Institution", on_delete=models.PROTECT, related_name="+", verbose_name="机构"
    )
    provider = models.CharField("支付方式", max_length=16)
    number = models.CharField("商户号", max_length=64)
    base_url = models.URLField("接口地址", max_length=200)
    values = models.JSONField("参数", default=dict)
    secrets = EncryptedJSONField(purpose="client_secret")
    ways = ArrayField(models.CharField(max_length=16), verbose_name="发起方式")
    state = models.CharField("状态", max_length=6, choices=ChannelState.choices, default=ChannelState.OFF)
    least_fen = models.BigIntegerField("最低金额（分）", default=1)
    most_fen = models.BigIntegerField("最高金额（分）", default=5_000_000)
    fee_rate = models.PositiveIntegerField("约定费率（十万分之）", null=True, blank=True)
    place = models.PositiveSmallIntegerField("排序", default=1)

    class Meta:
        db_table = "payments_channel"
        verbose_name = "支付渠道"
        verbose_name_plural = "支付渠道"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "number", "institution"], name="payments_channel_once"
            ),
            models.UniqueConstraint(
                fields=["institution", "provider"],
                condition=Q(state=ChannelState.ON),
                name="payments_channel_one_on",
            ),
            models.CheckConstraint(
                condition=Q(least_fen__gte=1, least_fen__lte=F("most_fen")), name="payments_channel_range"
            ),
        ]

    def __str__(self) -> str:
        return self.number
