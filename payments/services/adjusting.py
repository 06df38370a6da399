"""Deciding about differences: proposed by one person, approved by another, carried out once.

What moves money is carried out in the transaction of the approval, through the same commands as
always. Only sending money back asks a channel: that is approved first, and done by a worker.
"""

from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction

from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from payments.errors import (
    ActNotOpen,
    BillNotFound,
    DifferenceSettled,
    PostingDecided,
    ProviderUnknown,
    SecondPersonNeeded,
    SuspenseSettled,
)
from payments.models import Bill, Difference, PaymentAttempt, Refund, WriteBack
from payments.models.posting import UNDECIDED, Cause
from payments.providers.base import RefundSaid
from payments.providers.errors import BalanceTooLow, ChannelError, ChannelRefused
from payments.reconciliation.rules import Act, DifferenceKind, DifferenceState, Party, Step, acts_for
from payments.rules import RefundReason, RefundState
from payments.services import claiming, posting, returning, settling
from payments.services.attempts import confirm_attempt
from payments.services.differences import MATCHING, note_step, record_difference
from payments.services.insuring.comparing import return_insured_parts
from payments.services.owing import owe_back
from payments.services.refunds import give_back

log = structlog.get_logger(__name__)

TRY_AGAIN = timedelta(minutes=5)
BATCH = 50
GIVEN_BACK = (RefundState.DUE, RefundState.SENT, RefundState.ABNORMAL)


def open_acts(*, row: Difference) -> list[Act]:
    """What may be proposed about a difference, the usual first.

    Where the amounts differ and nobody's money stands apart, it may be written off at the end of looking.
    """
    acts = acts_for(
        row.kind,
        row.item,
        has_suspense=row.suspense_id is not None,
        has_payment=any((row.attempt_id, row.refund_id, row.bill_id)),
        is_stuck=row.refund_id is not None and row.line_id is None and not row.by_files,
    )
    found: list[Act] = [act for act in acts if act is not Act.LOOK and _has_grounds(row, act)]
    if not _is_even(row) and row.suspense_id is None:
        found.append(Act.WRITE_OFF)
    return found


def _has_grounds(row: Difference, act: Act) -> bool:
    """What a channel told of a refund by itself is recorded from its statement, once that is there."""
    return act is not Act.RECORD_REFUND or row.party != Party.CHANNEL or row.line_id is not None


def can_dismiss(*, row: Difference) -> bool:
    """Whether one person may close it without anything done."""
    return _is_even(row) or (row.suspense is not None and row.suspense.ended_at is not None)


def _is_even(row: Difference) -> bool:
    """Whether no amount differs: the day alone, or a line that stands twice."""
    return row.kind == DifferenceKind.DATE or (
        row.kind == DifferenceKind.DUPLICATE and row.suspense_id is None
    )


@transaction.atomic
def propose(*, difference: str, act: Act, reason: str, bill: str = "", actor: Actor) -> None:
    """Propose what is to be done about a difference.

    Args:
        bill: The number of the bill that money in suspense is to be allocated to.

    Raises:
        NotFound: It is none of the actor's.
        DifferenceSettled: Somebody has decided, or it has healed.
        ActNotOpen: That cannot be done about it.
        BillNotFound: The institution has no such bill.
    """
    require(actor, Duty.RECONCILE)
    row = _held(difference, actor)
    if act not in open_acts(row=row):
        raise ActNotOpen(field="act")
    target = None
    if act is Act.ALLOCATE:
        require(actor, Duty.CLEAR_SUSPENSE)
        target = Bill.objects.filter(institution=row.institution_id, number=bill).first()
        if target is None:
            raise BillNotFound(field="bill")
    moved = Difference.objects.filter(pk=row.pk, state=DifferenceState.OPEN).update(
        state=DifferenceState.PROPOSED, act=act, target=target, proposed_by=actor.id
    )
    if not moved:
        raise DifferenceSettled
    row.act = act
    note_step(difference=row, kind=Step.PROPOSED, act=act, reason=reason, actor=actor)
    record_difference(action=Action.DIFFERENCE_PROPOSED, row=row, actor=actor, reason=reason)


@transaction.atomic
def refuse(*, difference: str, reason: str, actor: Actor) -> None:
    """Send a proposal back; whoever proposed it may take it back so.

    Raises:
        NotFound, DifferenceSettled: It is none of the actor's, or was decided.
    """
    require(actor, Duty.RECONCILE)
    row = _held(difference, actor)
    moved = Difference.objects.filter(pk=row.pk, state=DifferenceState.PROPOSED).update(
        state=DifferenceState.OPEN, target=None, proposed_by=""
    )
    if not moved:
        raise DifferenceSettled
    note_step(difference=row, kind=Step.REFUSED, act=row.act, reason=reason, actor=actor)
    record_difference(action=Action.DIFFERENCE_REFUSED, row=row, actor=actor, reason=reason)


