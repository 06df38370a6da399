"""Sending what waits, in batches, until each record has its receipt or its end.

A batch is claimed with a lease, sent with no transaction open, and settled by what the receipt
says. If nobody knows whether it arrived it is sent again: the upper centre keeps a record once
however often it comes.
"""

from collections.abc import Sequence

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from cards.models.upward import ReportKind, ReportState, UpwardRecord
from cards.providers.base import Receipt, UpwardError
from cards.upward import content
from cards.upward.collecting import provider
from cards.upward.rules import LEASE, MOST_ATTEMPTS, pause_after
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import StalePage
from foundation.core.ids import new_public_id
from institutions.rules import Duty
from institutions.services import require

log = structlog.get_logger(__name__)

BATCH = 200
FINAL = (ReportState.ACCEPTED, ReportState.REFUSED, ReportState.STUCK)


def send_waiting(*, most_batches: int = 20) -> int:
    """Send what is due, kind by kind, until nothing is left or the link fails.

    Returns:
        How many records were acknowledged.
    """
    if not provider().is_connected():
        return 0
    sent = 0
    for kind in ReportKind:
        for _ in range(most_batches):
            batch_id, rows = _claim(kind)
            if not rows:
                break
            accepted = _send(batch_id, kind, rows)
            if accepted is None:
                return sent
            sent += accepted
    return sent


def _claim(kind: ReportKind) -> tuple[str, list[UpwardRecord]]:
    batch_id, moment = new_public_id(), clock.now()
    with transaction.atomic():
        due = (
            UpwardRecord.objects.select_for_update(skip_locked=True)
            .filter(kind=kind, state__in=(ReportState.WAITING, ReportState.SENDING), next_at__lte=moment)
            .order_by("next_at", "id")
            .values_list("pk", flat=True)[:BATCH]
        )
        rows = UpwardRecord.objects.filter(pk__in=list(due))
        rows.update(
            state=ReportState.SENDING,
            batch=batch_id,
            next_at=moment + LEASE,
            attempts=F("attempts") + 1,
        )
    return batch_id, list(UpwardRecord.objects.filter(batch=batch_id).order_by("pk"))


def _send(batch_id: str, kind: ReportKind, rows: Sequence[UpwardRecord]) -> int | None:
    found = content.contents(rows)
    gone = {row.record_id for row in rows} - set(found)
    _mine(batch_id).filter(record_id__in=gone).update(
        state=ReportState.REFUSED, reason=content.GONE, settled_at=clock.now()
    )
    if not found:
        return 0
    try:
        receipt = provider().send(batch_id=batch_id, kind=kind, records=list(found.values()))
    except UpwardError as exc:
        log.warning("upward_not_sent", kind=str(kind), count=len(found), error=exc.code)
        _put_off(batch_id, rows, exc.code)
        return None
    return _settle(batch_id, receipt)


def _settle(batch_id: str, receipt: Receipt) -> int:
    moment = clock.now()
    for record_id, code in receipt.refused.items():
        _mine(batch_id).filter(record_id=record_id).update(
            state=ReportState.REFUSED, reason=code[:40], receipt=receipt.reference[:64], settled_at=moment
        )
    return _mine(batch_id).update(
        state=ReportState.ACCEPTED, reason="", receipt=receipt.reference[:64], settled_at=moment
    )


def _put_off(batch_id: str, rows: Sequence[UpwardRecord], code: str) -> None:
    moment = clock.now()
    for attempts in {row.attempts for row in rows}:
        alike = _mine(batch_id).filter(attempts=attempts)
        if attempts >= MOST_ATTEMPTS:
            alike.update(state=ReportState.STUCK, reason=code[:40], settled_at=moment)
        else:
            alike.update(state=ReportState.WAITING, reason=code[:40], next_at=moment + pause_after(attempts))


def _mine(batch_id: str) -> "QuerySet[UpwardRecord]":
    """The batch, unless another worker took it over after the lease."""
    return UpwardRecord.objects.filter(batch=batch_id, state=ReportState.SENDING)


@transaction.atomic
def send_again(*, record: str, actor: Actor, reason: str) -> None:
    """Report a record once more that was refused or got stuck.

    Raises:
        PermissionRefused: The actor has not the duty.
        StalePage: It is under way, or was accepted meanwhile.
    """
    require(actor, Duty.MANAGE_NODES)
    row = UpwardRecord.objects.filter(public_id=record).first()
    moved = row is not None and UpwardRecord.objects.filter(
        pk=row.pk, state__in=(ReportState.REFUSED, ReportState.STUCK)
    ).update(state=ReportState.WAITING, attempts=0, next_at=clock.now(), settled_at=None)
    if not moved:
        raise StalePage
    audit.record(Action.UPWARD_SENT_AGAIN, actor=actor, subject=row, reason=reason, details={"count": 1})


def visible_records(actor: Actor) -> "QuerySet[UpwardRecord]":
    """The reports that staff may see: the centre all, nobody else any."""
    rows = UpwardRecord.objects.all()
    return rows if actor.is_centre else rows.none()
