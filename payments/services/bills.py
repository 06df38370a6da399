"""Bills: opened, cancelled, expired, called off together.

A bill opens nothing outside, so that other rooms open and cancel theirs in the transaction of what
is paid for.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import NotFound
from foundation.events import services as events
from institutions import selectors as institutions
from mpi import selectors as mpi
from payments.errors import BillEmpty, BillNotOpen, BillNotPaid, BillTaken
from payments.events import BillCancelled, BillExpired, BillOpened
from payments.insurance.claims import check_claim
from payments.models import Bill, BillClaim, BillItem
from payments.rules import BillState, RefundReason, new_number
from payments.scope import bill_for, facts, ref_of
from payments.services import balances
from payments.services.called_off import note_called_off
from payments.services.owing import owe_back
from payments.types import BillRef, Charge

CLOCK = Actor.system("bill-expiry")
BATCH = 500
# Random numbers meet now and then; several times in a row they do not.
NUMBER_TRIES = 5


@transaction.atomic
def open_bill(
    *,
    subject: tuple[str, str],
    person_pk: int,
    institution: str,
    items: Sequence[Charge],
    expires_at: datetime | None,
    reference: str = "",
    reduction_fen: int = 0,
    claim: Mapping[str, Any] | None = None,
    actor: Actor,
) -> BillRef:
    """Open what a person owes for one thing.

    Args:
        subject: What is paid for: its type and public id (``("appointments.Booking", "9v1…")``).
        institution: Public id of the institution that is owed.
        expires_at: Until when it can be paid; None where it stays until it is cancelled.
        reference: The hospital's own number of the bill, where it has one.
        reduction_fen: What the hospital takes off the total.
        claim: What an insurance needs to pay a part, as ``insurance.claims.CLAIM``.

    Raises:
        BillEmpty: The lines come to nothing, or everything is taken off.
        ClaimWrong: The lines for the insurance are not the bill.
        BillTaken: The subject, or the hospital's number, has a live bill.
    """
    total = sum(item.amount_fen for item in items)
    if (
        total <= reduction_fen
        or reduction_fen < 0
        or any(item.amount_fen < 0 or not item.title.strip() for item in items)
    ):
        raise BillEmpty(field="items")
    if claim is not None:
        check_claim(claim, total)
    place = institutions.visible(CLOCK).filter(public_id=institution).first()
    if place is None:
        raise NotFound
    bill = _numbered(
        Bill(
            institution=place,
            person_id=person_pk,
            person_ref=mpi.public_id_of(person_pk),
            subject_type=subject[0],
            subject_id=subject[1],
            reference=reference,
            total_fen=total,
            reduction_fen=reduction_fen,
            created_at=clock.now(),
            expires_at=expires_at,
        )
    )
    BillItem.objects.bulk_create(
        BillItem(
            bill=bill,
            place=place_,
            category=item.category,
            title=item.title.strip(),
            quantity=item.quantity,
            amount_fen=item.amount_fen,
        )
        for place_, item in enumerate(items, 1)
    )
    if claim is not None:
        BillClaim.objects.create(bill=bill, told=dict(claim))
    audit.record(
        Action.BILL_OPENED,
        actor=actor,
        subject=bill,
        institution=institution,
        details={"amount_fen": total, "kind": subject[0]},
    )
    events.publish(BillOpened(**facts(bill)))
    return ref_of(bill)


@transaction.atomic
def cancel_bill(*, bill: str, reason: RefundReason, actor: Actor) -> None:
    """Cancel a bill that nobody has paid.

    Raises:
        BillNotOpen: It was paid, or is closed already.
    """
    row = bill_for(bill, actor)
    moment = clock.now()
    moved = Bill.objects.filter(pk=row.pk, state=BillState.OPEN).update(
        state=BillState.CANCELLED, closed_at=moment
    )
    if not moved:
        raise BillNotOpen
    audit.record(
        Action.BILL_CANCELLED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
        details={"purpose": reason.value},
    )
    events.publish(BillCancelled(**facts(row)))


@transaction.atomic
def call_off_bills(*, bills: Sequence[str], reason: RefundReason, actor: Actor) -> int:
    """End the bills of what will not take place: the open are cancelled, the paid are given back.

    Whatever state a bill is in, afterwards nobody owes it and nothing of it is kept. A bill that was
    called off before is left alone. The caller has checked that the actor may end what is paid for.

    Returns:
        How many were open.
    """
    moment = clock.now()
    rows = list(
        Bill.objects.select_for_update(of=("self",), no_key=True)
        .select_related("institution")
        .filter(public_id__in=bills, state__in=(BillState.OPEN, BillState.PAID))
        .order_by("pk")
    )
    waiting = [row for row in rows if row.state == BillState.OPEN]
    Bill.objects.filter(pk__in=[row.pk for row in waiting]).update(
        state=BillState.CANCELLED, closed_at=moment
    )
    audit.record_many(
        audit.Entry(
            Action.BILL_CANCELLED,
            actor,
            audit.subject_of(row),
            institution=row.institution.public_id,
            details={"purpose": reason.value},
        )
        for row in waiting
    )
    events.publish_many(BillCancelled(**facts(row)) for row in waiting)
    balances.hold_of_bills(bills=[row.pk for row in rows])
    opened = {
        row.pk: owe_back(bill=row, amount_fen=None, reason=reason, actor=actor)
        for row in rows
        if row.state == BillState.PAID
    }
    if reason is RefundReason.STOPPED:
        note_called_off(bills=rows, refunds=opened, reason=reason, actor=actor)
    return len(waiting)


@transaction.atomic
def note_receipt(*, bill: str, receipt: str, actor: Actor) -> None:
    """Keep the hospital's own number of its receipt for a bill that was paid.

    Raises:
        BillNotPaid: It was not.
    """
    row = bill_for(bill, actor)
    if not Bill.objects.filter(pk=row.pk, state=BillState.PAID).update(receipt=receipt):
        raise BillNotPaid
    audit.record(
        Action.BILL_RECEIPTED,
        actor=actor,
        subject=row,
        institution=row.institution.public_id,
    )


@transaction.atomic
def expire_bills() -> int:
    """End the bills whose time is over; a bill that somebody pays at this moment is passed over."""
    moment = clock.now()
    rows = list(
        Bill.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("institution")
        .filter(state=BillState.OPEN, expires_at__lte=moment)
        .order_by("expires_at")[:BATCH]
    )
    Bill.objects.filter(pk__in=[row.pk for row in rows]).update(state=BillState.EXPIRED, closed_at=moment)
    audit.record_many(
        audit.Entry(Action.BILL_EXPIRED, CLOCK, audit.subject_of(row), institution=row.institution.public_id)
        for row in rows
    )
    events.publish_many(BillExpired(**facts(row)) for row in rows)
    return len(rows)


def _numbered(bill: Bill) -> Bill:
    """Save the bill under a number that nobody has."""
    for _try in range(NUMBER_TRIES):
        bill.number = new_number()
        if Bill.objects.filter(number=bill.number).exists():
            continue
        try:
            with transaction.atomic():
                bill.save(force_insert=True)
        except IntegrityError as exc:
            raise BillTaken from exc
        return bill
    raise BillTaken
