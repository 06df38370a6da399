"""What a hospital does with its own bills, by its numbers: charge, and ask for money to go back.

By event and by call it is the same: a number stands for one bill, and one refund, however often it
is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from foundation.core.actor import Actor
from mpi import selectors as mpi
from payments.errors import (
    BillNotPaid,
    BillOfPlatform,
    BillTaken,
    BillTotalWrong,
    RefundByChannel,
    RefundNotDue,
    RefundNumberTaken,
    RefundTooMuch,
)
from payments.models import Bill, BillClaim, PaymentAttempt, Refund
from payments.providers import is_by_hand, is_within
from payments.providers.cash import TILL
from payments.providers.within import REDUCTION
from payments.rules import LIVE_STATES, TOP_UP, BillState, RefundReason, RefundState
from payments.scope import bill_for
from payments.selectors.resident import HOSPITAL, lines_of
from payments.services import settling
from payments.services.bills import call_off_bills, cancel_bill, open_bill
from payments.services.refunds import hand_out_refund, number_refund, refund_bill
from payments.types import Charge


@transaction.atomic
def charge_bill(
    *,
    source: str,
    number: str,
    person_pk: int,
    institution: str,
    items: Sequence[Charge],
    total_fen: int,
    expires_at: datetime | None,
    reduction_fen: int = 0,
    claim: Mapping[str, Any] | None = None,
    actor: Actor,
) -> str:
    """Open the bill of a hospital's number; one that was changed before it was paid takes its place.

    Args:
        source: What was charged for: ``bill``, ``prescription``.
        reduction_fen, claim: As ``open_bill``.

    Returns:
        The public id of the bill: the one from before where nothing has changed.

    Raises:
        BillTotalWrong: The lines do not come to the total.
        BillTaken: The number has a bill that is paid and says something else.
    """
    if sum(item.amount_fen for item in items) != total_fen:
        raise BillTotalWrong(field="total_fen")
    live = Bill.objects.filter(institution__public_id=institution, reference=number, state__in=LIVE_STATES)

    # As they are kept: with a blank at its end a line would be another one each time it is told.
    kept = [replace(item, title=item.title.strip()) for item in items]

    def is_same(bill: Bill) -> bool:
        return (
            list(lines_of(bill)) == kept
            and bill.expires_at == expires_at
            and bill.reduction_fen == reduction_fen
            and _claim_of(bill) == claim
            and bill.person_id in mpi.cluster(person_pk)
        )

    before = live.first()
    if before is not None:
        if is_same(before):
            return before.public_id
        if before.state == BillState.PAID:
            raise BillTaken
        cancel_bill(bill=before.public_id, reason=RefundReason.HOSPITAL, actor=actor)
    try:
        opened = open_bill(
            subject=(f"{HOSPITAL}{source}", number),
            person_pk=person_pk,
            institution=institution,
            items=items,
            expires_at=expires_at,
            reference=number,
            reduction_fen=reduction_fen,
            claim=claim,
            actor=actor,
        )
    except BillTaken:
        # The same was said twice at once: the other one has opened it by now.
        other = live.first()
        if other is None or not is_same(other):
            raise
        return other.public_id
    return opened.bill_id


@transaction.atomic
def cancel_by_hospital(*, bill: str, actor: Actor) -> None:
    """The hospital takes a charge back: nobody owes it any more, and what was paid goes back.

    Raises:
        BillOfPlatform: The hospital did not open it.
    """
    row = bill_for(bill, actor)
    if not row.reference:
        raise BillOfPlatform
    call_off_bills(bills=[row.public_id], reason=RefundReason.HOSPITAL, actor=actor)


def _claim_of(bill: Bill) -> Mapping[str, Any] | None:
    found = BillClaim.objects.select_related("bill").filter(bill=bill).first()
    return None if found is None else dict(found.told)


@transaction.atomic
def refund_by_hospital(
    *, bill: str, number: str, amount_fen: int | None, is_done: bool, actor: Actor
) -> list[str]:
    """Give money back under the hospital's number, or note that its till gave it back.

    A number that was told before stands for the same refund: asked for and given back are two steps
    of one, and each of them told again changes nothing.

    Args:
        amount_fen: None for everything that is left.
        is_done: The hospital's till gave it back.

    Returns:
        The public ids of the refunds of this number.

    Raises:
        RefundTooMuch: More than is left of what was paid.
        BillNotPaid: Nothing was paid.
        BillOfPlatform: It tops a balance up, and goes back from there.
        RefundByChannel: A channel gives it back, or did, or a balance has it, so the till cannot.
        RefundNotDue: It was given back over the counter.
        RefundNumberTaken: The number stands for another amount.
    """
    row = bill_for(bill, actor)
    if row.subject_type == TOP_UP:
        raise BillOfPlatform
    # Two calls under one number: the second waits, and finds what the first has written.
    settling.hold_of_bill(row)
    found = _known(row, number)
    if found and amount_fen is not None and amount_fen not in _sums(found):
        raise RefundNumberTaken(field="refund_no")
    found = found or _new(row, number, amount_fen, is_done, actor)
    if is_done:
        _hand_out(found, number, actor)
    return [each.public_id for each in found]


def _new(bill: Bill, number: str, amount_fen: int | None, is_done: bool, actor: Actor) -> list[Refund]:
    known = _owed_anyway(bill, amount_fen, is_done)
    for refund in known:
        number_refund(refund=refund.public_id, hospital_ref=number, actor=actor)
    if known:
        return known
    opened = refund_bill(
        bill=bill.public_id,
        amount_fen=amount_fen,
        reason=RefundReason.HOSPITAL,
        hospital_ref=number,
        actor=actor,
    )
    if not opened:
        raise RefundTooMuch(field="amount_fen") if bill.state == BillState.PAID else BillNotPaid
    return list(_rows(bill).filter(public_id__in=opened))


def _owed_anyway(bill: Bill, amount_fen: int | None, is_done: bool) -> list[Refund]:
    """What goes back already, and has no number of the hospital's yet.

    That is so for what was cancelled. What came too late was never money of the bill: it is meant only by
    a till that says that it gave back what it had taken.
    """
    nameless = _rows(bill).filter(hospital_ref="")
    of_bill = nameless.filter(attempt__applied_at__isnull=False)
    if amount_fen is not None:
        due = (nameless if is_done else of_bill).filter(state=RefundState.DUE)
        same = due.filter(amount_fen=amount_fen).first()
        if same is not None:
            return [same]
    going = list(of_bill)
    is_meant = amount_fen is None or amount_fen in _sums(going)
    return going if is_meant and not _left(bill) else []


def _left(bill: Bill) -> int:
    """What of the money that paid the bill is not on its way back."""
    paid = PaymentAttempt.objects.filter(bill=bill, applied_at__isnull=False)
    going = _rows(bill).filter(attempt__applied_at__isnull=False)
    came, goes = (
        rows.aggregate(sum=Sum(field))["sum"] or 0
        for rows, field in ((paid, "captured_fen"), (going, "amount_fen"))
    )
    return int(came - goes)


def _sums(refunds: Sequence[Refund]) -> set[int]:
    """What refunds come to: with what the hospital had taken off itself, and without it."""
    money = [each.amount_fen for each in refunds if each.provider != REDUCTION]
    return {sum(money), sum(each.amount_fen for each in refunds)}


def _known(bill: Bill, number: str) -> list[Refund]:
    return list(_rows(bill).filter(Q(hospital_ref=number) | Q(provider=TILL, channel_ref=number)))


def _rows(bill: Bill) -> "QuerySet[Refund]":
    rows = Refund.objects.filter(bill=bill).exclude(state=RefundState.WITHDRAWN)
    return rows.select_related("attempt__leg").order_by("pk")


def _hand_out(refunds: Sequence[Refund], number: str, actor: Actor) -> None:
    for refund in refunds:
        if refund.provider == TILL and refund.state == RefundState.PAID:
            continue  # told before
        if is_within(refund.provider):
            continue  # the insurer is asked what it gave back, and what the hospital took off nobody paid
        if refund.state != RefundState.DUE:
            raise RefundNotDue if is_by_hand(refund.provider) else RefundByChannel
        hand_out_refund(refund=refund.public_id, provider=TILL, channel_ref=number, actor=actor)
