"""Addresses of institutions that are told what happens here, and each message on its way there."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel, TimestampedModel
from gmcrypto.fields import EncryptedTextField


class EndpointState(models.TextChoices):
    """Whether an address is told anything."""

    ACTIVE = "active", "使用中"
    STOPPED = "stopped", "已停用"
    GONE = "gone", "对方已撤销"


class WebhookEndpoint(PublicIdModel, TimestampedModel):
    """An address of an institution's client, and the types of messages that it asked for."""

    institution = models.CharField("机构", max_length=PUBLIC_ID_LENGTH, db_index=True)
    client = models.CharField("接入应用", max_length=PUBLIC_ID_LENGTH)
    url = models.CharField("地址", max_length=500)
    types = ArrayField(models.CharField(max_length=60), verbose_name="消息类型")
    state = models.CharField(
        "状态", max_length=8, choices=EndpointState.choices, default=EndpointState.ACTIVE
    )

    class Meta:
        db_table = "interop_webhook_endpoint"
        verbose_name = "消息接收地址"
        verbose_name_plural = "消息接收地址"
        constraints = [
            models.UniqueConstraint(fields=["institution", "url"], name="interop_endpoint_once"),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookKey(PublicIdModel):
    """A secret that signs what goes to an endpoint; during an exchange two of them do."""

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.PROTECT, related_name="keys")
    secret = EncryptedTextField(purpose="client_secret")
    created_at = models.DateTimeField()
    not_after = models.DateTimeField(null=True)

    class Meta:
        db_table = "interop_webhook_key"
        constraints = [
            # The one key that goes on; of two exchanges at once the second finds no room.
            models.UniqueConstraint(
                fields=["endpoint"], condition=models.Q(not_after=None), name="interop_webhook_key_one"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryState(models.TextChoices):
    """Where a message to an endpoint stands."""

    PENDING = "pending", "待发送"
    SENDING = "sending", "发送中"
    DONE = "done", "已送达"
    DEAD = "dead", "发送失败"


class WebhookDelivery(PublicIdModel):
    """One message on its way to one endpoint: ids and codes, which the institution reads up.

    ``message`` is the same at every attempt and after a replay, so that the receiver knows a repeat.
    ``tries`` tells of each attempt when it was made and how it ended.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.PROTECT, related_name="deliveries", verbose_name="接收地址"
    )
    message = models.CharField("消息编号", max_length=PUBLIC_ID_LENGTH)
    type = models.CharField("类型", max_length=60)
    data = models.JSONField("内容")
    state = models.CharField(
        "状态", max_length=8, choices=DeliveryState.choices, default=DeliveryState.PENDING
    )
    attempts = models.PositiveIntegerField("本轮尝试次数", default=0)
    next_attempt_at = models.DateTimeField("下次尝试")
    last_status = models.PositiveSmallIntegerField("最近的状态码", null=True)
    last_error = models.CharField("最近的错误", max_length=60, blank=True)
    tries = models.JSONField("每次尝试", default=list)
    occurred_at = models.DateTimeField("发生时间")
    created_at = models.DateTimeField("创建时间")
    done_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "interop_webhook_delivery"
        verbose_name = "发出的消息"
        verbose_name_plural = "发出的消息"
        constraints = [
            models.UniqueConstraint(fields=["message", "endpoint"], name="interop_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=("pending", "sending")),
                name="interop_delivery_due",
            ),
            models.Index(
                fields=["done_at"],
                condition=models.Q(done_at__isnull=False),
                name="interop_delivery_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"
