"""``manage.py load_demo``: the invented town."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import demo


class Command(BaseCommand):
    """Load the demo data; loading again changes nothing."""

    help = "Load the demo data (only where DEMO is set)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, or say why not."""
        try:
            demo.load()
        except demo.DemoRefused as exc:
            raise CommandError(str(exc)) from exc
