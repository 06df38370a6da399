"""``/api/resident/v1/``: consent."""

from django.urls import path

from identity.api import resident

urlpatterns = [
    path("consents", resident.Consents.as_view(), name="api-consents"),
    path("consents/withdrawals", resident.ConsentWithdrawals.as_view(), name="api-consent-withdrawals"),
]
