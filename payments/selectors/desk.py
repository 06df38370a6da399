"""Bills as the staff of an institution see them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet, Sum

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.core.money import yuan
from foundation.core.text import mask_name, mask_number
from institutions import selectors as institutions
from institutions.rules import Duty
from institutions.services import require
from mpi import selectors as mpi
from payments.errors import BillNotFound
from payments.models import (
    Bill,
    BulkRefund,
    Channel,
    InsuranceOrder,
    InsurerSetup,
    LedgerEntry,
    PaymentAttempt,
    PostingRule,
    Refund,
    Suspense,
    WriteBack,
)
from payments.providers import is_by_hand, label_of
from payments.providers.within import REDUCTION
from payments.rules import BillState, LegKind, RefundState, spaced
from payments.selectors.parts import Section, ShownLeg, legs_of, sections_of, ways_of
from payments.selectors.resident import KINDS, cash_of, lines_of
from payments.types import Charge

MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class WaitingRefund:
    """A refund that waits to be given back."""

    refund_id: str
    bill_id: str
    number: str
    holder: str = field(repr=False)
    reason: str
    way: str
    amount_fen: int
    opened_at: datetime
    by_hand: bool

    @property
    def amount_yuan(self) -> str:
        """The amount as people read it."""
        return yuan(self.amount_fen)

    @property
    def number_spaced(self) -> str:
        """The number of the bill as it is read out."""
        return spaced(self.number)


@dataclass(frozen=True, slots=True)
class RefundPage:
    """Some refunds that wait, and where the newer ones begin (empty at the end)."""

    rows: Sequence[WaitingRefund]
    newer: str


@dataclass(frozen=True, slots=True)
class DeskBill:
    """A bill at the window; name and certificate are masked, as on every page of the window.

    Attributes:
        left_fen: What of the money that was paid is not on its way back.
    """

    row: Bill
    holder: str = field(repr=False)
    id_number: str = field(repr=False)
    institution: str
    lines: Sequence[Charge]
    attempt: PaymentAttempt | None
    way: str
    refunds: Sequence[WaitingRefund]
    legs: Sequence[ShownLeg] = ()
    left_fen: int = 0

    @property
    def is_open(self) -> bool:
        """Whether money can be taken for it now."""
        return self.row.state == BillState.OPEN and not (
            self.row.expires_at and self.row.expires_at <= clock.now()
        )

    @property
    def is_paid(self) -> bool:
        """Whether there is a receipt to print."""
        return self.row.state == BillState.PAID

    @property
    def state_label(self) -> str:
        """The state in one word."""
        return str(self._state.label)

    @property
    def state_kind(self) -> str:
        """The tone of the state."""
        return KINDS[self._state]

    @property
    def _state(self) -> BillState:
        state = BillState(self.row.state)
        return BillState.EXPIRED if state is BillState.OPEN and not self.is_open else state

    @property
    def sections(self) -> Sequence[Section]:
        """The lines by category."""
        return sections_of(self.lines)

    @property
    def refunded_fen(self) -> int:
        """What of the money has gone back."""
        return sum(leg.refunded_fen for leg in self.legs if leg.kind != LegKind.REDUCTION)

    @property
    def change_fen(self) -> int | None:
        """What goes back over the counter."""
        if self.attempt is None or self.attempt.received_fen is None:
            return None
        return self.attempt.received_fen - self.attempt.amount_fen


def visible_bills(actor: Actor) -> "QuerySet[Bill]":
    """The bills that the actor may see."""
    return institutions.scope(Bill.objects.select_related("institution"), actor)


def visible_attempts(actor: Actor) -> "QuerySet[PaymentAttempt]":
    """The payments that the actor may see."""
    rows = PaymentAttempt.objects.select_related("bill__institution")
    return institutions.scope(rows, actor, path="bill__institution__public_id")


def visible_refunds(actor: Actor) -> "QuerySet[Refund]":
    """The refunds that the actor may see."""
    rows = Refund.objects.select_related("bill__institution", "attempt")
    return institutions.scope(rows, actor, path="bill__institution__public_id")


def visible_entries(actor: Actor) -> "QuerySet[LedgerEntry]":
    """The entries of the ledger that the actor may see."""
    return institutions.scope(LedgerEntry.objects.select_related("institution", "bill", "refund"), actor)


def visible_channels(actor: Actor) -> "QuerySet[Channel]":
    """The channels that the actor may see."""
    return institutions.scope(Channel.objects.select_related("institution"), actor)


def visible_insurer_setups(actor: Actor) -> "QuerySet[InsurerSetup]":
    """The set-ups at insurers that the actor may see."""
    return institutions.scope(InsurerSetup.objects.select_related("institution"), actor)


def visible_insurance_orders(actor: Actor) -> "QuerySet[InsuranceOrder]":
    """The orders at insurers that the actor may see."""
    rows = InsuranceOrder.objects.select_related("bill__institution", "setup")
    return institutions.scope(rows, actor, path="bill__institution__public_id")


def visible_bulk_refunds(actor: Actor) -> "QuerySet[BulkRefund]":
    """The runs over many bills that the actor may see."""
    return institutions.scope(BulkRefund.objects.select_related("institution"), actor)


def visible_suspense(actor: Actor) -> "QuerySet[Suspense]":
    """The unclaimed money that the actor may see."""
    rows = Suspense.objects.select_related("channel__institution")
    return institutions.scope(rows, actor, path="channel__institution__public_id")


def visible_write_backs(actor: Actor) -> "QuerySet[WriteBack]":
    """What hospitals are to post, as far as the actor may see it."""
    rows = WriteBack.objects.select_related("bill__institution")
    return institutions.scope(rows, actor, path="bill__institution__public_id")


def visible_posting_rules(actor: Actor) -> "QuerySet[PostingRule]":
    """The rules of posting that the actor may see."""
    return institutions.scope(PostingRule.objects.select_related("institution"), actor)


def bill_by_number(*, number: str, actor: Actor) -> str:
    """The public id of the bill of the cashier's institution with this number.

    Raises:
        BillNotFound: There is none.
    """
    require(actor, Duty.TAKE_CASH)
    found = visible_bills(actor).filter(number=number).values_list("public_id", flat=True).first()
    if found is None:
        raise BillNotFound(field="code")
    return found


def open_bills_of(*, person_pk: int, actor: Actor) -> Sequence[Bill]:
    """What a person owes the cashier's institution, the oldest first."""
    require(actor, Duty.TAKE_CASH)
    rows = visible_bills(actor).filter(person__in=mpi.cluster(person_pk), state=BillState.OPEN)
    return list(rows.exclude(expires_at__lte=clock.now()).order_by("pk")[:MOST_FOUND])


