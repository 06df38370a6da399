"""Balances as residents see them: their own, and those of children for whom they act.

A balance says what somebody pays and where; so, as for what was charged for, it is shown to whoever
proved who they are, and to guardians by proof.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from foundation.core.errors import InvalidInput
from foundation.core.money import yuan
from identity import selectors as identity
from identity.rules import Deed, guardian_may, may
from identity.types import Acting, Relation
from mpi import selectors as mpi
from payments.errors import BalanceNotFound, BillNotFound
from payments.models import (
    Bill,
    Channel,
    ChannelState,
    LedgerEntry,
    PaymentAttempt,
    PrepaidAccount,
    PrepaidDeposit,
)
from payments.providers import label_of
from payments.rules import TOP_UP, Account, Movement, PrepaidKind, PrepaidState
from payments.services.prepaid import usable

PAGE = 20
_LABELS = {
    Movement.APPLY: _("充值"),
    Movement.CAPTURE: _("支付账单"),
    Movement.REFUND_PAID: _("账单退款"),
    Movement.REFUND_OPENED: _("退回原支付方式"),
    Movement.REFUND_WITHDRAWN: _("退回已撤销"),
}


@dataclass(frozen=True, slots=True)
class Balance:
    """One balance of a person.

    Attributes:
        institution, place: The hospital of a stay, and its name; empty where it is for every hospital.
    """

    account_id: str
    kind: PrepaidKind
    state: PrepaidState
    balance_fen: int
    institution: str
    place: str
    visit: str

    @property
    def label(self) -> str:
        """What it is for."""
        return " · ".join(filter(None, (str(self.kind.label), self.place, self.visit)))

    @property
    def is_frozen(self) -> bool:
        """Whether nothing can be spent of it."""
        return self.state is PrepaidState.FROZEN


@dataclass(frozen=True, slots=True)
class Purse:
    """The balances of one person, the one for every hospital first."""

    person_id: str
    person_pk: int
    is_self: bool
    name: str = field(repr=False)
    balances: Sequence[Balance]

    @property
    def total_fen(self) -> int:
        """What there is in all."""
        return sum(one.balance_fen for one in self.balances)

    @property
    def total_yuan(self) -> str:
        """The same, as people read it."""
        return yuan(self.total_fen)


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved a balance: above zero where it grew."""

    movement_id: str
    kind: Movement
    label: str
    amount_fen: int
    institution: str
    bill_id: str
    at: datetime

    @property
    def amount_yuan(self) -> str:
        """The amount with its sign."""
        return f"{'+' if self.amount_fen > 0 else '−'}¥{yuan(abs(self.amount_fen))}"


@dataclass(frozen=True, slots=True)
class MovedPage:
    """Some movements, the latest first, and where the older ones begin (empty at the end)."""

    rows: Sequence[Moved]
    older: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """An institution that takes top-ups online."""

    institution: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """What would go back to one way of paying."""

    label: str
    amount_fen: int


def purses_of(account_pk: int) -> Sequence[Purse]:
    """Everybody whose balances the account may use, the account's own person first."""
    acting = [one for one in identity.persons_of(account_pk) if _may_use(one)]
    names = mpi.particulars_many(one.person_pk for one in acting)
    clusters = mpi.clusters(one.person_pk for one in acting)
    found: dict[int, list[PrepaidAccount]] = {}
    anchors = {anchor for cluster in clusters.values() for anchor in cluster}
    for row in _accounts().filter(person__in=anchors):
        found.setdefault(row.person_id, []).append(row)
    return [
        Purse(
            person_id=one.person_id,
            person_pk=one.person_pk,
            is_self=one.relation == Relation.SELF,
            name=names[one.person_pk].name,
            balances=[
                _shown(row)
                for row in sorted(
                    (row for anchor in clusters[one.person_pk] for row in found.get(anchor, ())),
                    key=lambda row: (row.kind != PrepaidKind.OUTPATIENT, row.pk),
                )
            ],
        )
        for one in acting
        if one.person_pk in names
    ]


def purse_of(*, account_pk: int, person_id: str) -> Purse:
    """The balances of one person.

    Raises:
        BalanceNotFound: Also of somebody whose balances the account may not use.
    """
    found = next((one for one in purses_of(account_pk) if one.person_id == person_id), None)
    if found is None:
        raise BalanceNotFound
    return found


