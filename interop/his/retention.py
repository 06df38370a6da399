"""How long this room's rows are kept, as ``docs/retention.md`` says."""

from datetime import timedelta

from foundation.audit.retention import Term
from interop.his.models import PatientRecord, RecordState

TERMS = (
    Term(
        kind="patient_records",
        rows=PatientRecord.objects.filter(state=RecordState.DONE),
        since="done_at",
        period=timedelta(days=365),
    ),
)
