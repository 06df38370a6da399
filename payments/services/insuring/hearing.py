"""What an insurer says of an order, recorded: the split, the settlement, that it came to nothing.

A compare of what is known with what is said, under the lock of the settlement; hearing the same again changes
nothing.
"""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments.insurance.base import Settlement as Said
from payments.insurance.base import Split, Standing
from payments.insurance.checks import splits
from payments.models import Channel, InsuranceOrder, PaymentAttempt, Refund, Settlement
from payments.providers.within import part_code
from payments.rules import (
    AT_THE_INSURER,
    AWAITED,
    INSURED,
    AttemptState,
    InsuranceState,
    LegKind,
    RefundReason,
    SettlementState,
)
from payments.services import settling
from payments.services.attempts import confirm_attempt, fail_attempt
from payments.services.insuring.beginning import start_own
from payments.services.insuring.orders import compare_time, split_of

log = structlog.get_logger(__name__)

INSURERS = Actor.system("insurers")
ASK_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (5, 10, 20, 30, 60, 60, 120, 300, 600, 1800, 3600)
)
# Settled by the insurer, which does not know yet that the own share was paid: it may take it back.
INSURER_ALONE = "4"
# 异常: it is taken back before anything else.
ODD = "14"


@transaction.atomic
def hear_insurer(said: Said, *, order: str) -> None:
    """Record what an insurer says of one of our orders, whoever asked."""
    settlement, row = hold_order(order)
    row.said, row.traced_at = said.state[:8], said.traced_at[:32]
    InsuranceOrder.objects.filter(pk=row.pk).update(said=row.said, traced_at=row.traced_at)
    ask_again(row, settlement)
    if said.split is not None and not splits(said.split, row.bill.total_fen):
        log.error("insurance_split_wrong", order=row.public_id)
        fail_order(settlement, row, "amounts")
        return
    match said.standing:
        case Standing.SETTLED if said.split is not None:
            _settled(settlement, row, said.split)
        case Standing.OPEN | Standing.OWN_PAID if said.split is not None:
            _divided(settlement, row, said.split)
        case Standing.FAILED | Standing.REVOKED | Standing.GIVEN_BACK:
            _came_to_nothing(settlement, row, said.state)


def hold_order(order: str) -> tuple[Settlement, InsuranceOrder]:
    """An order and its settlement, held to the end of the transaction; the settlement first."""
    found = InsuranceOrder.objects.values_list("settlement", flat=True).get(public_id=order)
    settlement = Settlement.objects.select_for_update(of=("self",), no_key=True).get(pk=found)
    rows = InsuranceOrder.objects.select_for_update(of=("self",), no_key=True)
    return settlement, rows.select_related("bill__institution", "setup").get(public_id=order)


def ask_again(row: InsuranceOrder, settlement: Settlement) -> None:
    """Ask the insurer again after a while, and at the latest when the time to pay is over."""
    moment = clock.now()
    next_ask_at = moment + ASK_AFTER[min(row.asked, len(ASK_AFTER) - 1)]
    if settlement.state in AWAITED and settlement.expires_at and settlement.expires_at > moment:
        next_ask_at = min(next_ask_at, settlement.expires_at)
    asked = InsuranceOrder.objects.filter(pk=row.pk, state__in=(*AT_THE_INSURER, InsuranceState.SETTLED))
    asked.update(asked=F("asked") + 1, next_ask_at=next_ask_at)


def fail_order(settlement: Settlement, row: InsuranceOrder, failure: str) -> None:
    """Keep nothing of the settlement; what stands at the insurer is taken back at the next step."""
    InsuranceOrder.objects.filter(pk=row.pk).update(failure=failure[:60])
    settling.undo(settlement, row.bill, reason=RefundReason.UNDONE, failure=failure[:40], actor=INSURERS)


