"""Finding an order by whatever number somebody has in hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core.actor import Actor
from foundation.core.text import mask_name
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from payments.errors import BillNotFound
from payments.models import Bill
from payments.providers.cash import TILL
from payments.rules import is_number
from payments.selectors.desk import visible_attempts, visible_bills, visible_refunds
from payments.selectors.resident import KINDS

MOST_FOUND = 20
SHORTEST, LONGEST = 4, 64


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """A bill in a list of what was found; the name is masked."""

    row: Bill
    holder: str = field(repr=False)

    @property
    def state_kind(self) -> str:
        """The tone of the state."""
        return KINDS[self.row.state]  # type: ignore[index]


def orders_by_number(*, text: str, actor: Actor) -> Sequence[FoundOrder]:
    """The orders of the actor's institutions that a number belongs to, the latest first.

    Args:
        text: Of a bill, of our order or refund, the channel's, or the hospital's; written in full.
    """
    require(actor, Duty.SEE_BILLS)
    wanted = text.strip().replace(" ", "")
    if is_number(wanted):
        return _found(Q(number=wanted), actor, "bill")
    if not SHORTEST <= len(wanted) <= LONGEST:
        return []
    return _found(Q(pk__in=_bills_with(wanted, actor)), actor, "number")


def orders_of_person(*, person_pk: int, actor: Actor) -> Sequence[FoundOrder]:
    """The orders of a patient at the actor's institution, the latest first; the card was read before."""
    require(actor, Duty.SEE_BILLS)
    return _found(Q(person__in=mpi.cluster(person_pk)), actor, "card")


def order_for(*, bill: str, actor: Actor) -> FoundOrder:
    """One order.

    Raises:
        BillNotFound: There is none at the actor's institutions.
    """
    require(actor, Duty.SEE_BILLS)
    row = visible_bills(actor).filter(public_id=bill).first()
    if row is None:
        raise BillNotFound
    return _named([row])[0]


def _found(which: Q, actor: Actor, by: str) -> Sequence[FoundOrder]:
    rows = list(visible_bills(actor).filter(which).order_by("-pk")[:MOST_FOUND])
    audit.record(
        Action.BILL_SEARCHED,
        actor=actor,
        subject=("payments.Bill", rows[0].public_id if len(rows) == 1 else ""),
        details={"kind": by, "count": len(rows)},
    )
    return _named(rows)


def _named(rows: Sequence[Bill]) -> Sequence[FoundOrder]:
    names = mpi.particulars_many({row.person_id for row in rows})
    return [
        FoundOrder(row, mask_name(names[row.person_id].name) if row.person_id in names else "")
        for row in rows
    ]


def _bills_with(number: str, actor: Actor) -> set[int]:
    """Each kind of number by its own index, among what the actor may see: hospitals use the same numbers."""
    till = f"{actor.institution}:{number}"
    bills, attempts, refunds = visible_bills(actor), visible_attempts(actor), visible_refunds(actor)
    found: set[int] = set()
    for rows in (
        bills.filter(public_id=number).values_list("pk"),
        bills.filter(reference=number).exclude(reference="").values_list("pk"),
        bills.filter(receipt=number).exclude(receipt="").values_list("pk"),
        attempts.filter(public_id=number).values_list("bill"),
        attempts.filter(channel_ref=number).exclude(channel_ref="").values_list("bill"),
        attempts.filter(provider=TILL, channel_ref=till).values_list("bill"),
        refunds.filter(public_id=number).values_list("bill"),
        refunds.filter(channel_ref=number).exclude(channel_ref="").values_list("bill"),
        refunds.filter(hospital_ref=number).exclude(hospital_ref="").values_list("bill"),
    ):
        found |= {bill for (bill,) in rows.order_by("-pk")[:MOST_FOUND]}
    return found
