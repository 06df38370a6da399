"""What residents are to be reminded of."""

from django.db import models
from django.db.models import Q

from foundation.core.ids import PUBLIC_ID_LENGTH
from foundation.core.models import PublicIdModel


class ReminderState(models.TextChoices):
    """Where a reminder stands."""

    WAITING = "waiting", "待提醒"
    TOLD = "told", "已提醒"
    CANCELLED = "cancelled", "已取消"


class Reminder(PublicIdModel):
    """That the holders of a person are to be told of a booking at a certain time.

    Attributes:
        booking: Public id of the booking.
        kind: The kind of message.
    """

    booking = models.CharField(max_length=PUBLIC_ID_LENGTH)
    kind = models.CharField(max_length=40)
    person = models.ForeignKey("mpi.Person", on_delete=models.PROTECT, related_name="+")
    institution = models.CharField(max_length=PUBLIC_ID_LENGTH)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ReminderState.choices, default=ReminderState.WAITING)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notifications_reminder"
        constraints = [
            models.UniqueConstraint(fields=["booking", "kind"], name="notifications_reminder_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state=ReminderState.WAITING), name="notifications_reminder_due"
            ),
            models.Index(fields=["ended_at"], name="notifications_reminder_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.booking}"
