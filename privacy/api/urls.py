"""``/api/resident/v1/``: one's own data."""

from django.urls import path

from privacy.api import resident

urlpatterns = [
    path("looks", resident.Looks.as_view(), name="api-looks"),
    path("copy", resident.Copy.as_view(), name="api-copy"),
    path("account/close", resident.Closing.as_view(), name="api-account-close"),
]
