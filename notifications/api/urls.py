"""``/api/resident/v1/``: messages and live notices."""

from django.urls import path

from notifications.api import resident, settings

urlpatterns = [
    path("messages", resident.Messages.as_view(), name="api-messages"),
    path("messages/read", resident.MessagesRead.as_view(), name="api-messages-read"),
    path("messages/<pid:message_id>/read", resident.MessageRead.as_view(), name="api-message-read"),
    path("message-settings", settings.MessageSettings.as_view(), name="api-message-settings"),
    path("message-settings/topic", settings.MessageTopic.as_view(), name="api-message-topic"),
    path("message-settings/quiet-hours", settings.QuietHours.as_view(), name="api-quiet-hours"),
    path("message-settings/test", settings.TestMessage.as_view(), name="api-test-message"),
    path("message-templates", settings.MessageTemplates.as_view(), name="api-message-templates"),
    path("live/changes", resident.LiveChanges.as_view(), name="api-live-changes"),
    path("live/ticket", resident.LiveTicket.as_view(), name="api-live-ticket"),
]