def movements_of(purse: Purse, *, before: str = "") -> MovedPage:
    """What moved the balances of a purse, the latest first; the caller has got it by ``purse_of``.

    Raises:
        InvalidInput: If ``before`` is none of its movements.
    """
    rows = LedgerEntry.objects.filter(
        prepaid__public_id__in=[one.account_id for one in purse.balances],
        account=Account.PREPAID,
        kind__in=_LABELS,
    ).select_related("bill__institution")
    if before:
        last = rows.filter(movement=before).values_list("pk", flat=True).first()
        if last is None:
            raise InvalidInput(field="before")
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    older = found[PAGE - 1].movement if len(found) > PAGE else ""
    return MovedPage([_moved(row) for row in found[:PAGE]], older)


def usable_for(*, account_pk: int, bill_id: str) -> int:
    """How much of a bill the account can pay from the balances of the bill's own person, in fen."""
    bill = Bill.objects.filter(public_id=bill_id).exclude(subject_type=TOP_UP).first()
    if bill is None or not _uses(account_pk, bill):
        return 0
    return min(bill.due_fen, sum(row.balance_fen for row in usable(bill=bill)))


def require_use(*, account_pk: int, bill_id: str) -> None:
    """Let pass who may use the balances of a bill's person.

    Raises:
        BillNotFound: Whoever may not.
    """
    bill = Bill.objects.filter(public_id=bill_id).first()
    if bill is None or not _uses(account_pk, bill):
        raise BillNotFound


def receivers() -> Sequence[Receiver]:
    """The institutions where a balance can be topped up online."""
    rows = Channel.objects.filter(state=ChannelState.ON).select_related("institution")
    found = {row.institution.public_id: row.institution.short_name for row in rows.order_by("institution")}
    return [Receiver(public_id, name) for public_id, name in found.items()]


def sources_of(account_id: str) -> Sequence[Source]:
    """To which ways the whole of a balance would go back; the caller has checked whose it is."""
    rows = PrepaidDeposit.objects.filter(account__public_id=account_id, left_fen__gt=0)
    deposits = list(rows.select_related("bill__institution").order_by("-arrived_at", "-pk"))
    ways: dict[int, list[str]] = {}
    paid = PaymentAttempt.objects.filter(bill__in=[row.bill_id for row in deposits], applied_at__isnull=False)
    for bill, provider in paid.order_by("leg__place", "pk").values_list("bill", "provider"):
        ways.setdefault(bill, []).append(label_of(provider))
    found: dict[str, int] = {}
    for row in deposits:
        by = "、".join(dict.fromkeys(ways.get(row.bill_id, ())))
        label = f"{row.bill.institution.short_name} · {by}"
        found[label] = found.get(label, 0) + row.left_fen
    return [Source(label, amount) for label, amount in found.items()]


def balances_of(person_pk: int) -> "QuerySet[PrepaidAccount]":
    """The rows of a person's balances, for a reader who has been checked."""
    return _accounts().filter(person__in=mpi.cluster(person_pk))


def _uses(account_pk: int, bill: Bill) -> bool:
    cluster = set(mpi.cluster(bill.person_id))
    return any(one.person_pk in cluster and _may_use(one) for one in identity.persons_of(account_pk))


def _may_use(acting: Acting) -> bool:
    if not may(acting.level, Deed.USE_BALANCE):
        return False
    is_self = acting.relation == Relation.SELF
    return is_self or guardian_may(Deed.USE_BALANCE, is_by_consent=acting.is_by_consent)


def _accounts() -> "QuerySet[PrepaidAccount]":
    return PrepaidAccount.objects.select_related("institution")


def _shown(row: PrepaidAccount) -> Balance:
    return Balance(
        account_id=row.public_id,
        kind=PrepaidKind(row.kind),
        state=PrepaidState(row.state),
        balance_fen=row.balance_fen,
        institution=row.institution.public_id if row.institution else "",
        place=row.institution.short_name if row.institution else "",
        visit=row.visit,
    )


def _moved(row: LedgerEntry) -> Moved:
    kind = Movement(row.kind)
    bill = row.bill
    return Moved(
        movement_id=row.movement,
        kind=kind,
        label=str(_LABELS[kind]),
        amount_fen=-row.amount_fen,
        institution=bill.institution.short_name if bill else "",
        bill_id=bill.public_id if bill else "",
        at=row.at,
    )
