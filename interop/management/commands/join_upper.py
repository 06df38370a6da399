"""``manage.py join_upper``: take the upper centre into the table, and enrol there."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from interop.nodes.joining import join_upper


class Command(BaseCommand):
    """As the acts of the admin do it, in one step for a new installation."""

    help = (
        'Join the upper card centre. FILE holds {"node_id", "name", "base_url", "keys": {"sign": {"kid", '
        '"public_key"}, "seal": {...}}}; "-" reads it from standard input.'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the code and the reason."""
        parser.add_argument("file")
        parser.add_argument("--code", default="", help="the enrolment code that the upper centre gave")
        parser.add_argument("--reason", required=True, help="goes into the audit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Join, or say why not."""
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text("utf-8")
            told = json.loads(text)
            join_upper(told, code=options["code"], actor=Actor.system("join_upper"), reason=options["reason"])
        except DomainError as exc:
            raise CommandError(f"{exc.text()}。{exc.advice()}") from exc
        except (OSError, ValueError, KeyError, TypeError) as exc:
            raise CommandError(f"the file cannot be used ({type(exc).__name__}: {exc})") from exc
        self.stdout.write("joined")
