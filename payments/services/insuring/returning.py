"""Giving back what an insurance paid (6203): its parts together, under one number, never twice.

The insurer is asked first, each time: it may have given back before, by itself or without our hearing of it.
"""

from collections.abc import Sequence

import structlog
from django.db import transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.events import services as events
from payments.errors import RefundNotDue
from payments.events import InsuranceReturned
from payments.insurance.base import Allowed, GivingBack, Part, Settlement, Split, Standing
from payments.models import InsuranceOrder, PaymentAttempt, Refund
from payments.providers.base import RefundSaid
from payments.providers.errors import ChannelRefused
from payments.providers.within import InsuredPart
from payments.rules import INSURED, OWED_BACK, AttemptState, InsuranceState, RefundState
from payments.scope import facts
from payments.services.insuring.hearing import INSURERS
from payments.services.insuring.orders import (
    ask_insurer,
    compare_time,
    find_order,
    insurer_of_order,
    split_of,
)
from payments.services.refunds import give_back

log = structlog.get_logger(__name__)

# Given back in these the insurance's parts are; in 9 and 10 only the own share is.
OWN_ALONE = ("9", "10")


def return_insured(row: Refund, part: InsuredPart) -> str:
    """Ask the insurer to give back its parts of the bill that a refund is for.

    Returns:
        The number under which they went back.

    Raises:
        ChannelRefused: It gives nothing back, and asking again will not change that.
        ChannelError: Nobody knows yet.
    """
    order = _order_of(row)
    refunds = _together(row, part)
    if order is None or not refunds:
        raise ChannelRefused(part.insurer, "not_whole")
    number = f"{order.public_id}R"
    if not _is_returned(ask_insurer(order)):
        _ask(order, number, row)
    _done(order, number, refunds)
    return number


def goes_after(row: Refund) -> bool:
    """Whether a refund of one's own share waits for the insurance's: that one goes back first."""
    if row.attempt.leg is None or row.attempt.leg.kind in INSURED:
        return False
    waiting = (RefundState.DUE, RefundState.SENT)
    rows = Refund.objects.filter(bill=row.bill_id, state__in=waiting, attempt__leg__kind__in=INSURED)
    return rows.filter(attempt__leg__settlement=row.attempt.leg.settlement_id).exists()


def _ask(order: InsuranceOrder, number: str, row: Refund) -> None:
    insurer, merchant = insurer_of_order(order)
    paid = split_of(order)
    said = insurer.refund(
        merchant,
        GivingBack(
            number=number,
            order_id=order.order_ref,
            allowed=Allowed(**order.allowed),
            part=Part.INSURANCE,
            split=Split(paid.fund_fen, paid.account_fen, 0),
            paid=paid,
            asked_at=row.opened_at,
        ),
    )
    if said.state is RefundSaid.DONE:
        return
    # 6203 has answers that say neither; the order itself says what became of it.
    if not _is_returned(ask_insurer(order)):
        raise ChannelRefused(order.setup.insurer, said.said or said.state.value)


def _is_returned(said: Settlement) -> bool:
    if said.standing is Standing.GIVEN_BACK:
        return said.state not in OWN_ALONE
    return said.standing is Standing.REVOKED


@transaction.atomic
def _done(order: InsuranceOrder, number: str, refunds: Sequence[Refund]) -> None:
    for refund in refunds:
        try:
            give_back(refund, OWED_BACK, channel_ref=number, actor=INSURERS)
        except RefundNotDue:
            log.info("refund_told_again", provider=refund.provider)
    moment = clock.now()
    # The own share waited for this.
    own = Refund.objects.filter(attempt__leg__settlement=order.settlement_id, state=RefundState.DUE)
    own.filter(next_try_at__isnull=False).update(next_try_at=moment)
    moved = InsuranceOrder.objects.filter(pk=order.pk, state=InsuranceState.SETTLED).update(
        state=InsuranceState.RETURNED,
        ended_at=moment,
        next_ask_at=moment,
        compare_at=compare_time(moment),
    )
    if moved:
        audit.record(
            Action.INSURANCE_RETURNED,
            actor=INSURERS,
            subject=order,
            institution=order.bill.institution.public_id,
            details={"amount_fen": sum(refund.amount_fen for refund in refunds)},
        )
        events.publish(InsuranceReturned(**facts(order.bill)))


def _order_of(row: Refund) -> InsuranceOrder | None:
    """The order by which the money came: its number is the payment's."""
    rows = InsuranceOrder.objects.filter(bill=row.bill_id, order_ref=row.attempt.channel_ref)
    found = rows.values_list("public_id", flat=True).first()
    return find_order(found) if found is not None else None


def _together(row: Refund, part: InsuredPart) -> list[Refund]:
    """The refunds that go back in one: of all that the order paid, else none of them."""
    codes = [f"{part.insurer}_{kind.value}" for kind in INSURED]
    paid = PaymentAttempt.objects.filter(
        bill=row.bill_id,
        provider__in=codes,
        channel_ref=row.attempt.channel_ref,
        state=AttemptState.CAPTURED,
    )
    rows = Refund.objects.select_related("bill__institution", "attempt__bill", "attempt__leg")
    found = list(rows.filter(attempt__in=paid).exclude(state=RefundState.WITHDRAWN).order_by("pk"))
    paid_fen = sum(paid.values_list("captured_fen", flat=True))
    return found if sum(one.amount_fen for one in found) == paid_fen else []
