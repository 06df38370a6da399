"""Reading inboxes, settings and the record of sending."""

from notifications.selectors.inbox import (
    Choice,
    Shown,
    inbox,
    institution_choices,
    latest,
    person_choices,
    shown,
    shown_many,
    unread_count,
    unread_of_kinds,
)
from notifications.selectors.settings import (
    last_test,
    pushes_per_day,
    quiet_hours,
    topic_settings,
    wanted,
    ways,
)

__all__ = [
    "Choice",
    "Shown",
    "inbox",
    "institution_choices",
    "last_test",
    "latest",
    "person_choices",
    "pushes_per_day",
    "quiet_hours",
    "shown",
    "shown_many",
    "topic_settings",
    "unread_count",
    "unread_of_kinds",
    "wanted",
    "ways",
]
