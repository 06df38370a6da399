"""Pages about one's own data."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("me/data/", views.data, name="data"),
    path("me/data/looks/", views.looks, name="looks"),
    path("family/<pid:person_id>/looks/", views.looks, name="family-looks"),
    path("me/data/copy/", views.copy, name="data-copy"),
    path("me/data/copy/file/", views.copy_file, name="data-copy-file"),
    path("me/data/consents/", views.consents, name="consents"),
    path("me/data/consents/<slug:kind>/withdraw/", views.withdraw, name="consent-withdraw"),
    path("me/data/close/", views.close, name="account-close"),
]
