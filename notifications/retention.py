"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from foundation.audit.retention import Term
from notifications.models import Message, PushCount, Reminder
from notifications.models.reminder import ReminderState

TERMS = (
    Term(
        kind="messages",
        rows=Message.objects.all(),
        since="created_at",
        period=timedelta(days=365),
    ),
    Term(
        kind="push_counts",
        rows=PushCount.objects.all(),
        since="counted_at",
        period=timedelta(days=7),
    ),
    Term(
        kind="reminders",
        rows=Reminder.objects.exclude(state=ReminderState.WAITING),
        since="ended_at",
        period=timedelta(days=90),
    ),
)
