"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from foundation.audit.retention import Term
from institutions.models import StaffMembership

TERMS = (
    Term(
        kind="memberships",
        rows=StaffMembership.objects.filter(is_active=False),
        since="ended_at",
        period=timedelta(days=5 * 365),
    ),
)
