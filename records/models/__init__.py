"""State of this room."""

from records.models.access import AccessGrant, AccessRequest, EmergencyInfo, EmergencyOpening, RecordAccess
from records.models.reports import ArrivedDocument, Document, Encounter, Report, ReportVersion

__all__ = [
    "AccessGrant",
    "AccessRequest",
    "ArrivedDocument",
    "Document",
    "EmergencyInfo",
    "EmergencyOpening",
    "Encounter",
    "RecordAccess",
    "Report",
    "ReportVersion",
]