def end_order(settlement: Settlement, row: InsuranceOrder, failure: str = "") -> None:
    """Note that nothing stands at the insurer any more; with it the whole settlement has failed."""
    moved = InsuranceOrder.objects.filter(pk=row.pk, state__in=AT_THE_INSURER).update(
        state=InsuranceState.ENDED,
        ended_at=clock.now(),
        next_ask_at=None,
        # Once it was sent to be settled, the insurer may say otherwise of it.
        compare_at=compare_time(clock.now()) if row.placed_at else None,
    )
    if not moved:
        return
    if failure:
        InsuranceOrder.objects.filter(pk=row.pk, failure="").update(failure=failure[:60])
    _record(Action.INSURANCE_ENDED, row, outcome=failure or row.said)
    for attempt in _attempts(row):
        fail_attempt(attempt=attempt.public_id, failure=failure[:40] or "insurance_ended", actor=INSURERS)
    settling.undo(
        settlement, row.bill, reason=RefundReason.UNDONE, failure=failure[:40] or "insurance", actor=INSURERS
    )
    settling.end_undoing(settlement)


def _divided(settlement: Settlement, row: InsuranceOrder, split: Split) -> None:
    """The insurer says who would pay what."""
    if row.state != InsuranceState.UPLOADED:
        if row.state == InsuranceState.HELD and split != split_of(row):
            fail_order(settlement, row, "split_changed")
        return
    reduction = min(row.bill.reduction_fen, split.own_fen)
    _keep_split(settlement, row, split, InsuranceState.HELD)
    if split.own_fen == split.total_fen:
        fail_order(settlement, row, "nothing_insured")
    elif split.own_fen and split.own_fen == reduction:
        # The insurer waits for an own share, and the hospital asks for none.
        fail_order(settlement, row, "nothing_own")
    elif split.own_fen == 0:
        # Nobody has anything to confirm: the insurer is still at it.
        Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PLANNED).update(
            state=SettlementState.PAYING
        )


def _settled(settlement: Settlement, row: InsuranceOrder, split: Split) -> None:
    """The insurance has paid its parts: that money is recorded, whatever has become of the rest."""
    if row.state in (InsuranceState.SETTLED, InsuranceState.RETURNED):
        if row.said != INSURER_ALONE:
            InsuranceOrder.objects.filter(pk=row.pk).update(next_ask_at=None)
        return
    if row.state in (InsuranceState.NEW, InsuranceState.UPLOADED):
        _keep_split(settlement, row, split, InsuranceState.HELD)
    moved = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PLANNED).update(
        state=SettlementState.PAYING
    )
    if moved and settlement.legs.filter(kind=LegKind.OWN).exists():
        start_own(settlement, row.own, actor=INSURERS)
    settlement.refresh_from_db(fields=["state"])
    InsuranceOrder.objects.filter(pk=row.pk).update(
        state=InsuranceState.SETTLED,
        settled_at=clock.now(),
        fund_fen=split.fund_fen,
        account_fen=split.account_fen,
        own_fen=split.own_fen,
        next_ask_at=F("next_ask_at") if row.said == INSURER_ALONE else None,
        compare_at=compare_time(clock.now()),
    )
    _record(Action.INSURANCE_SETTLED, row, amount_fen=split.fund_fen + split.account_fen)
    for kind, fen in ((LegKind.FUND, split.fund_fen), (LegKind.ACCOUNT, split.account_fen)):
        attempt = _attempt_of(row, kind)
        if fen:
            confirm_attempt(
                attempt=(attempt or _start_part(settlement, row, kind, fen)).public_id,
                captured_fen=fen,
                channel_ref=row.order_ref,
                actor=INSURERS,
            )
        elif attempt is not None:
            fail_attempt(attempt=attempt.public_id, failure="split_changed", actor=INSURERS)


