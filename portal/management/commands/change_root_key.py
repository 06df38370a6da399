"""Wrap all keys under another root key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core.actor import Actor
from gmcrypto.errors import GmCryptoError
from portal import keys


class Command(BaseCommand):
    """Run when every process has been started with both root keys."""

    help = (
        "Wrap every key under EHC_ROOT_KEY (or its file), also those that are under EHC_ROOT_KEY_BEFORE "
        "(or its file)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Why."""
        parser.add_argument("--reason", required=True, help="goes into the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Wrap, all or none."""
        try:
            changed = keys.change_root(actor=Actor.system("change-root-key"), reason=options["reason"])
        except GmCryptoError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{changed} keys were wrapped anew. The root key of before opens nothing any more.")
