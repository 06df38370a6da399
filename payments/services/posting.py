"""Whether the hospital posts what was paid for its bill: confirmed, or all of it goes back.

A hospital that does not answer may have posted. It is asked what it knows before its time is over;
then one compare-and-set decides between its confirmation and the way back. What it says after that
opens a difference for staff: nothing is undone twice, and nothing is lost.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from payments.errors import BillNotPaid, BillOfPlatform, BillPosted, PostedAmountWrong
from payments.events import BillReturned, PostingAwaited
from payments.models import Bill, PaymentAttempt, PostingRule, Settlement, WriteBack, WriteBackState
from payments.models.posting import UNDECIDED, Cause
from payments.providers.cash import TILL
from payments.rules import AttemptState, BillState, RefundReason, SettlementState
from payments.scope import bill_for, facts
from payments.services.bills import note_receipt
from payments.services.owing import owe_back

HOSPITALS = Actor.system("hospital-posting")
BATCH = 100
# Between two questions; the last is repeated until the time is over.
ASK_AFTER = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 30, 60, 60, 120, 300, 600))
# Whoever heard of the payment asks at once; the clock only where that was lost.
FIRST_ASK = timedelta(seconds=10)
# A question under way is not asked by a second worker within this time.
LEASE = timedelta(seconds=40)
# How often a hospital is told that the money went back, until it says that it holds nothing.
MOST_TOLD = 20


class Heard(Enum):
    """What became of a hospital's word."""

    POSTED = auto()
    RETURNED = auto()
    TOO_LATE = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what was paid."""

    kind: str
    provider: str
    amount_fen: int
    channel_ref: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a hospital is asked about.

    Attributes:
        write_back: Public id; the key under which it posts once.
        payment_id: Public id of the settlement.
        is_told_back: The money went back, and the hospital is to hold nothing of it.
        is_over: Its time is over: it is asked what it knows, and told nothing any more.
    """

    write_back: str
    institution: str
    bill_id: str
    bill_no: str
    payment_id: str
    amount_fen: int
    paid_at: datetime
    asked: int
    is_told_back: bool
    is_over: bool
    parts: tuple[Part, ...] = field(default=())


@transaction.atomic
def begin_write_back(*, bill: str, is_reachable: bool) -> str:
    """Wait for the hospital to post a bill of its own that was paid here; begun again it changes nothing.

    Args:
        is_reachable: The hospital's system hears of it. One that nobody told is not taken for one that
            refuses: staff decide.

    Returns:
        The public id; empty where there is nothing to post, because the hospital's own till took the
        money or the bill is not a hospital's.
    """
    row = Bill.objects.select_related("institution").get(public_id=bill)
    if not row.reference or row.state != BillState.PAID or _by_till(row):
        return ""
    return _row(row, is_reachable=is_reachable).public_id


@transaction.atomic
def confirm_posting(*, bill: str, receipt: str, amount_fen: int, actor: Actor) -> Heard:
    """The hospital has posted what was paid here; said again it changes nothing.

    Returns:
        ``TOO_LATE`` where the money went back before: the difference stands open.

    Raises:
        BillNotPaid: It was not paid here.
        BillOfPlatform: The hospital did not open it.
        PostedAmountWrong: What it posted is not what was paid.
    """
    row = bill_for(bill, actor)
    if row.state != BillState.PAID:
        raise BillNotPaid
    if not row.reference:
        raise BillOfPlatform
    if amount_fen != row.total_fen:
        raise PostedAmountWrong(field="amount_fen")
    known = _row(row, is_reachable=True)
    if move(row=known, before=UNDECIDED, after=WriteBackState.POSTED, receipt=receipt):
        record(action=Action.BILL_POSTED, bill=row, actor=actor)
    elif move(row=known, before=(WriteBackState.RETURNED,), after=WriteBackState.DIFFERENT, receipt=receipt):
        record(action=Action.BILL_POSTED_LATE, bill=row, actor=actor)
        return Heard.TOO_LATE
    elif not WriteBack.objects.filter(
        pk=known.pk, state__in=(WriteBackState.POSTED, WriteBackState.GONE)
    ).exists():
        return Heard.TOO_LATE
    note_receipt(bill=bill, receipt=receipt, actor=actor)
    return Heard.POSTED


