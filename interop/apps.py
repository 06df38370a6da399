"""What outsiders speak."""

from django.apps import AppConfig


class InteropConfig(AppConfig):
    """Dialects over the rooms below."""

    name = "interop"
    label = "interop"
    verbose_name = "对外接口"
