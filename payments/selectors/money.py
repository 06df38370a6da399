"""What came and went of bills in money: without what a hospital took off, for which nobody paid.

The books count a reduction like any part of a bill; whoever reads what was paid, or goes back, does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from payments.models import Bill, Refund
from payments.providers.within import REDUCTION
from payments.rules import BillState, RefundState


@dataclass(frozen=True, slots=True)
class Money:
    """What arrived of a bill, what of it goes back or went, and what of that has gone, in fen."""

    captured_fen: int
    refund_fen: int
    refunded_fen: int


def money_of(row: Bill) -> Money:
    """The money of one bill."""
    return money_of_many([row])[row.pk]


def money_of_many(rows: Sequence[Bill]) -> Mapping[int, Money]:
    """The money of bills, by their keys."""
    found = {row.pk: Money(row.captured_fen, row.refund_fen, row.refunded_fen) for row in rows}
    reduced = {row.pk: row for row in rows if row.reduction_fen and row.state == BillState.PAID}
    going: dict[int, list[tuple[str, int]]] = {pk: [] for pk in reduced}
    # Most bills have no reduction, and nothing is asked then.
    if reduced:
        refunds = Refund.objects.filter(bill__in=reduced, provider=REDUCTION)
        for bill, state, amount in refunds.exclude(state=RefundState.WITHDRAWN).values_list(
            "bill", "state", "amount_fen"
        ):
            going[bill].append((state, amount))
    for pk, row in reduced.items():
        found[pk] = Money(
            row.captured_fen - row.reduction_fen,
            row.refund_fen - sum(amount for _state, amount in going[pk]),
            row.refunded_fen - sum(amount for state, amount in going[pk] if state == RefundState.PAID),
        )
    return found
