"""How long this room's rows are kept, as ``docs/retention.md`` says.

Particulars go first, by their keys; the rows, which then hold nothing of anybody, follow later.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from cards.batch.states import BatchState, RowState
from cards.models import (
    Batch,
    BatchRow,
    CardApplication,
    CardBinding,
    CodeMint,
    CodePrint,
    Confirmation,
    CrossUse,
    KioskSession,
    LinkedCertificate,
    OneTimeCode,
    PackedCard,
    PhysicalActivation,
    PhysicalCard,
    PreRegistration,
    ReviewResult,
    ScanRequest,
    UpwardDay,
    UpwardRecord,
    VisitSlip,
)
from cards.models.upward import ReportState
from cards.states import (
    LIVE_CERTIFICATES,
    OPEN_ACTIVATIONS,
    OVER_STATES,
    ApplicationState,
    CardState,
    PhysicalState,
)
from foundation.audit.retention import Term
from gmcrypto import subject_keys
from gmcrypto.fields import emptied_indexes
from identity import selectors as identity

_YEAR = timedelta(days=365)
_ENDED_LISTS = (BatchState.DONE, BatchState.CANCELLED)


def _applications() -> "QuerySet[CardApplication]":
    """Without those on which a guardian's live holding rests."""
    return CardApplication.objects.filter(
        ~Exists(identity.live_evidence().filter(evidence_id=OuterRef("public_id"))),
        ~Exists(PreRegistration.objects.filter(application=OuterRef("pk"))),
        shredded_at__isnull=False,
    )


def _lists(**lines: Any) -> "QuerySet[Batch]":
    """Lists that ended, and have such lines."""
    return Batch.objects.filter(
        Exists(BatchRow.objects.filter(batch=OuterRef("pk"), **lines)), state__in=_ENDED_LISTS
    )


def _lists_worked_off() -> "QuerySet[Batch]":
    """Lists with particulars, and nobody left on the work list of a counter."""
    unnamed = BatchRow.objects.filter(batch=OuterRef("pk"), state=RowState.UNNAMED)
    return _lists(content__isnull=False).filter(~Exists(unnamed))


def _shred(rows: "QuerySet[Any]", **changes: Any) -> None:
    subjects = list(rows.values_list("public_id", flat=True))
    rows.update(**changes)
    subject_keys.destroy_subject_keys(subjects)


def _shred_answers(rows: "QuerySet[Any]", moment: datetime) -> None:
    _shred(rows, shredded_at=moment)


def _give_up(rows: "QuerySet[Any]", moment: datetime) -> None:
    _shred(rows, state=ApplicationState.WITHDRAWN, decided_at=moment, shredded_at=moment, updated_at=moment)


def _shred_physical_cards(rows: "QuerySet[Any]", moment: datetime) -> None:
    _shred(rows, shredded_at=moment)


def _shred_pre_registrations(rows: "QuerySet[Any]", moment: datetime) -> None:
    _shred(rows, particulars=None)


def _shred_lists(rows: "QuerySet[Any]", moment: datetime) -> None:
    lines = BatchRow.objects.filter(batch__in=list(rows.values_list("pk", flat=True)), content__isnull=False)
    subjects = list(lines.order_by().values_list("subject", flat=True).distinct())
    lines.update(content=None, **emptied_indexes(BatchRow))
    subject_keys.destroy_subject_keys(subjects)


def _delete_applications(rows: "QuerySet[Any]", moment: datetime) -> None:
    ReviewResult.objects.filter(application__in=list(rows.values_list("pk", flat=True))).delete()
    rows.delete()


def _delete_slips(rows: "QuerySet[Any]", moment: datetime) -> None:
    subjects = list(rows.values_list("public_id", flat=True))
    rows.delete()
    subject_keys.destroy_subject_keys(subjects)