@transaction.atomic
def refuse_posting(*, bill: str, refusal: str, actor: Actor) -> Heard:
    """The hospital does not post what was paid: all of it goes back.

    After a posting that came too late, this says that the hospital has taken it back.

    Args:
        refusal: The hospital's own code.

    Raises:
        BillNotPaid: It was not paid here.
        BillOfPlatform: The hospital did not open it.
        BillPosted: The hospital has posted it; what is to go back is asked for as a refund.
    """
    row = bill_for(bill, actor)
    if row.state != BillState.PAID or _by_till(row):
        raise BillNotPaid
    if not row.reference:
        raise BillOfPlatform
    known = _row(row, is_reachable=True)
    if give_back(known=known, bill=row, cause=Cause.REFUSED, states=UNDECIDED, refusal=refusal, actor=actor):
        return Heard.RETURNED
    if move(row=known, before=(WriteBackState.DIFFERENT,), after=WriteBackState.CLEARED):
        record(action=Action.BILL_POSTING_CLEARED, bill=row, actor=actor)
        return Heard.RETURNED
    if WriteBack.objects.filter(pk=known.pk, state=WriteBackState.POSTED).exists():
        raise BillPosted
    return Heard.RETURNED


def give_back(
    *,
    known: WriteBack,
    bill: Bill,
    cause: Cause,
    states: tuple[str, ...],
    refusal: str = "",
    actor: Actor,
) -> bool:
    """Owe back all that was paid, if nobody has decided; the caller is in a transaction.

    Returns:
        Whether this call decided it.
    """
    moment = clock.now()
    if not move(
        row=known,
        before=states,
        after=WriteBackState.RETURNED,
        cause=cause,
        refusal=refusal,
        asked=0,
        next_ask_at=moment,
    ):
        return False
    owe_back(bill=bill, amount_fen=None, reason=RefundReason.UNPOSTED, actor=actor)
    record(action=Action.BILL_RETURNED, bill=bill, actor=actor, outcome=cause.value)
    events.publish(BillReturned(**facts(bill), cause=cause.value))
    return True


# What the worker does


def due_write_backs() -> list[str]:
    """Those about which hospitals are to be asked now, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            WriteBack.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(next_ask_at__lte=moment)
            .order_by("next_ask_at")[:BATCH]
        )
        WriteBack.objects.filter(pk__in=[row.pk for row in rows]).update(next_ask_at=moment + LEASE)
    return [row.public_id for row in rows]


def asked_about(*, write_back: str) -> Asked | None:
    """What the hospital is asked, unless there is nothing to ask any more.

    What was given back meanwhile by another way needs no posting.
    """
    rows = WriteBack.objects.select_related("bill__institution")
    row = rows.filter(public_id=write_back, next_ask_at__isnull=False).first()
    if row is None:
        return None
    is_told_back = row.state == WriteBackState.RETURNED
    bill = row.bill
    if not is_told_back and bill.refund_fen >= bill.captured_fen:
        move(row=row, before=UNDECIDED, after=WriteBackState.GONE)
        return None
    settlement = Settlement.objects.filter(bill=bill, state=SettlementState.SETTLED).first()
    return Asked(
        write_back=row.public_id,
        institution=bill.institution.public_id,
        bill_id=bill.public_id,
        bill_no=bill.reference,
        payment_id=settlement.public_id if settlement else "",
        amount_fen=bill.total_fen,
        paid_at=bill.paid_at or row.opened_at,
        asked=row.asked,
        is_told_back=is_told_back,
        is_over=row.give_up_at <= clock.now(),
        parts=_parts(settlement),
    )


def ask_again(*, write_back: str, failure: str) -> None:
    """The hospital did not say: ask it again later, or stop telling it where nothing hangs on it."""
    row = WriteBack.objects.get(public_id=write_back)
    pause = ASK_AFTER[min(row.asked, len(ASK_AFTER) - 1)]
    later: datetime | None = clock.now() + pause
    if row.state == WriteBackState.RETURNED and row.asked >= MOST_TOLD:
        later = None
    elif row.state == WriteBackState.WAITING and later is not None and row.give_up_at > clock.now():
        # The last question is asked as soon as its time is over.
        later = min(later, row.give_up_at)
    WriteBack.objects.filter(pk=row.pk, state=row.state).update(
        asked=F("asked") + 1, failure=failure[:60], next_ask_at=later
    )


@transaction.atomic
def remind(*, write_back: str) -> None:
    """Tell the hospital's own address once more that a posting is awaited; it answers by a call."""
    row = WriteBack.objects.select_related("bill__institution").get(public_id=write_back)
    if row.state == WriteBackState.WAITING and row.asked:
        events.publish(PostingAwaited(**facts(row.bill)))
    ask_again(write_back=write_back, failure="")