@transaction.atomic
def approve(*, difference: str, reason: str, actor: Actor) -> None:
    """Approve what somebody else proposed, and carry it out.

    Raises:
        NotFound, DifferenceSettled: It is none of the actor's, or was decided.
        SecondPersonNeeded: The actor proposed it.
        DomainError: What was proposed cannot be done any more, as its command says.
    """
    require(actor, Duty.APPROVE_ADJUSTMENTS)
    row = _held(difference, actor)
    try:
        with transaction.atomic():
            moved = Difference.objects.filter(pk=row.pk, state=DifferenceState.PROPOSED).update(
                state=DifferenceState.APPROVED, approved_by=actor.id, approved_at=clock.now()
            )
    except IntegrityError as exc:
        raise SecondPersonNeeded from exc
    if not moved:
        raise DifferenceSettled
    note_step(difference=row, kind=Step.APPROVED, act=row.act, reason=reason, actor=actor)
    record_difference(action=Action.DIFFERENCE_APPROVED, row=row, actor=actor, reason=reason)
    if row.act == Act.RETURN and row.suspense is not None:
        claiming.mark_sent(suspense=row.suspense, actor=actor)
        Difference.objects.filter(pk=row.pk).update(next_try_at=clock.now())
        return
    _carry_out(row, actor)
    _done(row, actor)


@transaction.atomic
def dismiss(*, difference: str, reason: str, actor: Actor) -> None:
    """Close a difference in which no amount differs, with the reason; what differs two people write off.

    Raises:
        NotFound, DifferenceSettled: It is none of the actor's, or was decided.
        ActNotOpen: Amounts differ, or money in suspense is behind it, which is somebody's.
    """
    require(actor, Duty.RECONCILE)
    row = _held(difference, actor)
    if not can_dismiss(row=row):
        raise ActNotOpen
    moved = Difference.objects.filter(pk=row.pk, state=DifferenceState.OPEN).update(
        state=DifferenceState.DISMISSED, ended_at=clock.now()
    )
    if not moved:
        raise DifferenceSettled
    note_step(difference=row, kind=Step.DISMISSED, reason=reason, actor=actor)
    record_difference(action=Action.DIFFERENCE_DISMISSED, row=row, actor=actor, reason=reason)


