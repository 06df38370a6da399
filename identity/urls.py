"""Pages of this room."""

from django.urls import path

from identity import verify_views, views

urlpatterns = [
    path("open/verify/<pid:order_id>/", verify_views.verify, name="open-verify"),
    path("open/verify/<pid:order_id>/done/", verify_views.done, name="open-verify-done"),
    path("consent/", views.consent, name="consent"),
]
