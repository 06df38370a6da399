"""``manage.py verify_audit``: is the audit as it was written?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from foundation.audit import sealer


class Command(BaseCommand):
    """Check the chain, the checkpoints and the file outside the database."""

    help = "Verify the audit: finds change, deletion, truncation, and entries unsealed too long."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each finding; exit with an error when there is one."""
        findings = sealer.verify()
        for finding in findings:
            self.stdout.write(f"{finding.what} (seal {finding.seal_no})")
        if findings:
            raise CommandError(f"{len(findings)} findings: keep the database as it is and call the auditor")
        self.stdout.write("The audit is as it was written.")
