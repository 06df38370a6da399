"""Settling a bill as a whole: every leg is taken, or what was taken goes back.

Legs of one settlement may arrive at the same moment, so whoever changes one holds the settlement's
row; a bill is paid by a compare-and-set on its own. The order is always settlement, then bill.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from payments import ledger
from payments.events import BillPaid
from payments.models import Bill, InsuranceOrder, PaymentAttempt, Refund, Settlement, SettlementLeg
from payments.providers.within import REDUCTION
from payments.rules import (
    AT_THE_INSURER,
    AWAITED,
    OWED_BACK,
    TOP_UP,
    App,
    AttemptState,
    BillState,
    LegKind,
    Movement,
    RefundReason,
    SettlementState,
)
from payments.scope import facts
from payments.services import balances
from payments.services.owing import owe_back


@dataclass(frozen=True, slots=True)
class Part:
    """What one way of paying is to bring.

    Attributes:
        prepaid: The balance that it is taken from, by its key, where it is paid from one.
    """

    provider: str
    amount_fen: int
    kind: LegKind = LegKind.OWN
    prepaid: int | None = None


def begin(
    *,
    bill: Bill,
    parts: Sequence[Part],
    app: App,
    payer: str = "",
    online: bool = False,
    is_planned: bool = False,
    expires_at: datetime | None = None,
    actor: Actor,
) -> Settlement:
    """Write down how a bill is to be settled, before anybody is asked for money.

    What the hospital takes off is a part of its own, and is added here.

    Args:
        is_planned: Somebody else says first who pays what; ``plan`` replaces the parts then.
    """
    if bill.reduction_fen and not is_planned:
        parts = [*parts, reduction(bill.reduction_fen)]
    settlement = Settlement.objects.create(
        bill=bill,
        state=SettlementState.PLANNED if is_planned else SettlementState.PAYING,
        app=app,
        online=online,
        payer=payer,
        total_fen=sum(part.amount_fen for part in parts),
        created_at=clock.now(),
        expires_at=expires_at,
    )
    _write_legs(settlement, parts)
    audit.record(
        Action.SETTLEMENT_BEGUN,
        actor=actor,
        subject=settlement,
        institution=bill.institution.public_id,
        details={"amount_fen": settlement.total_fen, "channel": app.value},
    )
    return settlement


def reduction(amount_fen: int) -> Part:
    """What a hospital takes off, as a part."""
    return Part(REDUCTION, amount_fen, LegKind.REDUCTION)


def plan(settlement: Settlement, parts: Sequence[Part]) -> None:
    """Say who pays what, in place of the one part that a planned settlement began with.

    The caller holds the settlement's row; the sum stays the same, which the database looks at.
    """
    first, *others = parts
    settlement.legs.filter(place=1).update(
        kind=first.kind, provider=first.provider, amount_fen=first.amount_fen
    )
    _write_legs(settlement, others, first=2)


def _write_legs(settlement: Settlement, parts: Sequence[Part], *, first: int = 1) -> None:
    SettlementLeg.objects.bulk_create(
        SettlementLeg(
            settlement=settlement,
            place=place,
            kind=part.kind,
            provider=part.provider,
            amount_fen=part.amount_fen,
            prepaid_id=part.prepaid,
        )
        for place, part in enumerate(parts, first)
    )


def hold(attempt: PaymentAttempt) -> Settlement | None:
    """The settlement of an attempt, held to the end of the transaction."""
    if attempt.leg_id is None:
        return None
    return Settlement.objects.select_for_update(no_key=True, of=("self",)).get(legs=attempt.leg_id)


def hold_of_bill(bill: Bill) -> Bill:
    """A bill with all of its settlements, held to the end of the transaction; the settlements first."""
    list(Settlement.objects.select_for_update(no_key=True, of=("self",)).filter(bill=bill).order_by("pk"))
    return Bill.objects.select_for_update(no_key=True).get(pk=bill.pk)


def take(settlement: Settlement | None, attempt: PaymentAttempt, *, actor: Actor) -> bool:
    """Reckon money that has just arrived: it completes the settlement, waits for the rest, or goes back.

    Returns:
        Whether the bill is paid by it.
    """
    leg = attempt.leg
    if settlement is None or leg is None or leg.taken_at or not _can_end(settlement):
        return _back(settlement, attempt, RefundReason.LATE, actor)
    if attempt.captured_fen != leg.amount_fen:
        return _back(settlement, attempt, RefundReason.AMOUNT, actor)
    SettlementLeg.objects.filter(pk=leg.pk).update(taken_at=attempt.captured_at)
    if _money_legs(settlement).filter(taken_at=None).exists():
        wake_insurer(settlement)
        return False
    return _complete(settlement, attempt, actor)


def _can_end(settlement: Settlement) -> bool:
    """Whether money of it can still pay the bill.

    That is so while it is being paid; and where there is one leg alone, also after the channel had
    said that it failed: nothing has to be put together again, and the bill may still be owed.
    """
    if settlement.state == SettlementState.PAYING:
        return True
    return settlement.state != SettlementState.SETTLED and _money_legs(settlement).count() == 1


def _money_legs(settlement: Settlement) -> "QuerySet[SettlementLeg]":
    """The legs that money comes for; what the hospital takes off is taken with the last of them."""
    return SettlementLeg.objects.filter(settlement=settlement).exclude(kind=LegKind.REDUCTION)


def _complete(settlement: Settlement, last: PaymentAttempt, actor: Actor) -> bool:
    moment = clock.now()
    bill = last.bill
    reductions = list(settlement.legs.filter(kind=LegKind.REDUCTION))
    reduced = sum(leg.amount_fen for leg in reductions)
    owed = Bill.objects.filter(pk=bill.pk, state=BillState.OPEN, total_fen=settlement.total_fen)
    if not owed.update(
        state=BillState.PAID, paid_at=moment, closed_at=moment, captured_fen=F("captured_fen") + reduced
    ):
        is_open = Bill.objects.filter(pk=bill.pk, state=BillState.OPEN).exists()
        return _back(settlement, last, RefundReason.AMOUNT if is_open else RefundReason.LATE, actor)
    for leg in reductions:
        _reduce(bill, leg, moment)
    Settlement.objects.filter(pk=settlement.pk).update(
        state=SettlementState.SETTLED, failure="", ended_at=moment
    )
    for attempt in arrived(settlement):
        attempt.applied_at = moment
        attempt.save(update_fields=["applied_at"])
        ledger.write(Movement.APPLY, attempt.captured_fen, attempt=attempt, at=moment)
    if bill.subject_type == TOP_UP:
        balances.arrive(bill=bill, at=moment)
    audit.record(
        Action.SETTLEMENT_DONE,
        actor=actor,
        subject=settlement,
        institution=bill.institution.public_id,
        details={"amount_fen": settlement.total_fen},
    )
    events.publish(BillPaid(**facts(bill)))
    return True


def _reduce(bill: Bill, leg: SettlementLeg, moment: datetime) -> None:
    """Take what the hospital takes off: no money moves, and the books say so on an account of its own."""
    SettlementLeg.objects.filter(pk=leg.pk).update(taken_at=moment)
    attempt = PaymentAttempt.objects.create(
        bill=bill,
        leg=leg,
        provider=leg.provider,
        state=AttemptState.CAPTURED,
        amount_fen=leg.amount_fen,
        captured_fen=leg.amount_fen,
        started_at=moment,
        captured_at=moment,
    )
    ledger.write(Movement.CAPTURE, leg.amount_fen, attempt=attempt, at=moment)


def _back(settlement: Settlement | None, attempt: PaymentAttempt, reason: RefundReason, actor: Actor) -> bool:
    """Owe back what has just arrived, with all else of a settlement that it was to complete."""
    if settlement is not None and settlement.state == SettlementState.PAYING:
        undo(settlement, attempt.bill, reason=reason, failure=reason.value, actor=actor)
    else:
        owe_back(bill=attempt.bill, amount_fen=None, reason=reason, actor=actor, only=_only(attempt))
    return False


def undo(settlement: Settlement, bill: Bill, *, reason: RefundReason, failure: str, actor: Actor) -> None:
    """Keep nothing of a settlement: what was taken is owed back, what was asked for is called off.

    The caller holds the settlement's row. What was taken last goes back first. Undoing again changes
    nothing.
    """
    moment = clock.now()
    moved = Settlement.objects.filter(pk=settlement.pk, state__in=AWAITED).update(
        state=SettlementState.UNDOING, failure=failure
    )
    if not moved:
        return
    # The channel is asked to close what it was asked to take: at once, and not at the next round.
    _asked(settlement).filter(channel__isnull=False).update(next_ask_at=moment)
    wake_insurer(settlement)
    audit.record(
        Action.SETTLEMENT_UNDONE,
        actor=actor,
        subject=settlement,
        institution=bill.institution.public_id,
        details={"purpose": failure},
    )
    owe_back(bill=bill, amount_fen=None, reason=reason, actor=actor, only=arrived(settlement))
    end_undoing(settlement)


def end_undoing(settlement: Settlement) -> None:
    """An undone settlement is at its end once nothing of it is asked for and nothing is kept."""
    if _asked(settlement).exists() or _at_the_insurer(settlement).exists():
        return
    if Refund.objects.filter(attempt__leg__settlement=settlement, state__in=OWED_BACK).exists():
        return
    Settlement.objects.filter(pk=settlement.pk, state=SettlementState.UNDOING).update(
        state=SettlementState.UNDONE, ended_at=clock.now()
    )


def wake_insurer(settlement: Settlement) -> None:
    """Have the insurance asked at once, where it is to pay a part of the settlement."""
    _at_the_insurer(settlement).update(next_ask_at=clock.now(), asked=0)


def _at_the_insurer(settlement: Settlement) -> "QuerySet[InsuranceOrder]":
    return InsuranceOrder.objects.filter(settlement=settlement, state__in=AT_THE_INSURER)


def arrived(settlement: Settlement) -> "QuerySet[PaymentAttempt]":
    """The payments of a settlement whose money arrived, the latest first."""
    return (
        PaymentAttempt.objects.select_related("bill__institution", "leg")
        .filter(leg__settlement=settlement, state=AttemptState.CAPTURED)
        .order_by("-captured_at", "-pk")
    )


def _asked(settlement: Settlement) -> "QuerySet[PaymentAttempt]":
    return PaymentAttempt.objects.filter(leg__settlement=settlement, state=AttemptState.STARTED)


def _only(attempt: PaymentAttempt) -> "QuerySet[PaymentAttempt]":
    return PaymentAttempt.objects.select_related("bill__institution", "leg").filter(pk=attempt.pk)
