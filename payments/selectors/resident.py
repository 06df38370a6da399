"""Bills as residents see them: their own, and of those for whom they act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from foundation.core.money import yuan
from gmcrypto.fields import prefetch_keys
from identity import selectors as identity
from identity.rules import Deed, guardian_may, may
from identity.types import Acting, Relation
from institutions import selectors as institutions
from mpi import selectors as mpi
from payments.errors import BillNotFound
from payments.models import Bill, BillItem, PaymentAttempt, Settlement
from payments.rules import AWAITED, TOP_UP, AttemptState, BillState, Category, SettlementState, spaced
from payments.selectors.money import Money, money_of, money_of_many
from payments.selectors.parts import (
    Section,
    ShownLeg,
    ShownRefund,
    legs_of,
    refunds_of,
    sections_of,
    ways_of,
)
from payments.types import Charge

KINDS = {
    BillState.OPEN: "waiting",
    BillState.PAID: "done",
    BillState.EXPIRED: "neutral",
    BillState.CANCELLED: "neutral",
}
MOST_OPEN = 20
# Bills that a hospital's system charged; their lines say what was done.
HOSPITAL = "hospital."


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom a bill is, as the account sees it.

    Attributes:
        name: In full for somebody else, so that one of several children is not taken for another.
        reads_charges: Whether the account may read what was charged for.
    """

    person_id: str
    is_self: bool
    name: str = field(repr=False)
    relation_word: str
    reads_charges: bool


@dataclass(frozen=True, slots=True)
class ShownBill:
    """A bill as its reader sees it.

    Attributes:
        captured_fen, refund_fen, refunded_fen: Of money. What the hospital took off nobody paid or gets back.
        lines: What was charged for; without their own words where the reader may not read those.
        legs: The parts in which it was paid; none while it was not.
        way: How it was paid, in words; empty while it was not.
        received_fen, change_fen: What was handed over and what came back, where cash was paid.
        payer: The masked name of who paid, where that was not the person.
    """

    bill_id: str
    number: str
    institution: str
    whom: Whom
    state: BillState
    total_fen: int
    reduction_fen: int
    captured_fen: int
    refund_fen: int
    refunded_fen: int
    subject_type: str
    subject_id: str
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    receipt: str
    lines: Sequence[Charge] = ()
    refunds: Sequence[ShownRefund] = ()
    legs: Sequence[ShownLeg] = ()
    way: str = ""
    received_fen: int | None = None
    change_fen: int | None = None
    payer: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it can be paid."""
        return self.state is BillState.OPEN

    @property
    def is_paid(self) -> bool:
        """Whether it was paid, and there is a receipt."""
        return self.state is BillState.PAID

    @property
    def state_label(self) -> str:
        """The state in one word."""
        return str(self.state.label)

    @property
    def state_kind(self) -> str:
        """The tone of the state."""
        return KINDS[self.state]

    @property
    def due_yuan(self) -> str:
        """What is to be paid, as people read it."""
        return yuan(self.due_fen)

    @property
    def number_spaced(self) -> str:
        """The number as it is read out."""
        return spaced(self.number)

    @property
    def is_hospitals(self) -> bool:
        """Whether a hospital's system charged it, and its lines say what was done."""
        return self.subject_type.startswith(HOSPITAL)

    @property
    def sections(self) -> Sequence[Section]:
        """The lines by category."""
        return sections_of(self.lines)

    @property
    def is_mixed(self) -> bool:
        """Whether it was paid in several parts."""
        return len(self.legs) > 1

    @property
    def waits_at_window(self) -> bool:
        """Whether money lies at the window to be fetched."""
        return any(refund.to_fetch for refund in self.refunds)

    @property
    def tag(self) -> tuple[str, str]:
        """State and tone as a list tells them, with what goes back of it."""
        kept = self.captured_fen - self.refund_fen
        if self.refunded_fen < self.refund_fen:
            return str(_("退款中")), "waiting"
        if not self.is_paid or kept >= self.due_fen:
            return self.state_label, self.state_kind
        return str(_("部分退款") if kept else _("已退款")), "neutral"

    @property
    def due_fen(self) -> int:
        """What is to be paid: the total without what the hospital takes off."""
        return self.total_fen - self.reduction_fen

    @property
    def title(self) -> str:
        """Where it is owed, and for whom where that is not the reader."""
        return self.institution if self.whom.is_self else f"{self.institution} · {self.whom.name}"


def open_bills(*, account_pk: int) -> Sequence[ShownBill]:
    """What is still to be paid, the most urgent first."""
    people = people_of(account_pk)
    rows = bills_for(people).filter(state=BillState.OPEN).exclude(expires_at__lte=clock.now())
    # A top-up that somebody has begun and left is no debt.
    rows = rows.exclude(subject_type=TOP_UP)
    return shown(list(rows.order_by("expires_at", "pk")[:MOST_OPEN]), people)


def bill_of(*, account_pk: int, bill_id: str) -> ShownBill:
    """One bill with its lines and refunds.

    Raises:
        BillNotFound: Also for one of somebody for whom the account does not pay.
    """
    people = people_of(account_pk)
    row = bills_for(people).filter(public_id=bill_id).first()
    if row is None:
        raise BillNotFound
    whom = people[row.person_id]
    cash, legs = cash_of(row), legs_of(row)
    return _told(
        row,
        institutions.names([row.institution.public_id])[row.institution.public_id],
        whom,
        money_of(row),
        lines=_lines(row, whom),
        refunds=refunds_of(row),
        legs=legs,
        way=ways_of(legs),
        received_fen=cash.received_fen if cash else None,
        change_fen=(cash.received_fen or 0) - cash.amount_fen if cash else None,
        payer=payer_of(row),
    )


