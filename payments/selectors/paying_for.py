"""What somebody sees who pays another's bill: where, for whom in part, how much; and nothing else."""

from dataclasses import dataclass, field
from datetime import datetime

from foundation.core import clock
from foundation.core.text import mask_name
from mpi import selectors as mpi
from payments.errors import PayLinkNotFound
from payments.models import Bill, PayLink, Refund, Settlement
from payments.providers.within import REDUCTION
from payments.rules import BillState, RefundState
from payments.selectors.paying import Standing, standing


@dataclass(frozen=True, slots=True)
class Asked:
    """A bill as its payer sees it."""

    institution: str
    holder: str = field(repr=False)
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PaidFor:
    """A payment for somebody else.

    Attributes:
        refunded_fen: What goes back to the payer, or went.
        is_owed: Whether the bill can still be paid.
    """

    asked: Asked
    standing: Standing
    ended_at: datetime | None
    refunded_fen: int
    is_owed: bool


def asked_of(bill: Bill) -> Asked:
    """What whoever opened a link of the bill may see."""
    return Asked(
        institution=bill.institution.short_name,
        holder=mask_name(mpi.particulars(bill.person_id).name),
        amount_fen=bill.due_fen,
    )


def paid_for(*, account: str, settlement_id: str) -> PaidFor:
    """A payment that the account has begun for somebody else.

    Raises:
        PayLinkNotFound: It is not the account's.
    """
    rows = Settlement.objects.select_related("bill__institution").filter(online=True, payer=account)
    row = rows.filter(public_id=settlement_id).first()
    if row is None:
        raise PayLinkNotFound
    refunds = Refund.objects.filter(attempt__leg__settlement=row).exclude(state=RefundState.WITHDRAWN)
    refunds = refunds.exclude(provider=REDUCTION)  # nobody had paid it
    return PaidFor(
        asked=asked_of(row.bill),
        standing=standing(row),
        ended_at=row.ended_at,
        refunded_fen=sum(refunds.values_list("amount_fen", flat=True)),
        is_owed=row.bill.state == BillState.OPEN,
    )


def link_ends_at(bill_id: str) -> datetime | None:
    """Until when the link of a bill is good; none where there is none. The caller has checked whose it is."""
    rows = PayLink.objects.filter(bill__public_id=bill_id, ended_at=None, expires_at__gt=clock.now())
    return rows.values_list("expires_at", flat=True).first()
