"""Notices that institutions asked for, on their way out."""

from django.db import models

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class CallbackState(models.TextChoices):
    """Where a notice stands."""

    PENDING = "pending", "待发送"
    SENDING = "sending", "发送中"
    DONE = "done", "已送达"
    DEAD = "dead", "发送失败"


class Callback(PublicIdModel):
    """One notice to an address of an institution's client.

    What it says is read anew at each attempt, so that nothing of a person lies here.
    """

    event = models.CharField(max_length=PUBLIC_ID_LENGTH, unique=True)
    subject = models.CharField(max_length=PUBLIC_ID_LENGTH)
    client = models.CharField(max_length=PUBLIC_ID_LENGTH)
    state = models.CharField(max_length=8, choices=CallbackState.choices, default=CallbackState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    last_error = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "interop_callback"
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=("pending", "sending")),
                name="interop_callback_due",
            ),
            models.Index(
                fields=["done_at"],
                condition=models.Q(done_at__isnull=False),
                name="interop_callback_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"
