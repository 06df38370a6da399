"""Start-up of the Django part."""

from django.apps import AppConfig
from django.core import checks

from gmcrypto import selftest


class GmcryptoConfig(AppConfig):
    """Refuses to start a process whose cryptography gives wrong answers."""

    name = "gmcrypto"
    label = "gmcrypto"
    verbose_name = "国密与密钥"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Run the known-answer tests, which take a few milliseconds; watch over the indexes."""
        from gmcrypto.indexed import check_registered

        selftest.run()
        checks.register(check_registered)
