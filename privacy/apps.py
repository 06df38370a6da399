"""The holder's control over what is kept of them."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Who looked, what is visible, copies, closing, and how long anything is kept."""

    name = "privacy"
    label = "privacy"
    verbose_name = "隐私"
