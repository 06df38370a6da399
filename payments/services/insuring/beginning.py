"""A settlement in which an insurance pays a part.

It is begun when the person allowed it, and paid once they have seen who pays what.
Nothing outside is asked in here. The row of the order stands before the insurer hears of it.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments.errors import BillNotOpen, InsuranceNotOffered, PaymentUnderway, SplitNotReady, WayNotOffered
from payments.insurance.base import Allowed
from payments.models import Bill, BillClaim, Channel, ChannelState, InsuranceOrder, InsurerSetup, Settlement
from payments.providers import provider_of
from payments.providers.merging import merges
from payments.providers.within import part_code
from payments.rules import AWAITED, App, BillState, InsuranceState, LegKind, SettlementState
from payments.services import settling
from payments.services.insuring.setups import OWN_PROVIDERS
from payments.services.online import PATIENCE, Start, start_online

# The first step is done by who waits on the page; the clock goes on where that one has gone.
FIRST_ASK = timedelta(seconds=15)


def insurer_setup_of(bill: Bill) -> InsurerSetup | None:
    """Where an insurance can pay a part of the bill: the hospital told what it needs, and has one in use."""
    if bill.state != BillState.OPEN or not BillClaim.objects.filter(bill=bill).exists():
        return None
    rows = InsurerSetup.objects.select_related("institution")
    return rows.filter(institution=bill.institution_id, state=ChannelState.ON).first()


def own_channels(bill: Bill, setup: InsurerSetup) -> list[tuple[Channel, str]]:
    """The channels, each with a way, that can take what the insurance leaves.

    The insurer has to learn that it was paid: from a channel that pays both at once, or from one that the
    region has connected.
    """
    connected = {code.strip() for code in setup.values.get(OWN_PROVIDERS, "").split(",")}
    rows = Channel.objects.filter(institution=bill.institution_id, state=ChannelState.ON)
    return [
        (channel, way)
        for channel in rows.order_by("place", "pk")
        for way in channel.ways
        if channel.provider in connected or merges(provider_of(channel.provider), way)
    ]


@transaction.atomic
def begin_insured(*, bill: str, start: Start, allowed: Allowed, holder: str, actor: Actor) -> str:
    """Write down that an insurance is asked to pay a part of a bill, and how the rest is to be paid.

    The caller has checked that the actor may pay it. Beginning it again finds what is under way.

    Args:
        holder: Public id of the person who pays, whose name the channel compares.

    Returns:
        The public id of the settlement.

    Raises:
        BillNotOpen: Nobody owes it any more, or its time is over.
        InsuranceNotOffered: No insurance can pay a part of it here.
        WayNotOffered: The rest cannot be paid in this way.
        PaymentUnderway: Another payment may still bring money, or an insurance still holds the bill.
    """
    row = Bill.objects.select_related("institution").get(public_id=bill)
    moment = clock.now()
    if row.state != BillState.OPEN or (row.expires_at and row.expires_at <= moment):
        raise BillNotOpen
    setup = insurer_setup_of(row)
    if setup is None:
        raise InsuranceNotOffered
    wanted = (start.provider, start.way)
    channel = next((one for one, way in own_channels(row, setup) if (one.provider, way) == wanted), None)
    if channel is None:
        raise WayNotOffered(field="provider")
    try:
        with transaction.atomic():
            return _begun(row, setup, channel, start, allowed=allowed, holder=holder, actor=actor)
    except IntegrityError:
        rows = Settlement.objects.filter(bill=row, online=True, state__in=AWAITED, payer=start.account)
        found = rows.filter(insurance_order__isnull=False).first()
        if found is None:
            raise PaymentUnderway from None
        return found.public_id


def _begun(
    bill: Bill,
    setup: InsurerSetup,
    channel: Channel,
    start: Start,
    *,
    allowed: Allowed,
    holder: str,
    actor: Actor,
) -> str:
    moment = clock.now()
    settlement = settling.begin(
        bill=bill,
        parts=[settling.Part(part_code(setup.insurer, LegKind.FUND), bill.total_fen, LegKind.FUND)],
        app=start.app,
        payer=start.account,
        online=True,
        is_planned=True,
        expires_at=min(filter(None, (bill.expires_at, moment + PATIENCE))),
        actor=actor,
    )
    order = InsuranceOrder(
        bill=bill,
        settlement=settlement,
        setup=setup,
        allowed=asdict(allowed),
        own={
            "channel": channel.public_id,
            "way": start.way,
            "payer": dict(start.payer),
            "return_url": start.return_url,
            "holder": holder,
        },
        created_at=moment,
        next_ask_at=moment + FIRST_ASK,
    )
    order.save(force_insert=True)
    audit.record(
        Action.INSURANCE_ASKED,
        actor=actor,
        subject=order,
        institution=bill.institution.public_id,
        details={"amount_fen": bill.total_fen, "provider": setup.insurer},
    )
    return settlement.public_id


@transaction.atomic
def confirm_split(*, settlement: str, actor: Actor) -> None:
    """Pay as the split says: the one confirmation. The channel is asked for the own share afterwards.

    Confirming again changes nothing.

    Raises:
        SplitNotReady: There is no split yet, or it came to nothing meanwhile.
    """
    rows = Settlement.objects.select_for_update(of=("self",), no_key=True)
    held = rows.select_related("bill__institution").get(public_id=settlement)
    order = InsuranceOrder.objects.select_related("bill").filter(settlement=held).first()
    if order is not None and held.state in (SettlementState.PAYING, SettlementState.SETTLED):
        return
    is_over = held.expires_at is not None and held.expires_at <= clock.now()
    is_over = is_over or held.bill.state != BillState.OPEN
    if order is None or order.state != InsuranceState.HELD or is_over:
        raise SplitNotReady
    if not Settlement.objects.filter(pk=held.pk, state=SettlementState.PLANNED).update(
        state=SettlementState.PAYING
    ):
        raise SplitNotReady
    start_own(held, order.own, actor=actor)
    settling.wake_insurer(held)


def start_own(settlement: Settlement, own: dict[str, Any], *, actor: Actor) -> None:
    """Write down that the channel is to take what the insurance leaves; the caller holds the settlement."""
    channel = Channel.objects.get(public_id=own["channel"])
    start = Start(
        provider=channel.provider,
        way=own["way"],
        app=App(settlement.app),
        account=settlement.payer,
        payer=own["payer"],
        return_url=own["return_url"],
    )
    start_online(settlement, channel, start, actor=actor)
