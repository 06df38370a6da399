"""The messages, their settings, the way to the socket, and what carriers call."""

from django.urls import path

from notifications.live import views as live
from notifications.views import inbox, outside, settings

urlpatterns = [
    path("messages/", inbox.messages, name="messages"),
    path("messages/read/", inbox.read_all, name="messages-read-all"),
    path("messages/settings/", settings.overview, name="message-settings"),
    path("messages/settings/quiet/", settings.quiet, name="message-quiet"),
    path("messages/settings/test/", settings.test, name="message-test"),
    path("messages/settings/<slug:topic>/", settings.topic, name="message-topic"),
    path("messages/<pid:message_id>/", inbox.message, name="message"),
    path("live/ticket", live.ticket, name="live-ticket"),
    path("live/changes", live.changes, name="live-changes"),
    path("carriers/weixin/<slug:application>", outside.weixin_push, name="weixin-push"),
    path("carriers/sms/<slug:supplier>", outside.sms_receipt, name="sms-receipt"),
    path("window/queues/<pid:queue_id>/live/ticket", live.desk_ticket, name="desk-queue-ticket"),
    path("window/queues/<pid:queue_id>/live/changes", live.desk_changes, name="desk-queue-changes"),
    path("screen/<pid:key>/live/ticket", live.screen_ticket, name="call-screen-ticket"),
    path("screen/<pid:key>/live/changes", live.screen_changes, name="call-screen-changes"),
]
