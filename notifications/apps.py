"""Messages to residents."""

from django.apps import AppConfig

from mpi import bearing


class NotificationsConfig(AppConfig):
    """In-app inbox and live notices."""

    name = "notifications"
    label = "notifications"
    verbose_name = "消息"

    def ready(self) -> None:
        """Name this room's tables that say something of a person."""
        bearing.register("notifications.Message", "person")
        bearing.register("notifications.Reminder", "person")
