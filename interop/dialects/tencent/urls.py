"""The platform's paths, to the letter."""

from django.urls import path, re_path

from interop.dialects.tencent import views

urlpatterns = [
    path(
        "rest/auth/HealthCard/HealthOpenAuth/AuthObj/getAppToken",
        views.token,
        name="tencent-token",
    ),
    path(
        "rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/<str:operation>",
        views.open_platform,
        name="tencent-open-platform",
    ),
    path(
        "rest/auth/TXHealthCard/EHealthCardServer/ISVOpenObj/<str:operation>",
        views.card_server,
        name="tencent-card-server",
    ),
    re_path(r"^rest/auth/", views.unknown, name="tencent-unknown"),
]
