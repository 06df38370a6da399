"""Reading the evidence of checks."""

from foundation.core.errors import NotFound
from identity.models import IdentityCheck
from identity.types import (
    CheckOutcome,
    CheckResult,
)


def check_of(check_id: str) -> CheckResult:
    """The outcome of one check, by the public id of its evidence.

    Raises:
        NotFound: If there is no such check.
    """
    row = IdentityCheck.objects.filter(public_id=check_id).first()
    if row is None:
        raise NotFound
    return result_of(row)


def checks_for(subject_type: str, subject_id: str) -> list[CheckResult]:
    """The checks made for one thing, the newest first."""
    rows = IdentityCheck.objects.filter(subject_type=subject_type, subject_id=subject_id)
    return [result_of(row) for row in rows.order_by("-asked_at", "-pk")]


def result_of(row: IdentityCheck) -> CheckResult:
    """A row of evidence as its outcome; for this room."""
    return CheckResult(
        check_id=row.public_id,
        outcome=CheckOutcome(row.outcome),
        level=row.level,
        reference=row.reference,
    )
