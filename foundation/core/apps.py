"""The room everything stands on."""

from django.apps import AppConfig
from django.urls import register_converter

from foundation.core.converters import PublicIdConverter


class CoreConfig(AppConfig):
    """Errors, clock, identifiers, outbound HTTP: nothing named after a business thing."""

    name = "foundation.core"
    label = "core"

    def ready(self) -> None:
        """Make ``<pid:...>`` known before any room's routes are read."""
        register_converter(PublicIdConverter, "pid")
