"""Attempts to pay: started, confirmed, failed; cash at the window is both at once.

Money that arrived is always recorded. If nobody owes it any more, or it is not what was owed, it is
owed back at once.
"""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, NotFound
from institutions.rules import Duty
from institutions.services import require
from payments import ledger
from payments.errors import BillNotFound, BillNotOpen, CashTooLittle, PaymentTaken
from payments.models import Bill, Channel, PaymentAttempt, SettlementLeg
from payments.providers.cash import CASH, TILL
from payments.providers.prepaid import PREPAID
from payments.rules import Account, App, AttemptState, BillState, LegKind, Movement, RefundReason
from payments.scope import bill_for
from payments.services import balances, settling
from payments.types import CashReceipt


def _start_leg(bill: Bill, leg: SettlementLeg, actor: Actor) -> PaymentAttempt:
    attempt = PaymentAttempt.objects.create(
        bill=bill,
        leg=leg,
        provider=leg.provider,
        amount_fen=leg.amount_fen,
        started_at=clock.now(),
        taken_by=actor.id if actor.kind is ActorKind.STAFF else "",
    )
    audit.record(
        Action.PAYMENT_STARTED,
        actor=actor,
        subject=attempt,
        institution=bill.institution.public_id,
        details={"amount_fen": leg.amount_fen, "provider": leg.provider},
    )
    return attempt


def _require_open(bill: Bill) -> None:
    if bill.state != BillState.OPEN or (bill.expires_at and bill.expires_at <= clock.now()):
        raise BillNotOpen


@transaction.atomic
def record_till_payment(*, bill: str, captured_fen: int, receipt: str, actor: Actor) -> bool:
    """Record money that the hospital's own till took, whatever has become of the bill.

    Args:
        receipt: The hospital's number of its receipt, which a repeat names again.

    Returns:
        Whether the bill is paid by it, as ``confirm_attempt``.

    Raises:
        PaymentTaken: The receipt stands for another payment.
    """
    row = bill_for(bill, actor)
    reference = f"{row.institution.public_id}:{receipt}"
    known = PaymentAttempt.objects.filter(provider=TILL, channel_ref=reference).first()
    if known is not None:
        if (known.bill_id, known.captured_fen) != (row.pk, captured_fen):
            raise PaymentTaken
        return False
    attempt = PaymentAttempt.objects.create(
        bill=row,
        leg=_alone(row, TILL, captured_fen, App.HOSPITAL, actor),
        provider=TILL,
        amount_fen=captured_fen,
        started_at=clock.now(),
    )
    return _capture(attempt, captured_fen, reference, actor)


@transaction.atomic
def confirm_attempt(*, attempt: str, captured_fen: int, channel_ref: str = "", actor: Actor) -> bool:
    """Record that the money of an attempt arrived; a repeat changes nothing.

    An attempt that had failed is confirmed as well: channels say so, and then the money comes.

    Args:
        channel_ref: The channel's own number of the payment.

    Returns:
        Whether the bill is paid by it. If not, the money is owed back.

    Raises:
        PaymentTaken: The attempt has another payment, or the payment another attempt.
    """
    row = PaymentAttempt.objects.select_related("bill__institution").filter(public_id=attempt).first()
    if row is None:
        raise NotFound
    if captured_fen <= 0:
        raise InvalidInput(field="captured_fen")
    return _capture(row, captured_fen, channel_ref, actor)


def take_from_suspense(
    *, bill: Bill, channel: Channel, amount_fen: int, channel_ref: str, actor: Actor
) -> PaymentAttempt:
    """Record money that stood apart as a payment of a bill, in the caller's transaction."""
    attempt = PaymentAttempt.objects.create(
        bill=bill,
        leg=_alone(bill, channel.provider, amount_fen, App.HOSPITAL, actor),
        channel=channel,
        provider=channel.provider,
        amount_fen=amount_fen,
        started_at=clock.now(),
    )
    _capture(attempt, amount_fen, channel_ref, actor, money=Account.SUSPENSE)
    return attempt


