"""What a suspension did to its bills, kept where staff look for it: beside the runs that they begin."""

from collections.abc import Iterable, Mapping, Sequence

from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from payments.models import Bill, BulkRefund, BulkRefundRow, BulkState, Refund, RowState
from payments.rules import BillState, RefundReason


def note_called_off(
    *, bills: Sequence[Bill], refunds: Mapping[int, Sequence[str]], reason: RefundReason, actor: Actor
) -> None:
    """Write down, within a suspension's own transaction, what it did to its bills."""
    moment = clock.now()
    amounts = _amounts(one for opened in refunds.values() for one in opened)
    for place in {bill.institution_id for bill in bills}:
        mine = [bill for bill in bills if bill.institution_id == place]
        bulk = BulkRefund.objects.create(
            institution_id=place,
            state=BulkState.DONE,
            reason=reason,
            asked_by=actor.id if actor.kind is ActorKind.STAFF else "",
            created_at=moment,
            ended_at=moment,
        )
        BulkRefundRow.objects.bulk_create(
            BulkRefundRow(
                bulk=bulk,
                place=position,
                number=bill.number,
                bill=bill,
                state=_outcome(bill, refunds.get(bill.pk, ())),
                refunds=list(refunds.get(bill.pk, ())),
                amount_fen=sum(amounts[one] for one in refunds.get(bill.pk, ())),
                done_at=moment,
            )
            for position, bill in enumerate(mine, 1)
        )


def _outcome(bill: Bill, refunds: Sequence[str]) -> RowState:
    if bill.state == BillState.OPEN:
        return RowState.CANCELLED
    return RowState.REFUNDED if refunds else RowState.NOTHING


def _amounts(refunds: Iterable[str]) -> Mapping[str, int]:
    return dict(Refund.objects.filter(public_id__in=list(refunds)).values_list("public_id", "amount_fen"))