def _came_to_nothing(settlement: Settlement, row: InsuranceOrder, state: str) -> None:
    if row.state in AT_THE_INSURER:
        if state == ODD:
            fail_order(settlement, row, f"insurer_{state}")
        else:
            end_order(settlement, row, f"insurer_{state}")
    elif row.state == InsuranceState.SETTLED and settlement.state == SettlementState.PAYING:
        # The insurer took its part back by itself, for want of the own share. Asking for the refund finds it.
        fail_order(settlement, row, f"insurer_{state}")
    elif row.state == InsuranceState.SETTLED and settlement.state == SettlementState.SETTLED:
        if _goes_back(settlement):
            return
        # Only a person can say what is right now: the bill is paid, and the insurer says that it is not.
        log.error("insurance_taken_back", order=row.public_id, state=state)
        InsuranceOrder.objects.filter(pk=row.pk).update(
            failure="taken_back", next_ask_at=None, compare_at=clock.now()
        )


def _keep_split(settlement: Settlement, row: InsuranceOrder, split: Split, state: InsuranceState) -> None:
    """Write down who pays what, as legs; the insurance's parts are waited for from now on."""
    reduction = min(row.bill.reduction_fen, split.own_fen)
    parts = [
        settling.Part(part_code(row.setup.insurer, kind), fen, kind)
        for kind, fen in ((LegKind.FUND, split.fund_fen), (LegKind.ACCOUNT, split.account_fen))
        if fen
    ]
    if split.own_fen > reduction:
        parts.append(settling.Part(_own_provider(row), split.own_fen - reduction))
    if reduction:
        parts.append(settling.reduction(reduction))
    settling.plan(settlement, parts)
    InsuranceOrder.objects.filter(pk=row.pk).update(
        state=state, fund_fen=split.fund_fen, account_fen=split.account_fen, own_fen=split.own_fen
    )
    row.refresh_from_db(fields=["state", "fund_fen", "account_fen", "own_fen"])
    for part in parts:
        if part.kind in (LegKind.FUND, LegKind.ACCOUNT):
            _start_part(settlement, row, part.kind, part.amount_fen)
    _record(Action.INSURANCE_DIVIDED, row, amount_fen=split.fund_fen + split.account_fen)


def _start_part(
    settlement: Settlement, row: InsuranceOrder, kind: LegKind, amount_fen: int
) -> PaymentAttempt:
    """What the insurer is to bring in one way; without a leg where the plan has none of the kind."""
    return PaymentAttempt.objects.create(
        bill=row.bill,
        leg=settlement.legs.filter(kind=kind).first(),
        provider=part_code(row.setup.insurer, kind),
        amount_fen=amount_fen,
        started_at=clock.now(),
    )


def _own_provider(row: InsuranceOrder) -> str:
    return Channel.objects.get(public_id=row.own["channel"]).provider


def _attempts(row: InsuranceOrder) -> list[PaymentAttempt]:
    """What the insurer was to bring and has not."""
    codes = [part_code(row.setup.insurer, kind) for kind in (LegKind.FUND, LegKind.ACCOUNT)]
    rows = PaymentAttempt.objects.filter(leg__settlement=row.settlement_id, provider__in=codes)
    return list(rows.filter(state=AttemptState.STARTED))


def _attempt_of(row: InsuranceOrder, kind: LegKind) -> PaymentAttempt | None:
    code = part_code(row.setup.insurer, kind)
    return PaymentAttempt.objects.filter(leg__settlement=row.settlement_id, provider=code).first()


def _record(action: Action, row: InsuranceOrder, **details: object) -> None:
    audit.record(
        action,
        actor=INSURERS,
        subject=row,
        institution=row.bill.institution.public_id,
        details={"provider": row.setup.insurer, **details},
    )


def _goes_back(settlement: Settlement) -> bool:
    """Whether we ourselves have asked for the insurance's parts to go back."""
    return Refund.objects.filter(attempt__leg__settlement=settlement, attempt__leg__kind__in=INSURED).exists()
