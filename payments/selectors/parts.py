"""How a bill was paid, part by part, and what of it goes back: the same figures for every reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from foundation.core import clock
from foundation.core.money import yuan
from payments.models import Bill, PaymentAttempt, Refund, SettlementLeg
from payments.providers import is_by_hand, label_of
from payments.providers.within import REDUCTION
from payments.rules import (
    AttemptState,
    BillState,
    Category,
    LegKind,
    RefundState,
    SettlementState,
    usual_arrival,
)
from payments.types import Charge


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of one category, and what they come to."""

    category: Category
    lines: Sequence[Charge]
    amount_fen: int

    @property
    def label(self) -> str:
        """The category in words."""
        return str(self.category.label)


@dataclass(frozen=True, slots=True)
class ShownPart:
    """What one side is to pay of a bill."""

    label: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class ShownLeg:
    """One part of what was paid.

    Attributes:
        kind: One of ``rules.LegKind``.
        refunded_fen: What of it has gone back.
    """

    kind: str
    label: str
    way: str
    amount_fen: int
    refunded_fen: int
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownRefund:
    """Money on its way back, or that went back.

    Attributes:
        part: What part of the bill it is of, in words; empty where it was paid in one part.
        usual_by: By which day it is usually there; none where somebody fetches it, or it is there.
    """

    refund_id: str
    amount_fen: int
    state: RefundState
    reason: str
    part: str
    way: str
    by_hand: bool
    opened_at: datetime
    ended_at: datetime | None
    usual_by: date | None

    @property
    def amount_yuan(self) -> str:
        """The amount as people read it."""
        return yuan(self.amount_fen)

    @property
    def is_due(self) -> bool:
        """Whether it waits to be fetched or sent."""
        return self.state is RefundState.DUE

    @property
    def is_abnormal(self) -> bool:
        """Whether the channel could not give it back by the way it came."""
        return self.state is RefundState.ABNORMAL

    @property
    def is_over(self) -> bool:
        """Whether it has gone back."""
        return self.state is RefundState.PAID

    @property
    def to_fetch(self) -> bool:
        """Whether somebody fetches it at the window."""
        return self.is_due and self.by_hand

    @property
    def state_label(self) -> str:
        """How far it is, in the words of whoever waits for it."""
        if self.to_fetch:
            return _("待领取")
        return {
            RefundState.DUE: _("准备退回"),
            RefundState.SENT: _("退回途中"),
            RefundState.ABNORMAL: _("退款遇到问题"),
        }.get(self.state, _("已退回"))

    @property
    def state_kind(self) -> str:
        """The tone of the state."""
        return "done" if self.is_over else "waiting"


def sections_of(lines: Iterable[Charge]) -> Sequence[Section]:
    """Lines by category, in the order in which the categories come first."""
    sorted_: dict[Category, list[Charge]] = {}
    for line in lines:
        sorted_.setdefault(line.category, []).append(line)
    return [
        Section(category, charges, sum(charge.amount_fen for charge in charges))
        for category, charges in sorted_.items()
    ]


def legs_of(row: Bill) -> Sequence[ShownLeg]:
    """The parts in which a bill was paid; nothing while it is not."""
    if row.state != BillState.PAID:
        return []
    back: dict[int, int] = {}
    # What the hospital had taken off nobody gets back.
    gone = Refund.objects.filter(bill=row, state=RefundState.PAID).exclude(provider=REDUCTION)
    for attempt, amount in gone.values_list("attempt", "amount_fen"):
        back[attempt] = back.get(attempt, 0) + amount
    legs = SettlementLeg.objects.filter(settlement__bill=row, settlement__state=SettlementState.SETTLED)
    taken = PaymentAttempt.objects.filter(bill=row, state=AttemptState.CAPTURED, applied_at__isnull=False)
    attempts = dict(taken.values_list("leg", "pk"))
    shown = [
        ShownLeg(
            kind=leg.kind,
            label=leg.get_kind_display(),
            way=label_of(leg.provider),
            amount_fen=leg.amount_fen,
            refunded_fen=back.get(attempts.get(leg.pk, 0), 0),
            taken_at=leg.taken_at,
        )
        for leg in legs.order_by("place")
    ]
    return shown or _before_settlements(taken, back)


def ways_of(legs: Iterable[ShownLeg]) -> str:
    """How a bill was paid, in words."""
    return "、".join(dict.fromkeys(leg.way for leg in legs if leg.kind != LegKind.REDUCTION))


def refunds_of(row: Bill) -> Sequence[ShownRefund]:
    """What of a bill goes back, or went, the oldest first."""
    found = Refund.objects.filter(bill=row).exclude(state=RefundState.WITHDRAWN).exclude(provider=REDUCTION)
    rows = list(found.select_related("attempt__leg").order_by("pk"))
    is_mixed = len({refund.attempt.leg.kind for refund in rows if refund.attempt.leg}) > 1
    return [_shown_refund(refund, names_part=is_mixed) for refund in rows]


def _shown_refund(refund: Refund, *, names_part: bool) -> ShownRefund:
    by_hand, leg = is_by_hand(refund.provider), refund.attempt.leg
    state = RefundState(refund.state)
    on_its_way = not by_hand and state in (RefundState.DUE, RefundState.SENT)
    is_part = leg is not None and (names_part or leg.kind != LegKind.OWN)
    return ShownRefund(
        refund_id=refund.public_id,
        amount_fen=refund.amount_fen,
        state=state,
        reason=refund.get_reason_display(),
        part=leg.get_kind_display() if leg is not None and is_part else "",
        way=label_of(refund.provider),
        by_hand=by_hand,
        opened_at=refund.opened_at,
        ended_at=refund.ended_at,
        usual_by=usual_arrival(clock.beijing(refund.opened_at).date()) if on_its_way else None,
    )


def _before_settlements(taken: Iterable[PaymentAttempt], back: dict[int, int]) -> Sequence[ShownLeg]:
    """The one part of a bill that was paid before payments had parts."""
    return [
        ShownLeg(
            kind=LegKind.OWN,
            label=str(LegKind.OWN.label),
            way=label_of(attempt.provider),
            amount_fen=attempt.captured_fen,
            refunded_fen=back.get(attempt.pk, 0),
            taken_at=attempt.captured_at,
        )
        for attempt in taken
    ]
