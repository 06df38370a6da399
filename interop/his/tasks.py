"""Background work towards hospitals' systems."""

import structlog
from celery import shared_task

from foundation.core import clock
from interop.his import selectors
from interop.his.models import Offer
from payments.services.posting import due_write_backs

log = structlog.get_logger(__name__)


@shared_task(name="interop.pull_events")
def pull_events(institution: str, aggregate: str, after: int) -> int:
    """Ask a hospital for events that are missing here."""
    from interop.his import client, pulling

    try:
        return pulling.pull_events(institution=institution, aggregate=aggregate, after=after)
    except client.HospitalFailure as exc:
        # The feed brings them, or the order goes on without them.
        log.warning("pull_failed", institution=institution, code=exc.code)
        return 0


@shared_task(name="interop.fetch_documents")
def fetch_documents(institution: str) -> int:
    """Ask a hospital for the documents of reports that lack theirs."""
    from interop.his import client, documents

    system = selectors.system_of(institution, Offer.DOCUMENTS)
    if system is None:
        return 0
    try:
        return documents.fetch_documents(system=system)
    except client.HospitalFailure as exc:
        # The next round of questions fetches them.
        log.warning("pull_failed", institution=institution, code=exc.code)
        return 0


@shared_task(name="interop.fetch_invoices")
def fetch_invoices(institution: str) -> int:
    """Ask a hospital for the documents of electronic invoices that lack theirs."""
    from interop.his import client, invoices

    system = selectors.system_of(institution, Offer.DOCUMENTS)
    if system is None:
        return 0
    try:
        return invoices.fetch_invoices(system=system)
    except client.HospitalFailure as exc:
        # The next round of questions fetches them.
        log.warning("pull_failed", institution=institution, code=exc.code)
        return 0


@shared_task(name="interop.pull_system")
def pull_system(public_id: str) -> bool:
    """Ask one hospital what it did not push."""
    from interop.his import pulling

    return pulling.pull_system(system=public_id)


@shared_task(name="interop.ask_patient_number")
def ask_patient_number(public_id: str) -> bool:
    """Ask a hospital for its number of a person."""
    from interop.his import patients

    return patients.work(record=public_id)


@shared_task(name="interop.write_back")
def write_back(public_id: str) -> None:
    """Ask one hospital whether it posts what was paid for its bill."""
    from interop.his import posting

    posting.work(write_back=public_id)


@shared_task(name="interop.sweep_write_backs")
def sweep_write_backs() -> int:
    """Have hospitals asked about everything that is paid and not posted."""
    found = due_write_backs()
    for public_id in found:
        write_back.delay(public_id)
    return len(found)


@shared_task(name="interop.sweep_hospitals")
def sweep_hospitals() -> int:
    """Have every hospital asked whose time has come, and every question that is open."""
    from interop.his import joining

    joining.join_sandbox()
    moment = clock.now()
    systems, records = selectors.due_systems(moment), selectors.due_records(moment)
    for public_id in systems:
        pull_system.delay(public_id)
    for public_id in records:
        ask_patient_number.delay(public_id)
    return len(systems) + len(records)
