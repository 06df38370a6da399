"""What is owed back: refunds opened by the room's own commands.

A refund is taken from payments, the latest first; each payment goes back by the way it came. What people
paid themselves goes first. What an insurance paid goes back as a whole, and last what was never paid
because the hospital took it off.
"""

from collections.abc import Sequence

from django.db.models import F, QuerySet

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.events import services as events
from payments import ledger
from payments.errors import InsuredPartWhole, RefundTooMuch
from payments.events import BillRefunded, RefundDue
from payments.models import Bill, PaymentAttempt, Refund
from payments.providers import is_by_hand
from payments.providers.prepaid import PREPAID
from payments.providers.within import REDUCTION
from payments.rules import INSURED, TOP_UP, AttemptState, LegKind, Movement, RefundReason, RefundState
from payments.scope import facts
from payments.services import balances

# Of three places: what people paid, what an insurance paid, and what was never paid.
_OFF = 2


def owe_back(
    *,
    bill: Bill,
    amount_fen: int | None,
    reason: RefundReason,
    actor: Actor,
    hospital_ref: str = "",
    only: "QuerySet[PaymentAttempt] | None" = None,
) -> list[str]:
    """Owe back what was paid, or a part of it. The caller has found the bill and asked who acts.

    Args:
        amount_fen: How much; None for everything that is left, which may be nothing.
        hospital_ref: The hospital's number of what it asks for, where it does.
        only: The payments that it is taken from; otherwise those that made the bill paid.

    Returns:
        The public ids of the refunds: one for each payment that it is taken from.

    Raises:
        RefundTooMuch: More than is left of what was paid.
        InsuredPartWhole: A part of what an insurance paid.
    """
    if amount_fen is not None and amount_fen <= 0:
        raise InvalidInput(field="amount_fen")
    # The lock is the referee among those who refund; who pays holds the same row. It leaves the key
    # alone: a try to pay that was just begun refers to the bill, and must not be waited for.
    held = Bill.objects.select_for_update(no_key=True).get(pk=bill.pk)
    arrived = _captured(held, only)
    most = sum(left for _, left in arrived)
    wanted = _wanted(amount_fen, arrived)
    if wanted > most:
        raise RefundTooMuch(field="amount_fen")
    _check_insured(wanted, arrived)
    Bill.objects.filter(pk=bill.pk).update(refund_fen=F("refund_fen") + wanted)
    # Before the first of them is given back: whoever holds several balances holds them in one order.
    balances.hold_of_bills(bills=[bill.pk])
    opened, waits = [], False
    for attempt, left in arrived:
        part = min(wanted, left)
        if part:
            opened.append(_open(bill, attempt, part, reason=reason, hospital_ref=hospital_ref, actor=actor))
            # A balance has its part back already, and what the hospital took off nobody had paid.
            waits = waits or attempt.provider not in (PREPAID, REDUCTION)
            wanted -= part
    if waits:
        events.publish(RefundDue(**facts(bill), reason=reason.value))
    return opened


def _captured(bill: Bill, only: "QuerySet[PaymentAttempt] | None") -> list[tuple[PaymentAttempt, int]]:
    """Payments that arrived, the latest first, each with what of it is not on its way back."""
    if only is None:
        only = PaymentAttempt.objects.filter(bill=bill, applied_at__isnull=False)
    attempts = only.select_related("leg").filter(state=AttemptState.CAPTURED)
    attempts = attempts.order_by("-captured_at", "-pk")
    going: dict[int, int] = {}
    rows = Refund.objects.filter(bill=bill).exclude(state=RefundState.WITHDRAWN)
    for attempt_pk, amount in rows.values_list("attempt", "amount_fen"):
        going[attempt_pk] = going.get(attempt_pk, 0) + amount
    found = [(attempt, attempt.captured_fen - going.get(attempt.pk, 0)) for attempt in attempts]
    return sorted(found, key=lambda one: _place(one[0]))


def _place(attempt: PaymentAttempt) -> int:
    kind = attempt.leg.kind if attempt.leg is not None else LegKind.OWN
    return _OFF if kind == LegKind.REDUCTION else int(kind in INSURED)


def _wanted(amount_fen: int | None, arrived: Sequence[tuple[PaymentAttempt, int]]) -> int:
    """What is taken of the payments. What the hospital took off goes with the last of the money."""
    most = sum(left for _, left in arrived)
    money = sum(left for row, left in arrived if _place(row) != _OFF)
    if amount_fen is None or amount_fen == money:
        return most
    if money < amount_fen < most:
        raise RefundTooMuch(field="amount_fen")
    return amount_fen


def _check_insured(wanted: int, arrived: Sequence[tuple[PaymentAttempt, int]]) -> None:
    own, insured = (sum(left for row, left in arrived if _place(row) == place) for place in range(_OFF))
    if 0 < wanted - own < insured:
        raise InsuredPartWhole(field="amount_fen")


def _open(
    bill: Bill,
    attempt: PaymentAttempt,
    amount_fen: int,
    *,
    reason: RefundReason,
    hospital_ref: str,
    actor: Actor,
) -> str:
    moment = clock.now()
    refund = Refund.objects.create(
        bill=bill,
        attempt=attempt,
        provider=attempt.provider,
        reason=reason,
        amount_fen=amount_fen,
        hospital_ref=hospital_ref,
        opened_at=moment,
        next_try_at=None if is_by_hand(attempt.provider) else moment,
    )
    ledger.write(Movement.REFUND_OPENED, amount_fen, attempt=attempt, refund=refund, at=moment)
    if attempt.applied_at and bill.subject_type == TOP_UP:
        balances.take_out(bill=bill, amount_fen=amount_fen)
    audit.record(
        Action.REFUND_OPENED,
        actor=actor,
        subject=refund,
        institution=bill.institution.public_id,
        details={"amount_fen": amount_fen, "purpose": reason.value, "provider": attempt.provider},
    )
    if attempt.provider == PREPAID:
        _into_balance(refund, actor)
    return refund.public_id


def _into_balance(refund: Refund, actor: Actor) -> None:
    """Give back what came from a balance: at once, for nobody outside has to act."""
    moment = refund.opened_at
    Refund.objects.filter(pk=refund.pk).update(state=RefundState.PAID, ended_at=moment, next_try_at=None)
    Bill.objects.filter(pk=refund.bill_id).update(refunded_fen=F("refunded_fen") + refund.amount_fen)
    ledger.write(Movement.REFUND_PAID, refund.amount_fen, attempt=refund.attempt, refund=refund, at=moment)
    balances.put_back(refund=refund, at=moment)
    audit.record(
        Action.REFUND_PAID,
        actor=actor,
        subject=refund,
        institution=refund.bill.institution.public_id,
        details={"amount_fen": refund.amount_fen, "purpose": refund.reason, "provider": refund.provider},
    )
    events.publish(BillRefunded(**facts(refund.bill)))