def stop_telling(*, write_back: str) -> None:
    """The hospital knows that the money went back, or is told by its address alone."""
    WriteBack.objects.filter(public_id=write_back, state=WriteBackState.RETURNED).update(
        next_ask_at=None, failure=""
    )


@transaction.atomic
def end_waiting(*, write_back: str, failure: str) -> None:
    """The time is over and the hospital has not said: the money goes back, or staff decide."""
    row = WriteBack.objects.select_related("bill__institution").get(public_id=write_back)
    if row.returns:
        give_back(
            known=row, bill=row.bill, cause=Cause.SILENT, states=(WriteBackState.WAITING,), actor=HOSPITALS
        )
    elif move(row=row, before=(WriteBackState.WAITING,), after=WriteBackState.HELD, failure=failure[:60]):
        record(action=Action.POSTING_HELD, bill=row.bill, actor=HOSPITALS)


def rule_of(*, institution_pk: int) -> tuple[int, bool]:
    """For how many minutes an institution is waited for, and whether the money then goes back."""
    rule = PostingRule.objects.filter(institution=institution_pk).first()
    if rule is None:
        return settings.POSTING_LIMIT_MINUTES, True
    return rule.limit_minutes, rule.returns


def _row(bill: Bill, *, is_reachable: bool) -> WriteBack:
    """The one row of a bill: of two that write it, the second reads the first's."""
    moment = clock.now()
    minutes, returns = rule_of(institution_pk=bill.institution_id)
    row, _is_new = WriteBack.objects.get_or_create(
        bill=bill,
        defaults={
            "returns": returns and is_reachable,
            "opened_at": bill.paid_at or moment,
            "next_ask_at": moment + FIRST_ASK,
            "give_up_at": moment + timedelta(minutes=minutes),
        },
    )
    return row


def move(*, row: WriteBack, before: tuple[str, ...], after: WriteBackState, **more: object) -> bool:
    """Go from one state to another, if it still stands there: of two that decide, one does."""
    is_over = after not in (*UNDECIDED, WriteBackState.DIFFERENT)
    changes: dict[str, object] = {
        "state": after,
        "ended_at": clock.now() if is_over else None,
        "next_ask_at": None,
        **more,
    }
    return bool(WriteBack.objects.filter(pk=row.pk, state__in=before).update(**changes))


def _by_till(bill: Bill) -> bool:
    """Whether the hospital's own till took the money, so that the hospital has it on its books."""
    paid = PaymentAttempt.objects.filter(bill=bill, state=AttemptState.CAPTURED, applied_at__isnull=False)
    return not paid.exclude(provider=TILL).exists()


def _parts(settlement: Settlement | None) -> tuple[Part, ...]:
    if settlement is None:
        return ()
    attempts = PaymentAttempt.objects.filter(
        leg__settlement=settlement, state=AttemptState.CAPTURED
    ).select_related("leg")
    return tuple(
        Part(
            kind=attempt.leg.kind if attempt.leg else "",
            provider=attempt.provider,
            amount_fen=attempt.captured_fen,
            channel_ref=attempt.channel_ref,
        )
        for attempt in attempts.order_by("leg__place", "pk")
    )


def record(*, action: Action, bill: Bill, actor: Actor, reason: str = "", **details: object) -> None:
    """Write down who decided about the posting of a bill."""
    audit.record(
        action,
        actor=actor,
        subject=bill,
        institution=bill.institution.public_id,
        reason=reason,
        details={"amount_fen": bill.total_fen, **details},
    )
