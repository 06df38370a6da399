"""One message on its way over one channel."""

from django.db import models
from django.db.models import Q

from foundation.core.models import PublicIdModel
from notifications.models.message import Message
from notifications.models.template import Template
from notifications.rules.topics import Channel, DispatchState


class Dispatch(PublicIdModel):
    """One message on its way over one channel; the row is written before anybody outside is called.

    A message goes over a channel once: with the message's own key that makes (event, recipient,
    channel) unique. ``public_id`` is the number under which suppliers know it, so that what was
    handed over twice is sent once.

    Attributes:
        method: The number or WeChat user that it goes to; its value is read when it is sent.
        unless_read: Not sent at all if the resident has opened the message by then.
        group: What a later message of the same group takes the place of, or joins.
        count: How many messages this one speaks of.
        due_at: When to try next.
        expires_at: From when on it is worth nothing.
        error: The outside system's code of the last failure.
    """

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="dispatches", verbose_name="消息"
    )
    channel = models.CharField("渠道", max_length=10, choices=Channel.choices)
    method = models.ForeignKey(
        "accounts.SignInMethod", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="+", verbose_name="模板", db_index=False
    )
    state = models.CharField("状态", max_length=20, choices=DispatchState.choices)
    is_urgent = models.BooleanField("紧急", default=False)
    unless_read = models.BooleanField("未读才发", default=False)
    group = models.CharField(max_length=80, blank=True)
    count = models.PositiveSmallIntegerField("合并条数", default=1)
    supplier = models.CharField("供应商", max_length=20, blank=True)
    provider_reference = models.CharField("外部编号", max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    error = models.CharField("错误", max_length=60, blank=True)
    created_at = models.DateTimeField("创建时间")
    due_at = models.DateTimeField("下次尝试")
    expires_at = models.DateTimeField("有效至")
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField("发出时间", null=True)
    ended_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        db_table = "notifications_dispatch"
        verbose_name = "发送记录"
        verbose_name_plural = "发送记录"
        constraints = [
            models.UniqueConstraint(fields=["message", "channel"], name="notifications_dispatch_once"),
        ]
        indexes = [
            models.Index(
                fields=["-is_urgent", "due_at"],
                condition=Q(state=DispatchState.CREATED),
                name="notifications_dispatch_due",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(state=DispatchState.SENDING),
                name="notifications_dispatch_leased",
            ),
            models.Index(
                fields=["group"],
                condition=Q(state=DispatchState.CREATED) & ~Q(group=""),
                name="notifications_dispatch_group",
            ),
            models.Index(
                fields=["provider_reference"],
                condition=~Q(provider_reference=""),
                name="notifications_dispatch_ref",
            ),
            models.Index(fields=["supplier", "sent_at"], name="notifications_by_supplier"),
        ]

    def __str__(self) -> str:
        return self.public_id
