"""Reports as hospitals print them, fetched for the versions that lack their PDF."""

import structlog

from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from interop.his import client
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem
from interop.his.rules import DOCUMENT_PAUSES, MOST_DOCUMENTS
from records.selectors.reports import lacking_documents, lacks_document
from records.services.documents import keep_document, note_document_asked

log = structlog.get_logger(__name__)

ACTOR = Actor.system("hospital")


def fetch_documents(*, system: HospitalSystem) -> int:
    """Fetch what is lacking, what has waited longest first; returns how many came.

    What does not come is asked for ever more seldom, and holds up nothing that may.

    Raises:
        HospitalFailure: The hospital does not answer at all.
    """
    kept = 0
    institution = system.institution.public_id
    for report, number, version in lacking_documents(institution, most=MOST_DOCUMENTS):
        if not note_document_asked(report=report, version=version, pauses=DOCUMENT_PAUSES):
            continue
        try:
            content = client.report_document(system, report_no=number)
            # A report that was amended meanwhile has another document, which is not this version's.
            if lacks_document(report=report, version=version):
                kept += keep_document(report=report, version=version, content=content, actor=ACTOR)
        except HospitalFailure as exc:
            if not exc.is_final:
                raise
            log.warning("document_not_there", report=report, code=exc.code)
        except DomainError as exc:
            log.warning("document_refused", report=report, code=exc.code)
    return kept
