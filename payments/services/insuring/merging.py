"""The channel's order that pays the insurance's part and one's own at once, where a channel has that.

The order of one's own is asked for first, under the number of its attempt; the joint order names it.
"""

import structlog

from foundation.core import clock
from mpi import selectors as mpi
from payments.models import Channel, InsuranceOrder, PaymentAttempt, Refund
from payments.providers import provider_of
from payments.providers.base import Launch, Order
from payments.providers.errors import ChannelRefused
from payments.providers.merging import InsuredReturn, InsuredShare, Payer, merges
from payments.rules import LegKind, RefundState
from payments.services.channels import merchant_of
from payments.services.insuring.setups import CITY, LOCATION

log = structlog.get_logger(__name__)


def merged(row: PaymentAttempt, order: Order, launch: Launch) -> Launch:
    """How the payer's device goes on: with both parts, where an insurance pays one and the channel can.

    Asking again is safe: the channel knows the order by the attempt's number.
    """
    joint = _order_of(row)
    provider = provider_of(row.provider)
    if joint is None or row.channel is None or not merges(provider, row.way):
        return launch
    ref, launch = provider.merge(merchant_of(row.channel), order, launch, _share(joint))
    InsuranceOrder.objects.filter(pk=joint.pk).update(merged_ref=ref)
    return launch


def look_at_merged(row: InsuranceOrder) -> bool:
    """Whether the payer has confirmed at the channel, and a part of it came to nothing."""
    channel = Channel.objects.get(public_id=row.own["channel"])
    provider = provider_of(channel.provider)
    return merges(provider, row.own["way"]) and provider.has_failed(merchant_of(channel), row.merged_ref)


def tell_returned(row: InsuranceOrder) -> None:
    """Tell the channel that the insurance gave its parts back, once."""
    if row.told_back_at is not None:
        InsuranceOrder.objects.filter(pk=row.pk).update(next_ask_at=None)
        return
    channel = Channel.objects.get(public_id=row.own["channel"])
    provider = provider_of(channel.provider)
    if row.merged_ref and merges(provider, row.own["way"]):
        returned = InsuredReturn(
            number=_own_refund(row),
            fund_fen=row.fund_fen or 0,
            account_fen=row.account_fen or 0,
            at=row.ended_at or clock.now(),
        )
        try:
            provider.tell_insured_return(merchant_of(channel), row.merged_ref, returned)
        except ChannelRefused as exc:
            # Of an order whose insurance part it takes for unpaid the channel has nothing to hear.
            log.warning("insured_return_not_heard", provider=channel.provider, code=exc.code)
    InsuranceOrder.objects.filter(pk=row.pk).update(told_back_at=clock.now(), next_ask_at=None)


def _order_of(row: PaymentAttempt) -> InsuranceOrder | None:
    if row.leg is None:
        return None
    rows = InsuranceOrder.objects.select_related("bill", "setup__institution")
    return rows.filter(settlement=row.leg.settlement_id).first()


def _share(row: InsuranceOrder) -> InsuredShare:
    setup = row.setup
    insured = mpi.particulars(row.bill.person_id)
    holder = mpi.by_public_id(row.own["holder"])
    payer = mpi.particulars(holder.person_pk) if holder is not None else insured
    is_own = payer.id_number == insured.id_number
    off = row.settlement.legs.filter(kind=LegKind.REDUCTION).first()
    return InsuredShare(
        serial=row.public_id,
        order_ref=row.order_ref,
        permission=row.allowed["number"],
        created_at=row.placed_at or row.created_at,
        fund_fen=row.fund_fen or 0,
        account_fen=row.account_fen or 0,
        left_fen=row.own_fen or 0,
        reduction_fen=off.amount_fen if off is not None else 0,
        payer=Payer(payer.name, payer.id_number),
        relative=None if is_own else Payer(insured.name, insured.id_number),
        place_number=setup.number,
        place_name=setup.institution.name,
        city=setup.values.get(CITY, ""),
        location=setup.values.get(LOCATION, ""),
        is_registration=row.bill.subject_type == "appointments.Booking",
    )


def _own_refund(row: InsuranceOrder) -> str:
    """The number under which the own part went back; one of its own where there was none."""
    rows = Refund.objects.filter(attempt__leg__settlement=row.settlement_id, attempt__leg__kind=LegKind.OWN)
    found = rows.exclude(state=RefundState.WITHDRAWN).order_by("-pk").values_list("public_id", flat=True)
    return found.first() or f"{row.public_id}R"