def bill_at_desk(*, bill: str, actor: Actor) -> DeskBill:
    """A bill of the institution with what a cashier has to see.

    Raises:
        BillNotFound: There is none at this institution.
    """
    require(actor, Duty.TAKE_CASH)
    row = visible_bills(actor).filter(public_id=bill).first()
    if row is None:
        raise BillNotFound
    data = mpi.particulars(row.person_id)
    legs = legs_of(row)
    return DeskBill(
        row=row,
        holder=mask_name(data.name),
        id_number=mask_number(data.id_number),
        institution=row.institution.name,
        lines=lines_of(row),
        attempt=cash_of(row),
        way=ways_of(legs),
        refunds=waiting_refunds(actor=actor, bill=row.public_id),
        legs=legs,
        left_fen=money_left(bill=row),
    )


def money_left(*, bill: Bill) -> int:
    """What people and insurances paid of a bill, and what is not on its way back.

    What the hospital took off is no money: nobody paid it, and nobody is given it.
    """
    paid = PaymentAttempt.objects.filter(bill=bill, applied_at__isnull=False).exclude(provider=REDUCTION)
    going = Refund.objects.filter(attempt__in=paid).exclude(state=RefundState.WITHDRAWN)
    came, goes = paid.aggregate(sum=Sum("captured_fen")), going.aggregate(sum=Sum("amount_fen"))
    return (came["sum"] or 0) - (goes["sum"] or 0)


def waiting_refunds(*, actor: Actor, bill: str = "") -> Sequence[WaitingRefund]:
    """What the institution has to give back, the oldest first, as far as it fits beside a bill."""
    rows = _waiting_rows(actor)
    if bill:
        rows = rows.filter(bill__public_id=bill)
    return _waiting(list(rows.order_by("pk")[:MOST_FOUND]))


def refund_to_hand_out(*, refunds: Sequence[str]) -> str:
    """The one of some refunds that somebody goes on with; empty if all of them have gone back.

    What people hand out comes first; what a channel gives back is looked at after.
    """
    rows = Refund.objects.filter(public_id__in=refunds, state=RefundState.DUE).exclude(provider=REDUCTION)
    waiting = sorted(rows, key=lambda row: (not is_by_hand(row.provider), row.pk))
    return waiting[0].public_id if waiting else ""


def _waiting_rows(actor: Actor) -> "QuerySet[Refund]":
    # What the hospital had taken off nobody gets.
    return visible_refunds(actor).filter(state=RefundState.DUE).exclude(provider=REDUCTION)


def _waiting(found: Sequence[Refund]) -> Sequence[WaitingRefund]:
    names = mpi.particulars_many({row.bill.person_id for row in found})
    return [
        WaitingRefund(
            refund_id=row.public_id,
            bill_id=row.bill.public_id,
            number=row.bill.number,
            holder=mask_name(names[row.bill.person_id].name) if row.bill.person_id in names else "",
            reason=row.get_reason_display(),
            way=label_of(row.provider),
            amount_fen=row.amount_fen,
            opened_at=row.opened_at,
            by_hand=is_by_hand(row.provider),
        )
        for row in found
    ]


def refund_at_desk(*, refund: str, actor: Actor) -> WaitingRefund:
    """One refund that waits.

    Raises:
        BillNotFound: There is none, or it has been given back.
    """
    require(actor, Duty.REFUND)
    row = visible_refunds(actor).filter(public_id=refund, state=RefundState.DUE).first()
    if row is None:
        raise BillNotFound
    return _waiting([row])[0]


def due_refunds(*, actor: Actor, after: str = "") -> RefundPage:
    """The work list of refunds, the oldest first.

    Args:
        after: ``newer`` of the page before; empty for the first.

    Raises:
        InvalidInput: If ``after`` is no refund of the institution.
    """
    require(actor, Duty.REFUND)
    rows = _waiting_rows(actor)
    if after:
        # The last one of the page before may have been given back meanwhile.
        last = visible_refunds(actor).filter(public_id=after).values_list("pk", flat=True).first()
        if last is None:
            raise InvalidInput(field="after")
        rows = rows.filter(pk__gt=last)
    found = list(rows.order_by("pk")[: MOST_FOUND + 1])
    newer = found[MOST_FOUND - 1].public_id if len(found) > MOST_FOUND else ""
    return RefundPage(_waiting(found[:MOST_FOUND]), newer)
