"""``manage.py write_errors``: the page of error codes."""

from typing import Any

from django.core.management.base import BaseCommand

from portal import error_table


class Command(BaseCommand):
    """Write the page from the error classes."""

    help = "Write docs/institutions/errors.md from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        error_table.PATH.write_text(error_table.render(), "utf-8")
        self.stdout.write(f"{error_table.PATH.name} is written.")