def due_returns() -> list[str]:
    """Approved returns that a channel is to be asked about now, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            Difference.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=DifferenceState.APPROVED, next_try_at__lte=moment)
            .order_by("next_try_at")[:BATCH]
        )
        Difference.objects.filter(pk__in=[row.pk for row in rows]).update(next_try_at=moment + TRY_AGAIN)
    return [row.public_id for row in rows]


def carry_out_return(*, difference: str, actor: Actor) -> None:
    """Send money in suspense back, as two people decided; asking again is safe."""
    rows = Difference.objects.select_related("institution", "suspense__channel__institution")
    row = rows.filter(public_id=difference, state=DifferenceState.APPROVED).first()
    if row is None or row.suspense is None:
        return
    try:
        said = claiming.ask_to_return(suspense=row.suspense.public_id)
    except BalanceTooLow:
        log.warning("suspense_return_waits_for_balance", difference=row.public_id)
    except (ChannelRefused, ProviderUnknown) as exc:
        _failed(row, exc.code, actor)
    except ChannelError as exc:
        log.info("suspense_return_not_answered", code=exc.code)
    except SuspenseSettled:
        with transaction.atomic():
            _done(row, actor)
    else:
        if said.state is RefundSaid.DONE and said.amount_fen == row.suspense.amount_fen:
            with transaction.atomic():
                claiming.note_returned(suspense=row.suspense, actor=actor)
                _done(row, actor)
        elif said.state is not RefundSaid.PROCESSING:
            is_over = said.state is RefundSaid.CLOSED
            _failed(row, said.reason or said.state.value, actor, is_over=is_over)


@transaction.atomic
def _failed(row: Difference, code: str, actor: Actor, *, is_over: bool = True) -> None:
    """What the channel refused is open again; what got stuck there can only be returned, not allocated."""
    if row.suspense is not None and is_over:
        claiming.take_up_again(suspense=row.suspense, actor=actor)
    Difference.objects.filter(pk=row.pk, state=DifferenceState.APPROVED).update(
        state=DifferenceState.OPEN, proposed_by="", approved_by="", approved_at=None, next_try_at=None
    )
    note_step(difference=row, kind=Step.FAILED, act=row.act, reason=code, actor=actor)


def _held(difference: str, actor: Actor) -> Difference:
    rows = institutions.scope(
        Difference.objects.select_related(
            "institution",
            "line",
            "bill",
            "target",
            "attempt__bill",
            "refund",
            "suspense__channel__institution",
        ),
        actor,
    )
    row = rows.select_for_update(of=("self",), no_key=True).filter(public_id=difference).first()
    if row is None:
        raise NotFound
    return row


def _carry_out(row: Difference, actor: Actor) -> None:
    act = Act(row.act)
    if act is Act.CONFIRM and row.attempt is not None and row.line is not None:
        confirm_attempt(
            attempt=row.attempt.public_id,
            captured_fen=row.line.amount_fen,
            channel_ref=row.line.channel_ref,
            actor=actor,
        )
    elif act is Act.ALLOCATE and row.suspense is not None and row.target is not None:
        claiming.allocate(suspense=row.suspense, bill=row.target, actor=actor)
    elif act is Act.OPEN_REFUND and row.kind == DifferenceKind.HIS_MISSING and row.bill is not None:
        _give_back_unposted(row, row.bill, actor)
    elif act is Act.OPEN_REFUND and row.bill is not None:
        amount = row.theirs_fen if row.line is not None else None
        reference = row.line.refund_ref if row.line is not None else ""
        owe_back(
            bill=row.bill,
            amount_fen=amount,
            reason=RefundReason.HOSPITAL,
            hospital_ref=reference,
            actor=actor,
        )
    elif act is Act.RECORD_REFUND and row.party == Party.INSURANCE:
        return_insured_parts(difference=row, actor=actor)
    elif act is Act.RECORD_REFUND and row.line is not None:
        _record_refund(row, actor)
    elif act is Act.SEND_AGAIN and row.refund is not None:
        _send_again(row.refund)
    elif act not in (Act.BOOK_FEE, Act.WRITE_OFF):
        raise InvalidInput(field="act")


def _give_back_unposted(row: Difference, bill: Bill, actor: Actor) -> None:
    """All goes back of what the hospital has not posted, unless it has posted it meanwhile.

    A statement of the hospital's own that lacks the bill stands against what its system said before.
    """
    known = WriteBack.objects.filter(bill=bill).first()
    if known is not None and posting.give_back(
        known=known, bill=bill, cause=Cause.STAFF, states=UNDECIDED, actor=actor
    ):
        return
    if known is not None and not row.by_files:
        raise PostingDecided
    owe_back(bill=bill, amount_fen=None, reason=RefundReason.HOSPITAL, actor=actor)


def _record_refund(row: Difference, actor: Actor) -> None:
    """The channel gave money back: ours is noted as given back, or one is opened that stands for it."""
    refund, line = row.refund, row.line
    of = refund or row.attempt
    if line is None or of is None:
        raise InvalidInput(field="act")
    settling.hold_of_bill(of.bill)
    if refund is None:
        [opened] = owe_back(
            bill=of.bill,
            amount_fen=line.amount_fen,
            reason=RefundReason.STAFF,
            actor=actor,
            only=PaymentAttempt.objects.select_related("bill__institution", "leg").filter(pk=of.pk),
        )
        refund = Refund.objects.get(public_id=opened)
    held = Refund.objects.select_related("bill__institution", "attempt__bill", "attempt__leg").get(
        pk=refund.pk
    )
    if held.amount_fen != line.amount_fen:
        raise ActNotOpen(field="act")
    give_back(held, GIVEN_BACK, channel_ref=line.refund_ref, actor=actor)


def _send_again(refund: Refund) -> None:
    """A refund that failed is asked for again; of one under way the channel is asked how far it is."""
    if refund.state == RefundState.ABNORMAL:
        returning.send_again(refund=refund.public_id, reason="对账处理", actor=MATCHING)
    else:
        Refund.objects.filter(pk=refund.pk, state=RefundState.SENT).update(next_try_at=clock.now())


def _done(row: Difference, actor: Actor) -> None:
    moved = Difference.objects.filter(pk=row.pk, state=DifferenceState.APPROVED).update(
        state=DifferenceState.DONE, ended_at=clock.now(), next_try_at=None
    )
    if moved:
        note_step(difference=row, kind=Step.DONE, act=row.act, actor=actor)
        record_difference(action=Action.DIFFERENCE_DONE, row=row, actor=actor)
