"""The words of a kind of message on one channel, by version."""

from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel
from notifications.rules.topics import Channel


class TemplateState(models.TextChoices):
    """Where a version stands; of each kind and channel one is in force."""

    DRAFT = "draft", "草稿"
    ACTIVE = "active", "启用"
    RETIRED = "retired", "停用"


class Template(PublicIdModel):
    """One version of what a kind of message says on one channel.

    A version never changes: to change the words, another version is made and put in force.

    Attributes:
        external_id: The template's number at WeChat, or its name at the SMS suppliers.
        fields: Name of each field and its text, with ``{name}`` places for the allowed variables.
        is_permanent: Whether one grant of the resident is good for any number of messages.
    """

    kind = models.CharField("消息种类", max_length=40)
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    version = models.PositiveIntegerField("版本")
    state = models.CharField("状态", max_length=8, choices=TemplateState.choices, default=TemplateState.DRAFT)
    external_id = models.CharField("模板编号", max_length=64)
    fields = models.JSONField("字段", default=dict)
    is_permanent = models.BooleanField("长期订阅", default=False)
    created_at = models.DateTimeField("创建时间")
    activated_at = models.DateTimeField("启用时间", null=True)
    retired_at = models.DateTimeField("停用时间", null=True)

    class Meta:
        db_table = "notifications_template"
        verbose_name = "消息模板"
        verbose_name_plural = "消息模板"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "channel", "version"], name="notifications_template_version_once"
            ),
            models.UniqueConstraint(
                fields=["kind", "channel"],
                condition=Q(state=TemplateState.ACTIVE),
                name="notifications_template_one_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} v{self.version}"
