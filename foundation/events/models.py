"""The outbox, its deliveries, and the inbox."""

from django.db import models

from foundation.core.models import PublicIdModel
from foundation.events.types import InboxState, Outcome, WaitReason
from gmcrypto.fields import EncryptedTextField


class OutboxMessage(PublicIdModel):
    """Something that happened, written in the transaction in which it happened.

    ``public_id`` is the message id by which handlers recognise a repeat. The payload holds
    ids and codes only; whoever needs more reads it again under its own permission.
    """

    topic = models.CharField(max_length=80)
    aggregate = models.CharField(max_length=100)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    relayed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "events_outbox"
        indexes = [
            models.Index(fields=["id"], condition=models.Q(relayed_at=None), name="events_outbox_waiting"),
            models.Index(fields=["relayed_at"], name="events_outbox_relayed"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.public_id}"


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", "待投递"
    SENDING = "sending", "投递中"
    DONE = "done", "已完成"
    DEAD = "dead", "需人工处理"


class Delivery(models.Model):
    """One message on its way to one subscriber.

    A failing subscriber delays only its own rows. ``dead`` is a state that staff see and can
    set back to ``pending``.
    """

    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "events_delivery"
        verbose_name = "内部未处理的消息"
        verbose_name_plural = "内部未处理的消息"
        constraints = [
            models.UniqueConstraint(fields=["message", "subscriber"], name="events_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="pending"), name="events_delivery_due"
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="sending"), name="events_delivery_leased"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} {self.state}"


class InboxMessage(PublicIdModel):
    """Something that an outside system told us, kept before anything is done with it.

    Messages with a ``seq`` are applied in its order within their source and aggregate.
    ``attempts`` counts every try, ``waits`` those that ended in waiting for something; the
    difference are failures.
    """

    source = models.CharField("来源", max_length=60)
    message_id = models.CharField("消息编号", max_length=100)
    topic = models.CharField("类型", max_length=80)
    aggregate = models.CharField("对象", max_length=100, blank=True, default="", db_default="")
    seq = models.BigIntegerField("序号", null=True)
    payload = EncryptedTextField()
    state = models.CharField("状态", max_length=10, choices=InboxState.choices, default=InboxState.RECEIVED)
    waiting_for = models.CharField(
        "等待", max_length=10, choices=WaitReason.choices, blank=True, default="", db_default=""
    )
    outcome = models.CharField(
        "结果", max_length=10, choices=Outcome.choices, blank=True, default="", db_default=""
    )
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    waits = models.PositiveIntegerField("等待次数", default=0, db_default=0)
    received_at = models.DateTimeField("接收时间")
    next_attempt_at = models.DateTimeField("下次尝试")
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField("最近的错误", max_length=200, blank=True)
    done_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        db_table = "events_inbox"
        verbose_name = "收到的消息"
        verbose_name_plural = "收到的消息"
        constraints = [
            models.UniqueConstraint(fields=["source", "message_id"], name="events_inbox_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="received"), name="events_inbox_due"
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(state="working"), name="events_inbox_leased"
            ),
            models.Index(
                fields=["source", "aggregate", "seq"],
                condition=models.Q(state__in=("received", "working")) & ~models.Q(aggregate=""),
                name="events_inbox_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.topic}"


class Sequence(models.Model):
    """How far the messages of one source about one aggregate have been applied."""

    source = models.CharField(max_length=60)
    aggregate = models.CharField(max_length=100)
    applied = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField()

    class Meta:
        db_table = "events_sequence"
        constraints = [
            models.UniqueConstraint(fields=["source", "aggregate"], name="events_sequence_once"),
        ]
        indexes = [models.Index(fields=["moved_at"], name="events_sequence_age")]

    def __str__(self) -> str:
        return f"{self.source} {self.aggregate} {self.applied}"
