"""Publish a version of the privacy notice from two text files."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.clock import BEIJING
from foundation.core.errors import DomainError
from identity import services


class Command(BaseCommand):
    """The text of a version never changes; a mended text is a new version."""

    help = "Publish a version of the privacy notice; people are asked to agree once it is in force."

    def add_arguments(self, parser: CommandParser) -> None:
        """Version, texts, and the first moment."""
        parser.add_argument("version", help="for example 2027-03")
        parser.add_argument("chinese", type=Path, help="text file, UTF-8")
        parser.add_argument("english", type=Path, help="text file, UTF-8")
        parser.add_argument("--from", dest="start", help="date in Beijing, YYYY-MM-DD; by default now")

    def handle(self, *args: Any, **options: Any) -> None:
        """Publish."""
        try:
            services.publish_notice(
                version=options["version"],
                text_zh=options["chinese"].read_text("utf-8"),
                text_en=options["english"].read_text("utf-8"),
                in_force_from=_moment(options["start"]),
                actor=Actor.system("publish-notice"),
            )
        except (OSError, ValueError, DomainError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Version {options['version']} is published.")


def _moment(day: str | None) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=BEIJING) if day else clock.now()
