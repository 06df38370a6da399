"""Many bills given back together: a result for each, and a run that goes on after a crash.

Each row is one transaction, in which its bill is ended and its result written: a run that is begun again
finds done what is done, and a row that goes wrong, in whatever way, holds up no other. The money itself goes
back as with any refund, and the row shows how far it is.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models import Q

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import DomainError, NotFound
from foundation.gateway.errors import InternalError
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from payments.errors import BulkEmpty
from payments.models import Bill, BulkRefund, BulkRefundRow, BulkState, Refund, RowState
from payments.rules import BillState, RefundReason
from payments.services import balances
from payments.services.bills import cancel_bill
from payments.services.owing import owe_back

log = structlog.get_logger(__name__)

LARGEST = 2_000
# What is longer is the number of no bill, and is shown as far as it fits.
LONGEST_NUMBER = 32
LEASE = timedelta(minutes=5)
# How long one task works on a run: well within what a task may take. The next one goes on.
WORKED = timedelta(seconds=60)


@transaction.atomic
def start_bulk_refund(
    *, institution: str, numbers: Sequence[str], reason: RefundReason, note: str, actor: Actor
) -> str:
    """Write down which bills are to be given back; a worker does it.

    Args:
        numbers: Of bills of the institution; one that stands twice is one.

    Returns:
        The public id of the run.

    Raises:
        BulkEmpty: There are none, or more than fit.
        NotFound: The institution is none of the actor's.
    """
    require(actor, Duty.REFUND)
    wanted = list(dict.fromkeys(number[:LONGEST_NUMBER] for number in numbers if number))
    if not 0 < len(wanted) <= LARGEST:
        raise BulkEmpty(field="numbers")
    place = institutions.visible(actor).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    bulk = BulkRefund.objects.create(
        institution=place,
        reason=reason,
        note=note,
        asked_by=actor.id if actor.kind is ActorKind.STAFF else "",
        run_until=clock.now(),
        created_at=clock.now(),
    )
    known = dict(Bill.objects.filter(institution=place, number__in=wanted).values_list("number", "pk"))
    BulkRefundRow.objects.bulk_create(
        BulkRefundRow(bulk=bulk, place=position, number=number, bill_id=known.get(number))
        for position, number in enumerate(wanted, 1)
    )
    _record(Action.BULK_REFUND_ASKED, bulk, actor, count=len(wanted), reason=note)
    return bulk.public_id


def run_bulk_refund(*, bulk: str) -> int:
    """Work through the rows that wait, for a while; how many were done. One worker at a time has a run.

    What is left is due at once (``due_bulk_refunds``).
    """
    begun = moment = clock.now()
    mine = BulkRefund.objects.filter(public_id=bulk, state=BulkState.RUNNING)
    if not mine.filter(Q(run_until=None) | Q(run_until__lte=moment)).update(run_until=moment + LEASE):
        return 0
    run = mine.select_related("institution").get()
    actor = Actor.system("bulk-refund")
    done = 0
    waiting = BulkRefundRow.objects.filter(bulk=run, state=RowState.WAITING)
    for row_pk in list(waiting.order_by("place").values_list("pk", flat=True)):
        done += _run_row(row_pk, run, actor)
        moment = clock.now()
        if moment > begun + WORKED:
            mine.update(run_until=moment)
            break
    _end(run, actor)
    return done


def due_bulk_refunds() -> list[str]:
    """Runs whose worker is gone, or that never had one."""
    rows = BulkRefund.objects.filter(state=BulkState.RUNNING, run_until__lte=clock.now())
    return list(rows.order_by("run_until").values_list("public_id", flat=True)[:20])


@transaction.atomic
def retry_bulk_refund(*, bulk: str, reason: str, actor: Actor) -> None:
    """Let the rows that failed be tried again.

    Raises:
        BulkEmpty: None failed.
    """
    require(actor, Duty.REFUND)
    run = institutions.scope(BulkRefund.objects.all(), actor).filter(public_id=bulk).first()
    if run is None:
        raise NotFound
    failed = BulkRefundRow.objects.filter(bulk=run, state=RowState.FAILED)
    count = failed.update(state=RowState.WAITING, failure="", done_at=None)
    if not count:
        raise BulkEmpty
    BulkRefund.objects.filter(pk=run.pk).update(state=BulkState.RUNNING, ended_at=None, run_until=clock.now())
    _record(Action.BULK_REFUND_RETRIED, run, actor, count=count, reason=reason)


def _run_row(row_pk: int, run: BulkRefund, actor: Actor) -> bool:
    try:
        with transaction.atomic():
            return _apply(row_pk, RefundReason(run.reason), actor)
    except DomainError as exc:
        log.warning("bulk_row_failed", bulk=run.public_id, code=exc.code)
        return _failed(row_pk, exc.code)
    except SoftTimeLimitExceeded:
        raise  # of the task, not of the row
    except Exception:
        if not connection.is_usable():
            raise  # the database is away, for every row: they wait, and another worker goes on
        log.exception("bulk_row_broken", bulk=run.public_id, row=row_pk)
        return _failed(row_pk, InternalError.code)


def _failed(row_pk: int, code: str) -> bool:
    """Write down, by itself, that nothing came of a row; staff let it be tried again."""
    BulkRefundRow.objects.filter(pk=row_pk, state=RowState.WAITING).update(
        state=RowState.FAILED, failure=code[:60], done_at=clock.now()
    )
    return True


def _apply(row_pk: int, reason: RefundReason, actor: Actor) -> bool:
    """End one bill and write down what that was; another worker that is at it is passed by."""
    held = BulkRefundRow.objects.select_for_update(of=("self",), skip_locked=True).filter(
        pk=row_pk, state=RowState.WAITING
    )
    row = held.first()
    if row is None:
        return False
    state, refunds, amount = (
        _end_bill(row.bill_id, reason, actor) if row.bill_id is not None else (RowState.UNKNOWN, [], 0)
    )
    BulkRefundRow.objects.filter(pk=row.pk).update(
        state=state, refunds=refunds, amount_fen=amount, done_at=clock.now()
    )
    return True


def _end_bill(bill_pk: int, reason: RefundReason, actor: Actor) -> tuple[RowState, list[str], int]:
    # Who pays holds the bill too: it is either paid by now, or not paid any more.
    rows = Bill.objects.select_for_update(no_key=True, of=("self",)).select_related("institution")
    bill = rows.get(pk=bill_pk)
    if bill.state == BillState.OPEN:
        cancel_bill(bill=bill.public_id, reason=reason, actor=actor)
        return RowState.CANCELLED, [], 0
    balances.hold_of_bills(bills=[bill.pk])
    refunds = owe_back(bill=bill, amount_fen=None, reason=reason, actor=actor)
    amount = sum(Refund.objects.filter(public_id__in=refunds).values_list("amount_fen", flat=True))
    return (RowState.REFUNDED if refunds else RowState.NOTHING), refunds, amount


def _end(run: BulkRefund, actor: Actor) -> None:
    if BulkRefundRow.objects.filter(bulk=run, state=RowState.WAITING).exists():
        return
    with transaction.atomic():
        ended = BulkRefund.objects.filter(pk=run.pk, state=BulkState.RUNNING).update(
            state=BulkState.DONE, ended_at=clock.now(), run_until=None
        )
        if ended:
            _record(Action.BULK_REFUND_DONE, run, actor, count=run.rows.count())


def _record(action: Action, run: BulkRefund, actor: Actor, *, count: int, reason: str = "") -> None:
    audit.record(
        action,
        actor=actor,
        subject=run,
        institution=run.institution.public_id,
        reason=reason,
        details={"count": count, "purpose": run.reason},
    )
