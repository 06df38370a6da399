"""Look whether the books hold; for an operator, at any time, while everything runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments.selectors.books import RULES, check_books


class Command(BaseCommand):
    """Ends with status 1 and says what breaks which rule, if anything does."""

    help = "Check that every movement balances and that bills, payments and the ledger agree."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask every question at one moment."""
        findings = check_books()
        for one in findings:
            self.stdout.write(f"{one.rule}: {one.what} has {one.found}, should be {one.wanted}")
        if findings:
            raise CommandError(f"{len({one.rule for one in findings})} of {len(RULES)} rules are broken.")
        self.stdout.write(f"The books hold: {len(RULES)} rules, nothing found.")
