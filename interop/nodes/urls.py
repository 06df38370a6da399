"""Routes for other card centres."""

from django.urls import path

from interop.nodes import views

urlpatterns = [
    path("hello", views.hello, name="node-hello"),
    path("verify", views.verify, name="node-verify"),
]
