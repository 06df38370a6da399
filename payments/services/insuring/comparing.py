"""Asking an insurer, once a day is over, whether it says of each order what we say: the fourth side.

Insurers have no public form of a file of single orders, so each order that moved is asked for (6301), some at
a time. What it says is recorded as always; what differs even then waits for two people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from foundation.core import clock
from foundation.core.actor import Actor
from payments.insurance.base import Settlement as Said
from payments.insurance.base import Split, Standing
from payments.models import Difference, InsuranceOrder, PaymentAttempt, Refund
from payments.providers.errors import ChannelError, OrderUnknown
from payments.providers.within import part_code
from payments.reconciliation.rules import HEALING, DifferenceKind, ItemKind, Party, beijing_day, bounds
from payments.rules import AT_THE_INSURER, INSURED, AttemptState, RefundReason, RefundState
from payments.services import returning
from payments.services.differences import heal, note_found, propose_first
from payments.services.insuring.hearing import hear_insurer, hold_order
from payments.services.insuring.orders import ask_insurer, find_order, split_of
from payments.services.insuring.returning import OWN_ALONE
from payments.services.owing import owe_back

log = structlog.get_logger(__name__)

BATCH = 100
# When an order is asked for again of which nobody answered, and one that differs.
AGAIN = timedelta(minutes=20)
AGAIN_IF_DIFFERENT = timedelta(hours=1)
UNDER_WAY = (RefundState.DUE, RefundState.SENT)


@dataclass(frozen=True, slots=True)
class Stated:
    """What an insurer says of an order.

    Attributes:
        paid: What it paid; the own share does not count.
        is_back: Whether its parts went back.
        is_known: Whether it knows of the order at all.
    """

    paid: Split
    is_back: bool = False
    is_known: bool = True

    @property
    def keeps_fen(self) -> int:
        """What is still paid."""
        return 0 if self.is_back else self.paid.fund_fen + self.paid.account_fen


def due_comparisons() -> list[str]:
    """The orders whose day is over, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            InsuranceOrder.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
            .filter(compare_at__lte=moment)
            .order_by("compare_at")[:BATCH]
        )
        leased = InsuranceOrder.objects.filter(pk__in=[row.pk for row in rows])
        leased.update(compare_at=moment + AGAIN)
    return [row.public_id for row in rows]


def orders_of(*, day: date) -> list[str]:
    """The orders that were settled or came to an end on a day, for an operator."""
    begins, ends = bounds(day)
    rows = InsuranceOrder.objects.filter(
        Q(settled_at__gte=begins, settled_at__lt=ends)
        | Q(placed_at__isnull=False, ended_at__gte=begins, ended_at__lt=ends)
    )
    return list(rows.order_by("pk").values_list("public_id", flat=True))


def compare_order(*, order: str, actor: Actor) -> None:
    """Ask an insurer what it says of an order, and write down where that differs; again is safe."""
    row = find_order(order)
    if row is None or row.known is None:
        return
    try:
        said = ask_insurer(row)
    except OrderUnknown:
        said = None
    except ChannelError as exc:
        log.info("insurance_not_compared", provider=row.setup.insurer, code=exc.code)
        return
    if said is not None:
        # What the insurer paid, and we have not heard of, is recorded before anything is compared.
        hear_insurer(said, order=order)
    _compare(order, said, actor)


def return_insured_parts(*, difference: Difference, actor: Actor) -> None:
    """Owe back what the insurer took back by itself; asked for it, it says so, and that is recorded.

    The caller decided about the difference, in its transaction.
    """
    attempt = difference.attempt
    if attempt is None:
        return
    rows = PaymentAttempt.objects.select_related("bill__institution", "leg").filter(
        bill=attempt.bill_id, channel_ref=attempt.channel_ref, channel=None
    )
    owe_back(bill=attempt.bill, amount_fen=None, reason=RefundReason.STAFF, actor=actor, only=rows)
    for refund in Refund.objects.filter(attempt__in=rows, state=RefundState.ABNORMAL):
        returning.send_again(refund=refund.public_id, reason="对账处理", actor=actor)


