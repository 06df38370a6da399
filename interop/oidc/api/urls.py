"""``/api/resident/v1/``: sign-ins elsewhere."""

from django.urls import path

from interop.oidc.api import resident

urlpatterns = [
    path("logins", resident.Logins.as_view(), name="api-logins"),
    path("logins/<pid:consent_id>", resident.OneLogin.as_view(), name="api-login"),
]
