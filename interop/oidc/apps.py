"""OpenID Connect."""

from django.apps import AppConfig


class OidcConfig(AppConfig):
    """Relying parties, consents and the keys that sign."""

    name = "interop.oidc"
    label = "oidc"
    verbose_name = "统一登录"
