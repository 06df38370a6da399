"""Routes of the terminals' calls."""

from django.urls import path

from institutions.api import terminals

urlpatterns = [
    path("terminals/sign-in", terminals.SignIn.as_view(), name="api-terminal-sign-in"),
    path("terminals/heartbeat", terminals.Heartbeat.as_view(), name="api-terminal-heartbeat"),
]
