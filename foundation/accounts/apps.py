"""Accounts, sign-in methods, sessions and second factors."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who signs in; holds no data of a person."""

    name = "foundation.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Say how the index of sign-in methods is made, and where else secrets rest."""
        from foundation.accounts import factor_secrets
        from foundation.accounts.enrolment import index_domain
        from gmcrypto import indexed, rotation

        indexed.register(
            "accounts.SignInMethod", lambda row: {"value_index": (index_domain(row.kind), row.value)}
        )
        rotation.register("mfa.Authenticator", factor_secrets.reseal)
