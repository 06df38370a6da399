"""The composition root."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Settings, routes, wiring and the home page."""

    name = "portal"
    label = "portal"