def _capture(
    attempt: PaymentAttempt, captured_fen: int, channel_ref: str, actor: Actor, money: str = ""
) -> bool:
    moment = clock.now()
    settlement = settling.hold(attempt)
    waiting = PaymentAttempt.objects.filter(pk=attempt.pk).exclude(state=AttemptState.CAPTURED)
    try:
        with transaction.atomic():
            moved = waiting.update(
                state=AttemptState.CAPTURED,
                captured_fen=captured_fen,
                captured_at=moment,
                channel_ref=channel_ref,
                failure="",
                next_ask_at=None,
            )
    except IntegrityError as exc:
        raise PaymentTaken from exc
    bill = attempt.bill
    attempt.refresh_from_db(fields=["state", "captured_fen", "captured_at", "channel_ref"])
    if not moved:
        if (attempt.captured_fen, attempt.channel_ref) != (captured_fen, channel_ref):
            raise PaymentTaken
        return False
    Bill.objects.filter(pk=bill.pk).update(captured_fen=F("captured_fen") + captured_fen)
    ledger.write(Movement.CAPTURE, captured_fen, attempt=attempt, money=money, at=moment)
    if attempt.provider == PREPAID:
        balances.spend(attempt=attempt, at=moment)
    is_paid = settling.take(settlement, attempt, actor=actor)
    audit.record(
        Action.PAYMENT_CAPTURED,
        actor=actor,
        subject=attempt,
        institution=bill.institution.public_id,
        details={
            "amount_fen": captured_fen,
            "provider": attempt.provider,
            "outcome": "paid" if is_paid else "not_paid",
        },
    )
    return is_paid


def take_from_balance(*, bill: Bill, leg: SettlementLeg, actor: Actor) -> bool:
    """Take a leg out of its balance, at once; the caller is in the transaction that began the settlement.

    Returns:
        Whether the bill is paid by it.

    Raises:
        BalanceTooLittle: There is less, or the balance cannot be used.
    """
    attempt = PaymentAttempt.objects.create(
        bill=bill, leg=leg, provider=PREPAID, amount_fen=leg.amount_fen, started_at=clock.now()
    )
    return _capture(attempt, leg.amount_fen, "", actor)


def _alone(bill: Bill, provider: str, amount_fen: int, app: App, actor: Actor) -> SettlementLeg:
    """The leg of a settlement that is paid in one way."""
    settlement = settling.begin(bill=bill, parts=[settling.Part(provider, amount_fen)], app=app, actor=actor)
    return settlement.legs.get(kind=LegKind.OWN)


@transaction.atomic
def fail_attempt(*, attempt: str, failure: str, actor: Actor) -> None:
    """Note that a try came to nothing; failing again, or after the money came, changes nothing.

    With one leg the whole settlement has failed: what the others brought goes back.
    """
    row = PaymentAttempt.objects.select_related("bill__institution").filter(public_id=attempt).first()
    if row is None:
        raise NotFound
    settlement = settling.hold(row)
    moved = PaymentAttempt.objects.filter(pk=row.pk, state=AttemptState.STARTED).update(
        state=AttemptState.FAILED, failure=failure, next_ask_at=None
    )
    if not moved:
        return
    audit.record(
        Action.PAYMENT_FAILED,
        actor=actor,
        subject=row,
        institution=row.bill.institution.public_id,
        details={"provider": row.provider, "outcome": failure},
    )
    if settlement is not None:
        settling.undo(settlement, row.bill, reason=RefundReason.UNDONE, failure=failure, actor=actor)
        settling.end_undoing(settlement)


@transaction.atomic
def pay_in_cash(
    *, bill: str, received_fen: int, parts: Sequence[settling.Part] = (), actor: Actor
) -> CashReceipt:
    """Take cash for a bill of the cashier's own institution.

    Of two cashiers at once one is told that it was paid: that one has taken nothing yet, and all of
    its try is undone.

    Args:
        received_fen: What was handed over, before change.
        parts: What is taken of balances first (``balance_parts``); cash is taken for the rest.

    Raises:
        CashTooLittle: It does not cover the bill, or the rest of it.
        BalanceTooLittle: A balance has less than its part, or cannot be used.
        BillNotOpen: Nobody owes it any more.
    """
    require(actor, Duty.TAKE_CASH)
    row = bill_for(bill, actor)
    if row.institution.public_id != actor.institution:
        raise BillNotFound
    _require_open(row)
    rest = row.due_fen - sum(part.amount_fen for part in parts)
    if received_fen < rest:
        raise CashTooLittle(field="received")
    cash = [settling.Part(CASH, rest)] if rest else []
    settlement = settling.begin(bill=row, parts=[*parts, *cash], app=App.WINDOW, actor=actor)
    is_paid = False
    for leg in settlement.legs.filter(kind=LegKind.PREPAID):
        is_paid = take_from_balance(bill=row, leg=leg, actor=actor)
    for leg in settlement.legs.filter(kind=LegKind.OWN):
        attempt = _start_leg(row, leg, actor)
        PaymentAttempt.objects.filter(pk=attempt.pk).update(received_fen=received_fen)
        is_paid = _capture(attempt, rest, "", actor)
    if not is_paid:
        raise BillNotOpen
    return CashReceipt(row.public_id, row.number, rest, received_fen)
