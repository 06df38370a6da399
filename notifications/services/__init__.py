"""Telling residents something, and what they want to be told."""

from notifications.services.inbox import follow_holding, mark_all_read, mark_read, send_in_app
from notifications.services.preferences import send_test, set_quiet_hours, set_topic
from notifications.services.telling import INBOX_CHANGED, Telling, tell

__all__ = [
    "INBOX_CHANGED",
    "Telling",
    "follow_holding",
    "mark_all_read",
    "mark_read",
    "send_in_app",
    "send_test",
    "set_quiet_hours",
    "set_topic",
    "tell",
]
