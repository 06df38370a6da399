"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from foundation.audit.retention import Term
from records.models import (
    AccessGrant,
    AccessRequest,
    ArrivedDocument,
    Document,
    EmergencyOpening,
    Encounter,
    RecordAccess,
    Report,
    ReportVersion,
)
from records.rules import RequestState, ReviewState


def _with_versions(rows: "QuerySet[Any]", moment: datetime) -> None:
    """A report goes with everything that it ever said."""
    Document.objects.filter(version__report__in=rows).delete()
    ReportVersion.objects.filter(report__in=rows).delete()
    rows.delete()


def _with_request(rows: "QuerySet[Any]", moment: datetime) -> None:
    """A consent goes with what was read by it, and with the request that it answered."""
    requests = list(rows.values_list("request", flat=True))
    RecordAccess.objects.filter(grant__in=rows).delete()
    rows.delete()
    AccessRequest.objects.filter(pk__in=requests).delete()


def _with_readings(rows: "QuerySet[Any]", moment: datetime) -> None:
    """An emergency goes with what was read in it."""
    RecordAccess.objects.filter(emergency__in=rows).delete()
    rows.delete()


TERMS = (
    # What a hospital must keep for 15 or 30 years stays with the hospital.
    Term(
        kind="reports",
        rows=Report.objects.all(),
        since="reported_at",
        period=timedelta(days=15 * 365),
        end=_with_versions,
    ),
    # Longer than a report waits for its patient to be known.
    Term(
        kind="arrived_documents",
        rows=ArrivedDocument.objects.all(),
        since="arrived_at",
        period=timedelta(days=45),
    ),
    Term(
        kind="encounters",
        rows=Encounter.objects.all(),
        since="started_at",
        period=timedelta(days=15 * 365),
    ),
    Term(
        kind="access_requests",
        rows=AccessRequest.objects.exclude(state=RequestState.GRANTED),
        since="expires_at",
        period=timedelta(days=365),
    ),
    Term(
        kind="access_grants",
        rows=AccessGrant.objects.all(),
        since="until",
        period=timedelta(days=5 * 365),
        end=_with_request,
    ),
    Term(
        kind="emergency_openings",
        rows=EmergencyOpening.objects.exclude(state=ReviewState.WAITING),
        since="opened_at",
        period=timedelta(days=5 * 365),
        end=_with_readings,
    ),
)