def full_name_of(shown: ShownBill) -> str:
    """The full name of the hospital of a bill, as it stands on its letterhead."""
    row = Bill.objects.select_related("institution").get(public_id=shown.bill_id)
    return row.institution.name


def bill_ids_of(person_pk: int) -> list[str]:
    """Public ids of a person's bills, for a reader who has been checked."""
    return list(Bill.objects.filter(person__in=mpi.cluster(person_pk)).values_list("public_id", flat=True))


def payment_under_way(bill_id: str) -> str:
    """Public id of the online payment of a bill that is awaited; the caller has checked whose it is.

    Raises:
        BillNotFound: There is none.
    """
    rows = Settlement.objects.filter(bill__public_id=bill_id, online=True, state__in=AWAITED)
    found = rows.values_list("public_id", flat=True).first()
    if found is None:
        raise BillNotFound
    return found


def people_of(account_pk: int) -> Mapping[int, Whom]:
    """For whom the account may pay, by anchor."""
    acting = [one for one in identity.persons_of(account_pk) if _pays(one)]
    known = mpi.particulars_many(one.person_pk for one in acting)
    held = {
        one.person_pk: Whom(
            person_id=one.person_id,
            is_self=one.relation == Relation.SELF,
            name=known[one.person_pk].name,
            relation_word=str(Relation(one.relation).label),
            reads_charges=_may(one, Deed.READ_CHARGES),
        )
        for one in acting
        if one.person_pk in known
    }
    return {anchor: held[root] for root, anchors in mpi.clusters(held).items() for anchor in anchors}


def _pays(acting: Acting) -> bool:
    return _may(acting, Deed.PAY_BILL)


def _may(acting: Acting, deed: Deed) -> bool:
    if not may(acting.level, deed):
        return False
    return acting.relation == Relation.SELF or guardian_may(deed, is_by_consent=acting.is_by_consent)


def bills_for(people: Mapping[int, Whom]) -> "QuerySet[Bill]":
    """The bills of these people."""
    return Bill.objects.filter(person__in=list(people)).select_related("institution")


def shown(rows: Sequence[Bill], people: Mapping[int, Whom]) -> Sequence[ShownBill]:
    """Bills without their lines and parts, as a list needs them."""
    names = institutions.names(row.institution.public_id for row in rows)
    money = money_of_many(rows)
    return [
        _told(row, names[row.institution.public_id], people[row.person_id], money[row.pk]) for row in rows
    ]


def _told(row: Bill, institution: str, whom: Whom, money: Money, **more: object) -> ShownBill:
    state = BillState(row.state)
    if state is BillState.OPEN and row.expires_at and row.expires_at <= clock.now():
        state = BillState.EXPIRED
    return ShownBill(
        bill_id=row.public_id,
        number=row.number,
        institution=institution,
        whom=whom,
        state=state,
        total_fen=row.total_fen,
        reduction_fen=row.reduction_fen,
        captured_fen=money.captured_fen,
        refund_fen=money.refund_fen,
        refunded_fen=money.refunded_fen,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        receipt=row.receipt,
        **more,  # type: ignore[arg-type]
    )


def cash_of(row: Bill) -> PaymentAttempt | None:
    """The cash by which a bill, or the rest of it, was paid at a window."""
    if row.state != BillState.PAID:
        return None
    rows = PaymentAttempt.objects.filter(bill=row, state=AttemptState.CAPTURED, applied_at=row.paid_at)
    return rows.filter(received_fen__isnull=False).first()


def payer_of(row: Bill) -> str:
    """The masked name of who paid a bill online, where that was not the person; else empty."""
    settled = Settlement.objects.filter(bill=row, state=SettlementState.SETTLED).exclude(payer="")
    payer = settled.values_list("payer", flat=True).first()
    if payer is None or (payer, Relation.SELF.value) in identity.holders(row.person_id):
        return ""
    return identity.names_of_accounts([payer]).get(payer, str(_("其他人")))


def lines_of(row: Bill) -> Sequence[Charge]:
    """The lines in full, for a reader who has been checked."""
    return _charges(_items(row), reads=True)


def lines_of_many(rows: Sequence[Bill]) -> Mapping[int, Sequence[Charge]]:
    """The same for many bills, by their keys."""
    items = list(BillItem.objects.filter(bill__in=rows).select_related("bill").order_by("place"))
    prefetch_keys(items)
    return {row.pk: _charges([item for item in items if item.bill_id == row.pk], reads=True) for row in rows}


def _lines(row: Bill, whom: Whom) -> Sequence[Charge]:
    return _charges(_items(row), reads=whom.reads_charges or not row.subject_type.startswith(HOSPITAL))


def _items(row: Bill) -> list[BillItem]:
    items = list(BillItem.objects.filter(bill=row).select_related("bill").order_by("place"))
    prefetch_keys(items)
    return items


def _charges(items: Iterable[BillItem], *, reads: bool) -> Sequence[Charge]:
    return [
        Charge(
            item.title if reads else item.get_category_display(),
            item.amount_fen,
            Category(item.category),
            item.quantity,
        )
        for item in items
    ]
