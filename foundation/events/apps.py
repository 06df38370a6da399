"""Events between rooms and to the outside."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Inbox, outbox, relay and live notices."""

    name = "foundation.events"
    label = "events"
    verbose_name = "消息收发"