TERMS = (
    Term(
        kind="drafts",
        rows=CardApplication.objects.filter(state=ApplicationState.DRAFT),
        since="updated_at",
        period=timedelta(days=90),
        end=_give_up,
    ),
    Term(
        kind="answers",
        rows=CardApplication.objects.filter(shredded_at=None),
        since="decided_at",
        period=timedelta(days=90),
        end=_shred_answers,
    ),
    Term(
        kind="pre_registration_particulars",
        rows=PreRegistration.objects.filter(particulars__isnull=False),
        since="expires_at",
        period=timedelta(days=30),
        end=_shred_pre_registrations,
    ),
    Term(
        kind="pre_registrations",
        rows=PreRegistration.objects.filter(particulars__isnull=True),
        since="expires_at",
        period=_YEAR,
    ),
    # After the pre-registrations, which point at them.
    Term(
        kind="applications",
        rows=_applications(),
        since="decided_at",
        period=5 * _YEAR,
        end=_delete_applications,
    ),
    Term(
        kind="certificates",
        rows=LinkedCertificate.objects.exclude(state__in=LIVE_CERTIFICATES),
        since="ended_at",
        period=_YEAR,
    ),
    Term(
        kind="confirmations",
        rows=Confirmation.objects.all(),
        since="expires_at",
        period=5 * _YEAR,
    ),
    Term(
        kind="physical_cards",
        rows=PhysicalCard.objects.filter(shredded_at=None).exclude(state=PhysicalState.REGISTERED),
        since="updated_at",
        period=_YEAR,
        end=_shred_physical_cards,
    ),
    Term(
        kind="activations",
        rows=PhysicalActivation.objects.exclude(state__in=OPEN_ACTIVATIONS),
        since="updated_at",
        period=_YEAR,
    ),
    Term(
        kind="kiosk_sessions",
        rows=KioskSession.objects.filter(state__in=OVER_STATES),
        since="updated_at",
        period=_YEAR,
    ),
    Term(
        kind="list_particulars",
        rows=_lists_worked_off(),
        since="finished_at",
        period=timedelta(days=90),
        end=_shred_lists,
        chunk=20,
    ),
    # Whoever is still on the work list after so long does not come any more.
    Term(
        kind="list_particulars_left",
        rows=_lists(content__isnull=False),
        since="finished_at",
        period=5 * _YEAR,
        end=_shred_lists,
        chunk=20,
    ),
    Term(
        kind="list_lines",
        rows=BatchRow.objects.filter(batch__state__in=_ENDED_LISTS, content__isnull=True),
        since="batch__finished_at",
        period=5 * _YEAR,
    ),
    Term(
        kind="lists",
        rows=Batch.objects.filter(
            ~Exists(BatchRow.objects.filter(batch=OuterRef("pk"))), state__in=_ENDED_LISTS
        ),
        since="finished_at",
        period=5 * _YEAR,
    ),
    Term(kind="code_prints", rows=CodePrint.objects.all(), since="at", period=3 * _YEAR),
    Term(kind="code_mints", rows=CodeMint.objects.all(), since="at", period=3 * _YEAR),
    Term(
        kind="one_time_codes",
        rows=OneTimeCode.objects.all(),
        since="expires_at",
        period=timedelta(days=90),
    ),
    Term(
        kind="scan_requests",
        rows=ScanRequest.objects.all(),
        since="expires_at",
        period=timedelta(days=90),
    ),
    # A slip says itself until when its printed code works.
    Term(
        kind="visit_slips",
        rows=VisitSlip.objects.all(),
        since="expires_at",
        period=timedelta(),
        end=_delete_slips,
    ),
    Term(
        kind="packed_cards",
        rows=PackedCard.objects.all(),
        since="account__closed_at",
        period=timedelta(),
    ),
    Term(
        kind="bindings",
        rows=CardBinding.objects.filter(card__state=CardState.CANCELLED),
        since="card__state_changed_at",
        period=5 * _YEAR,
    ),
    Term(kind="cross_uses", rows=CrossUse.objects.all(), since="asked_at", period=3 * _YEAR),
    Term(
        kind="upward_records",
        rows=UpwardRecord.objects.exclude(state__in=(ReportState.WAITING, ReportState.SENDING)),
        since="settled_at",
        period=_YEAR,
    ),
    Term(kind="upward_days", rows=UpwardDay.objects.all(), since="checked_at", period=_YEAR),
)
