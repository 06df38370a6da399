"""Take a new key for one purpose into use."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core.actor import Actor
from gmcrypto.errors import GmCryptoError
from gmcrypto.keyring import Purpose
from portal import keys


class Command(BaseCommand):
    """What is old stays readable; ``reencrypt_fields`` moves it."""

    help = "Take a new key for a purpose into use; the index key has rotate_index_key."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which purpose, and why."""
        parser.add_argument("purpose", choices=[purpose.value for purpose in Purpose])
        parser.add_argument("--reason", required=True, help="goes into the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate and say what comes next."""
        purpose = Purpose(options["purpose"])
        try:
            key = keys.rotate(purpose, actor=Actor.system("rotate-key"), reason=options["reason"])
        except GmCryptoError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{key.kid} is in use.")
        if purpose in (Purpose.DATA, Purpose.CLIENT_SECRET):
            self.stdout.write("In a minute, move what is stored: reencrypt_fields")
