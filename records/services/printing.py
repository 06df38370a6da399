"""Reports that a patient prints at a machine of the hospital that made them (OP-12)."""

from collections.abc import Sequence
from datetime import timedelta

from cards.errors import StaticNotAllowed
from cards.rules.policy import Opens
from cards.selectors import person_of_number
from cards.verification import reference
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.gateway.caller import Caller, actor_of_caller
from records.errors import ReportNotFound
from records.models import Report
from records.printing import document_for
from records.rules import ReportState
from records.selectors.reports import ReportHead, heads, read_row, report_rows

PRINTABLE_FOR = timedelta(days=90)
MOST = 50


def printable_reports(*, text: str, caller: Caller) -> Sequence[ReportHead]:
    """The reports that the patient whose code was verified here lately may print here.

    Raises:
        StaticNotAllowed: The code never changes; it proves nobody's presence.
        NoScanSession, CodeUsed, ScanSessionOver and the other refusals of
            ``cards.verification.reference``.
    """
    return heads(_rows(text, caller)[:MOST], with_titles=True)


def print_report(*, text: str, report_id: str, caller: Caller) -> bytes:
    """The PDF of one of them.

    Raises:
        ReportNotFound: It is none of them.
        DocumentNotFound: The hospital sent no PDF, and there is no font to render one with.
        StaticNotAllowed and the other refusals of ``printable_reports``.
    """
    row = next((row for row in _rows(text, caller) if row.public_id == report_id), None)
    if row is None:
        raise ReportNotFound
    content = document_for(read_row(row))
    audit.record(Action.REPORT_PRINTED, actor=actor_of_caller(caller), subject=row)
    return content


def _rows(text: str, caller: Caller) -> list[Report]:
    scanned = reference(text, caller=caller)
    if scanned.opens is not Opens.PERSON:
        raise StaticNotAllowed(field="code")
    person_pk = person_of_number(scanned.card_id)
    if person_pk is None:
        return []
    rows = report_rows(person_pk).filter(
        institution__public_id=caller.institution, reported_at__gte=clock.now() - PRINTABLE_FOR
    )
    return list(rows.exclude(state=ReportState.WITHDRAWN).order_by("-reported_at"))
