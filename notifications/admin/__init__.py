"""The admin of messages, for the centre: templates, the record of sending, suppliers, limits."""

from notifications.admin import dispatches, limits, templates

__all__ = ["dispatches", "limits", "templates"]
