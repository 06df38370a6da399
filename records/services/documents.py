"""The PDFs that hospitals make of their reports: fetched from them, or come with a message."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from records.errors import DocumentNotReadable, ReportNotFound
from records.models import ArrivedDocument, Document, ReportVersion

LARGEST_DOCUMENT = 10 * 1024 * 1024
_PDF = b"%PDF-"


def note_document_asked(*, report: str, version: int, pauses: Sequence[timedelta]) -> bool:
    """Write down that a hospital is asked for a PDF, before it is: what does not come goes behind the others.

    Args:
        pauses: Before it is asked for again; the last one repeats.

    Returns:
        Whether it is still to be asked for; of two workers one asks.
    """
    row = ReportVersion.objects.filter(report__public_id=report, number=version).first()
    if row is None:
        return False
    moment = clock.now()
    due = ReportVersion.objects.filter(Q(next_ask_at=None) | Q(next_ask_at__lte=moment), pk=row.pk)
    pause = pauses[min(row.asks, len(pauses) - 1)]
    return bool(due.update(asks=F("asks") + 1, next_ask_at=moment + pause))


@transaction.atomic
def keep_document(*, report: str, version: int, content: bytes, actor: Actor) -> bool:
    """Keep the PDF that the hospital made of a version.

    Args:
        report: Public id.

    Returns:
        Whether there was none yet; the first one stays.

    Raises:
        ReportNotFound: There is no such version.
        DocumentNotReadable: It is no PDF, or is too large.
    """
    _check(content)
    row = ReportVersion.objects.select_for_update().filter(report__public_id=report, number=version).first()
    if row is None:
        raise ReportNotFound
    if Document.objects.filter(version=row).exists():
        return False
    Document.objects.create(
        version=row, subject=row.subject, content=content, size=len(content), heard_at=clock.now()
    )
    audit.record(
        Action.REPORT_DOCUMENT_KEPT,
        actor=actor,
        subject=("records.Report", report),
        details={"version": version},
    )
    return True


def hold_document(*, institution: str, number: str, content: bytes) -> str:
    """Keep a PDF that came with a message about a report, until the report is applied.

    In the transaction that keeps the message. The same one again changes nothing.

    Args:
        institution: Public id of the hospital.
        number: The hospital's own number of the report.

    Returns:
        The digest by which the report names it.

    Raises:
        DocumentNotReadable: It is no PDF, or is too large.
    """
    _check(content)
    digest = gmcrypto.sm3(content).hex()
    row = ArrivedDocument(
        institution=institution,
        number=number,
        digest=digest,
        content=content,
        size=len(content),
        arrived_at=clock.now(),
    )
    ArrivedDocument.objects.bulk_create([row], ignore_conflicts=True)
    return digest


def attach_arrived(
    *, institution: str, number: str, digest: str, report: str, version: int, actor: Actor
) -> bool:
    """Give a version the PDF that came with it; whether there was one, and the version had none."""
    row = ArrivedDocument.objects.filter(institution=institution, number=number, digest=digest).first()
    if row is None:
        return False
    is_kept = keep_document(report=report, version=version, content=row.content, actor=actor)
    row.delete()
    return is_kept


def _check(content: bytes) -> None:
    if not content.startswith(_PDF) or len(content) > LARGEST_DOCUMENT:
        raise DocumentNotReadable(field="document")
