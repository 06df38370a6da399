"""Routes for events of institutions."""

from django.urls import path

from interop.hl7.views import take_message
from interop.webhooks.views import take_event

urlpatterns = [
    path("events", take_event, name="api-events"),
    path("hl7", take_message, name="api-hl7"),
]