@transaction.atomic
def _compare(order: str, said: Said | None, actor: Actor) -> None:
    _settlement, row = hold_order(order)
    parts = _parts(row)
    under_way = Refund.objects.filter(attempt__in=parts, state__in=UNDER_WAY)
    if row.state in AT_THE_INSURER or under_way.exists():
        # It is on its way; the lease brings the question back.
        return
    stated = _stated(row, said)
    found = _difference(row, stated, parts)
    live = Difference.objects.filter(party=Party.INSURANCE, key=_key(row), state__in=HEALING)
    for other in live.select_related("institution"):
        if found is None or other.kind != found.kind:
            heal(difference=other, actor=actor)
    if found is not None:
        note_found(row=found, actor=actor)
    moment = clock.now()
    InsuranceOrder.objects.filter(pk=row.pk).update(
        compared_at=moment,
        # A difference that was decided stays decided.
        compare_at=moment + AGAIN_IF_DIFFERENT if live.exists() else None,
        stated_fund_fen=stated.paid.fund_fen,
        stated_account_fen=stated.paid.account_fen,
        stated_back=stated.is_back,
    )


def _parts(row: InsuranceOrder) -> Sequence[PaymentAttempt]:
    """What the insurer brought by an order, by our books."""
    codes = [part_code(row.setup.insurer, kind) for kind in INSURED]
    rows = PaymentAttempt.objects.filter(bill=row.bill_id, provider__in=codes, channel_ref=row.order_ref)
    return list(rows.filter(state=AttemptState.CAPTURED).order_by("pk"))


def _stated(row: InsuranceOrder, said: Said | None) -> Stated:
    nothing = Split(0, 0, 0)
    if said is None:
        return Stated(nothing, is_known=False)
    is_back = said.standing is Standing.GIVEN_BACK and said.state not in OWN_ALONE
    if is_back:
        return Stated(split_of(row), is_back=True)
    is_paid = said.standing in (Standing.SETTLED, Standing.GIVEN_BACK)
    return Stated(said.split or split_of(row) if is_paid else nothing, is_back=False)


def _difference(row: InsuranceOrder, stated: Stated, parts: Sequence[PaymentAttempt]) -> Difference | None:
    kept = _kept(parts)
    there = {} if stated.is_back else _by_code(row, stated.paid)
    if kept == there:
        return None
    ours_fen = sum(kept.values())
    if not stated.keeps_fen:
        gone = stated.is_back
        kind = DifferenceKind.STATE if gone else DifferenceKind.MISSING_CHANNEL
        item = ItemKind.REFUND if gone else ItemKind.PAYMENT
    else:
        kind, item = DifferenceKind.AMOUNT if ours_fen else DifferenceKind.MISSING_LOCAL, ItemKind.PAYMENT
    odd = [one for one in parts if kept.get(one.provider, 0) != there.get(one.provider, 0)]
    found = Difference(
        institution_id=row.bill.institution_id,
        party=Party.INSURANCE,
        day=beijing_day(row.settled_at or row.placed_at or row.created_at),
        kind=kind,
        item=item,
        key=_key(row),
        by_files=False,
        ours_fen=ours_fen,
        theirs_fen=stated.keeps_fen,
        bill=row.bill,
        attempt=next(iter(odd), None),
        found_at=clock.now(),
    )
    propose_first(row=found)
    return found


def _kept(parts: Sequence[PaymentAttempt]) -> Mapping[str, int]:
    """What we have of it and have not seen go back, by the way of paying."""
    kept = {one.provider: one.captured_fen for one in parts}
    codes = {one.pk: one.provider for one in parts}
    for refund in Refund.objects.filter(attempt__in=parts, state=RefundState.PAID):
        kept[codes[refund.attempt_id]] -= refund.amount_fen
    return {code: fen for code, fen in kept.items() if fen}


def _by_code(row: InsuranceOrder, paid: Split) -> Mapping[str, int]:
    said = zip(INSURED, (paid.fund_fen, paid.account_fen), strict=True)
    return {part_code(row.setup.insurer, kind): fen for kind, fen in said if fen}


def _key(row: InsuranceOrder) -> str:
    return f"order:{row.public_id}"
