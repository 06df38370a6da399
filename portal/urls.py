"""Routes of the whole product; each room brings its own."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from portal import cashier, health, home, orders, preferences, styleguide

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("preferences/", preferences.save, name="preferences"),
    path("styleguide/", styleguide.show, name="styleguide"),
    path("styleguide/codes", styleguide.codes, name="styleguide_codes"),
    path("styleguide/<slug:page>/", styleguide.show, name="styleguide_page"),
    path("", include("foundation.accounts.urls")),
    path("", include("identity.urls")),
    path("staff/", include("foundation.accounts.staff_urls")),
    path("api/resident/v1/", include("foundation.accounts.api.urls")),
    path("api/resident/v1/", include("identity.api.urls")),
    path("", include("institutions.urls")),
    path("", include("onboarding.urls")),
    path("", include("cards.urls")),
    path("", include("appointments.urls")),
    path("", include("records.urls")),
    path("", include("payments.urls")),
    path("window/bills/", cashier.find, name="window-bills"),
    path("window/prepaid/", cashier.find_purse, name="window-purses"),
    path("window/orders/", orders.find, name="window-orders"),
    path("", include("appointments.urls_queue")),
    path("", include("notifications.urls")),
    path("", include("privacy.urls")),
    path("api/resident/v1/", include("cards.api.urls_resident")),
    path("api/resident/v1/", include("appointments.api.urls_resident")),
    path("api/resident/v1/", include("records.api.urls_resident")),
    path("api/resident/v1/", include("payments.api.urls")),
    path("api/resident/v1/", include("appointments.api.urls_queue")),
    path("api/resident/v1/", include("notifications.api.urls")),
    path("api/resident/v1/", include("privacy.api.urls")),
    path("api/resident/v1/", include("interop.oidc.api.urls")),
    path("api/v1/", include("institutions.api.urls")),
    path("api/v1/", include("cards.api.urls_institution")),
    path("api/v1/", include("appointments.api.urls_institution")),
    path("api/v1/", include("records.api.urls_institution")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/", include("interop.webhooks.urls")),
    path("api/v1/", include("interop.his.urls")),
    path("api/v1/", include("interop.billing.urls")),
    path("", include("interop.dialects.tencent.urls")),
    path("", include("interop.dialects.national.urls")),
    path("", include("interop.oidc.urls")),
    path("node/v1/", include("interop.nodes.urls")),
]

handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.permission_denied"
handler404 = "portal.errors.page_not_found"
handler500 = "portal.errors.server_error"
