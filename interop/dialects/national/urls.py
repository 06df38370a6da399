"""The SDK's paths, to the letter."""

from django.urls import URLPattern, path, re_path

from interop.dialects.national import views
from interop.dialects.national.methods import METHODS

urlpatterns: list[URLPattern] = [
    *(path(method.path, views.view_of(method), name=f"national-{method.name}") for method in METHODS),
    re_path(r"^hospital/v3/", views.unknown, name="national-unknown"),
]
