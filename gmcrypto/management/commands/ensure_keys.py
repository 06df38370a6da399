"""Make the keys of the first start, or say why it cannot go on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from gmcrypto import keystore
from gmcrypto.errors import GmCryptoError


class Command(BaseCommand):
    """Run after migrate and before any other process starts."""

    help = "Make the first version of every key that is missing, and check that all of them open."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make, check and report."""
        try:
            made = keystore.ensure_keys()
            keystore.check_ready()
        except GmCryptoError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Keys made: {', '.join(made)}." if made else "All keys are there.")
