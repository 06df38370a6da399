"""Balances as the staff of an institution see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet, Sum

from foundation.core.actor import Actor
from foundation.core.text import mask_name, mask_number
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from payments.errors import BalanceNotFound, BillNotFound
from payments.models import Bill, PrepaidAccount, PrepaidDeposit
from payments.rules import TOP_UP, PrepaidKind, PrepaidState
from payments.selectors.desk import open_bills_of
from payments.services.prepaid import usable


@dataclass(frozen=True, slots=True)
class DeskPurse:
    """A balance at the window; name and certificate are masked.

    Attributes:
        here_fen: What of it was topped up at this hospital, and can be given back here.
    """

    row: PrepaidAccount
    holder: str = field(repr=False)
    id_number: str = field(repr=False)
    here_fen: int

    @property
    def label(self) -> str:
        """What it is for."""
        return " · ".join(filter(None, (str(PrepaidKind(self.row.kind).label), self.row.visit)))

    @property
    def is_frozen(self) -> bool:
        """Whether nothing can be done with it."""
        return self.row.state == PrepaidState.FROZEN


def visible_balances(actor: Actor) -> "QuerySet[PrepaidAccount]":
    """The balances that the actor may see: the centre all; an institution those that it has to do with."""
    rows = PrepaidAccount.objects.select_related("institution")
    if not actor.institution:
        return rows
    mine = actor.institution
    return rows.filter(
        Q(institution__public_id=mine)
        | Q(pk__in=PrepaidDeposit.objects.filter(bill__institution__public_id=mine).values("account"))
        | Q(pk__in=PrepaidAccount.objects.filter(legs__settlement__bill__institution__public_id=mine))
    )


def purse_at_desk(*, account: str, actor: Actor) -> DeskPurse:
    """A balance whose holder's card was read at this window.

    Raises:
        BalanceNotFound: There is none, or it is of a stay in another hospital.
    """
    require(actor, Duty.TAKE_CASH)
    row = PrepaidAccount.objects.select_related("institution").filter(public_id=account).first()
    if row is None or (row.institution is not None and row.institution.public_id != actor.institution):
        raise BalanceNotFound
    data = mpi.particulars(row.person_id)
    here = PrepaidDeposit.objects.filter(account=row, bill__institution__public_id=actor.institution)
    return DeskPurse(
        row=row,
        holder=mask_name(data.name),
        id_number=mask_number(data.id_number),
        here_fen=here.aggregate(sum=Sum("left_fen"))["sum"] or 0,
    )


def bills_of_purse(*, purse: DeskPurse, actor: Actor) -> Sequence[Bill]:
    """What the holder owes this hospital and can pay from a balance; nothing while there is none."""
    if purse.is_frozen or not purse.row.balance_fen:
        return []
    found = open_bills_of(person_pk=purse.row.person_id, actor=actor)
    return [bill for bill in found if bill.subject_type != TOP_UP]


def bill_of_purse(*, purse: DeskPurse, bill: str, actor: Actor) -> Bill:
    """One of these.

    Raises:
        BillNotFound: It is of somebody else, or of another hospital, or nobody owes it.
    """
    found = next((row for row in bills_of_purse(purse=purse, actor=actor) if row.public_id == bill), None)
    if found is None:
        raise BillNotFound
    return found


def usable_at_desk(*, bill: Bill) -> int:
    """How much of a bill the balances of its person cover."""
    return min(bill.due_fen, sum(row.balance_fen for row in usable(bill=bill)))
