"""The provider's addresses; names are those that the toolkit looks for."""

from django.urls import include, path
from oauth2_provider.views import JwksInfoView

from interop.oidc import views

_provider = (
    [
        path(
            ".well-known/openid-configuration",
            views.DiscoveryView.as_view(),
            name="oidc-connect-discovery-info",
        ),
        path("jwks.json", JwksInfoView.as_view(), name="jwks-info"),
        path("authorize/", views.authorize, name="authorize"),
        path("token/", views.token, name="token"),
        path("revoke/", views.revoke, name="revoke-token"),
        path("userinfo/", views.userinfo, name="user-info"),
    ],
    "oauth2_provider",
)

urlpatterns = [
    path("oidc/", include(_provider)),
    path("me/logins/", views.logins, name="logins"),
    path("me/logins/<pid:consent>/withdraw/", views.withdraw, name="login-withdraw"),
]
