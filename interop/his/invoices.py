"""Electronic invoices as hospitals print them, fetched for those that lack their PDF."""

import structlog

from foundation.core.actor import Actor
from foundation.core.errors import DomainError
from interop.his import client
from interop.his.client import HospitalFailure
from interop.his.models import HospitalSystem
from interop.his.rules import DOCUMENT_PAUSES, MOST_DOCUMENTS
from payments.selectors.invoices import lacking_invoices
from payments.services.invoices import keep_invoice_document, note_document_asked

log = structlog.get_logger(__name__)

ACTOR = Actor.system("hospital")


def fetch_invoices(*, system: HospitalSystem) -> int:
    """Fetch what is lacking, what has waited longest first; returns how many came.

    What does not come is asked for ever more seldom, and holds up nothing that may.

    Raises:
        HospitalFailure: The hospital does not answer at all.
    """
    kept = 0
    for invoice, code, number in lacking_invoices(system.institution.public_id, most=MOST_DOCUMENTS):
        if not note_document_asked(invoice=invoice, pauses=DOCUMENT_PAUSES):
            continue
        try:
            content = client.invoice_document(system, code=code, number=number)
            kept += keep_invoice_document(invoice=invoice, content=content, actor=ACTOR)
        except HospitalFailure as exc:
            if not exc.is_final:
                raise
            log.warning("invoice_not_there", invoice=invoice, code=exc.code)
        except DomainError as exc:
            log.warning("invoice_refused", invoice=invoice, code=exc.code)
    return kept
