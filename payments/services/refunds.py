"""Money on its way back, by the way it came.

A refund is first owed, and then given back: cash by hand at the window, money of the hospital's
till by the hospital's own system. Both steps have their rows in the ledger.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import NotFound
from foundation.events import services as events
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require, require_of_staff
from payments import ledger
from payments.errors import RefundByChannel, RefundNotDue, RefundOwed
from payments.events import BillRefunded
from payments.models import Bill, Refund
from payments.providers import is_within, provider_of
from payments.rules import TOP_UP, Movement, RefundReason, RefundState
from payments.scope import bill_for, facts
from payments.services import balances, settling
from payments.services.owing import owe_back


@transaction.atomic
def refund_bill(
    *, bill: str, amount_fen: int | None, reason: RefundReason, hospital_ref: str = "", actor: Actor
) -> list[str]:
    """Owe back what was paid, or a part of it.

    Args:
        amount_fen: How much; None for everything that is left, which may be nothing.
        hospital_ref: The hospital's number of what it asks for, where it does.

    Returns:
        The public ids of the refunds: one for each payment that it is taken from.

    Raises:
        RefundTooMuch: More than is left of what was paid.
    """
    require_of_staff(actor, Duty.REFUND)
    row = bill_for(bill, actor)
    return owe_back(bill=row, amount_fen=amount_fen, reason=reason, hospital_ref=hospital_ref, actor=actor)


@transaction.atomic
def hand_out_refund(*, refund: str, provider: str = "", channel_ref: str = "", actor: Actor) -> int:
    """Note that the money was given back over the counter, or by the hospital's own system.

    Args:
        provider: By which way, where it is not the one by which the money came.

    Returns:
        The amount in fen.

    Raises:
        RefundByChannel: It goes back by the channel that it came by.
        RefundNotDue: It was given back or withdrawn, perhaps by somebody else just now.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    if provider:
        row.provider = provider_of(provider).code
    if not provider_of(row.provider).by_hand:
        raise RefundByChannel
    by = actor.id if actor.kind is ActorKind.STAFF else ""
    give_back(row, (RefundState.DUE,), handed_by=by, channel_ref=channel_ref, actor=actor)
    return row.amount_fen


def give_back(
    row: Refund, states: Sequence[RefundState], *, handed_by: str = "", channel_ref: str, actor: Actor
) -> None:
    """Note that the money of a refund has gone back; with the last one an undone settlement is at its end."""
    settlement = settling.hold(row.attempt)
    _hold_bill(row)
    moment = _end(
        row,
        RefundState.PAID,
        states,
        handed_by=handed_by,
        channel_ref=channel_ref,
        provider=row.provider,
        failure="",
        lacks_balance=False,
        next_try_at=None,
    )
    Bill.objects.filter(pk=row.bill_id).update(refunded_fen=F("refunded_fen") + row.amount_fen)
    ledger.write(Movement.REFUND_PAID, row.amount_fen, attempt=row.attempt, refund=row, at=moment)
    _record(Action.REFUND_PAID, row, actor)
    within = row.provider if is_within(row.provider) else ""
    events.publish(BillRefunded(**facts(row.bill), within=within))
    if settlement is not None:
        settling.end_undoing(settlement)


@transaction.atomic
def number_refund(*, refund: str, hospital_ref: str, actor: Actor) -> None:
    """Note the hospital's number of a refund that was owed before the hospital spoke of it."""
    row = find_refund(refund, actor)
    Refund.objects.filter(pk=row.pk, hospital_ref="").update(hospital_ref=hospital_ref)


@transaction.atomic
def withdraw_refund(*, refund: str, reason: str, actor: Actor) -> None:
    """Take back a refund that staff opened by mistake, before the money was given back.

    Raises:
        RefundOwed: It is owed by rule: for what was cancelled, stopped or paid too late.
        RefundNotDue: It was given back or withdrawn.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    if row.reason != RefundReason.STAFF:
        raise RefundOwed
    _hold_bill(row)
    moment = _end(row, RefundState.WITHDRAWN, (RefundState.DUE,), next_try_at=None)
    Bill.objects.filter(pk=row.bill_id).update(refund_fen=F("refund_fen") - row.amount_fen)
    ledger.write(Movement.REFUND_WITHDRAWN, row.amount_fen, attempt=row.attempt, refund=row, at=moment)
    if row.attempt.applied_at and row.bill.subject_type == TOP_UP:
        balances.keep_after_all(bill=row.bill, amount_fen=row.amount_fen)
    _record(Action.REFUND_WITHDRAWN, row, actor, reason)


def find_refund(public_id: str, actor: Actor) -> Refund:
    """The refund with this public id, if it is one of the actor's.

    Raises:
        NotFound: It is not.
    """
    rows = Refund.objects.select_related("bill__institution", "attempt__bill")
    row = institutions.scope(rows, actor, path="bill__institution__public_id").filter(public_id=public_id)
    found = row.first()
    if found is None:
        raise NotFound
    return found


def _hold_bill(row: Refund) -> None:
    """Before the refund itself is changed: whoever owes back holds the bill, and then changes refunds."""
    Bill.objects.select_for_update(no_key=True).get(pk=row.bill_id)


def _end(row: Refund, state: RefundState, before: Sequence[RefundState], **more: object) -> datetime:
    moment = clock.now()
    moved = Refund.objects.filter(pk=row.pk, state__in=before).update(state=state, ended_at=moment, **more)
    if not moved:
        raise RefundNotDue
    return moment


def _record(action: Action, row: Refund, actor: Actor, reason: str = "") -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.bill.institution.public_id,
        reason=reason,
        details={"amount_fen": row.amount_fen, "purpose": row.reason, "provider": row.provider},
    )
