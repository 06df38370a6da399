"""Thin clients of WeChat and of the SMS gateway."""

from django.apps import AppConfig


class CarriersConfig(AppConfig):
    """Carries messages; decides nothing."""

    name = "foundation.carriers"
    label = "carriers"
