"""How institutions, their staff, systems and merchants come to take part."""

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """Applications with documents, and what is decided upon them."""

    name = "onboarding"
    label = "onboarding"
    verbose_name = "机构入驻"

    def ready(self) -> None:
        """Say how the index of payee accounts is made."""
        from gmcrypto import indexed
        from onboarding.services.merchants import INDEX_DOMAIN

        indexed.register(
            "onboarding.Merchant", lambda row: {"account_index": (INDEX_DOMAIN, row.account_number)}
        )
