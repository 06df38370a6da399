"""What residents are told, on which ways it goes to them, and what they want to hear of."""

from notifications.models.dispatch import Dispatch
from notifications.models.grant import Grant
from notifications.models.limit import PushCount, PushLimit
from notifications.models.message import Message
from notifications.models.preference import Preference, QuietHours
from notifications.models.reminder import Reminder
from notifications.models.supplier import Supplier
from notifications.models.template import Template

__all__ = [
    "Dispatch",
    "Grant",
    "Message",
    "Preference",
    "PushCount",
    "PushLimit",
    "QuietHours",
    "Reminder",
    "Supplier",
    "Template",
]
