"""``manage.py write_events``: the page of the types of events."""

from typing import Any

from django.core.management.base import BaseCommand

from portal import event_table


class Command(BaseCommand):
    """Write the page from the types that are wired."""

    help = "Write docs/institutions/event-types.md from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        event_table.PATH.write_text(event_table.render(), "utf-8")
        self.stdout.write(f"{event_table.PATH.name} is written.")
