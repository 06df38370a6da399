"""Paying online: begun here, brought to its end by ``asking`` and by what the channels tell.

Nothing outside is asked in here. The row of the attempt stands before the channel hears of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments.errors import BillNotOpen, PaymentUnderway, WayNotOffered
from payments.models import Bill, Channel, ChannelState, PaymentAttempt, Settlement
from payments.rules import AWAITED, App, AttemptState, BillState, LegKind, RefundReason
from payments.services import attempts, settling

# What a payer does not pay within is closed at the channel, so that a bill is not held by it.
PATIENCE = timedelta(minutes=15)
FIRST_ASK = timedelta(seconds=20)
# Longer than a channel is waited for, which may be asked twice.
LAUNCH_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Start:
    """How somebody wants to pay.

    Attributes:
        way: One of ``providers.base.Way``.
        account: Public id of the account that pays.
        payer: What that way needs to know, as in ``Order.payer``.
        return_url: Where the channel sends the payer back to.
        return_page: Instead of it, the name of a page of the settlement.
        parts: What is taken of balances at once, before the channel is asked for the rest. Where they are
            the whole bill, provider and way are empty.
    """

    provider: str
    way: str
    app: App
    account: str
    payer: Mapping[str, str] = field(default_factory=dict, repr=False)
    return_url: str = ""
    return_page: str = ""
    parts: Sequence[settling.Part] = ()


def offered(bill: Bill, amount_fen: int | None = None) -> list[Channel]:
    """The channels by which a bill can be paid now, in the order of the rules.

    Args:
        amount_fen: What of it, where the rest is paid in another way.
    """
    amount = bill.due_fen if amount_fen is None else amount_fen
    return list(
        Channel.objects.filter(
            institution=bill.institution_id,
            state=ChannelState.ON,
            least_fen__lte=amount,
            most_fen__gte=amount,
        ).order_by("place", "pk")
    )


@transaction.atomic
def begin_payment(*, bill: str, start: Start, actor: Actor) -> str:
    """Write down that somebody pays a bill online.

    The caller has checked that the actor may pay it. Beginning the same again, as a second press of
    the button does, finds the payment that is under way.

    Returns:
        The public id of the settlement.

    Raises:
        BillNotOpen: Nobody owes it any more, or its time is over.
        WayNotOffered: The institution does not take it in this way.
        BalanceTooLittle: A balance has less than its part, or cannot be used.
        PaymentUnderway: Another one may still bring money.
    """
    row = Bill.objects.select_related("institution").get(public_id=bill)
    moment = clock.now()
    if row.state != BillState.OPEN or (row.expires_at and row.expires_at <= moment):
        raise BillNotOpen
    rest = row.due_fen - sum(part.amount_fen for part in start.parts)
    channel = _channel(row, rest, start)
    try:
        with transaction.atomic():
            settlement = settling.begin(
                bill=row,
                parts=[*start.parts, *([settling.Part(channel.provider, rest)] if channel else [])],
                app=start.app,
                payer=start.account,
                online=True,
                expires_at=min(filter(None, (row.expires_at, moment + PATIENCE))),
                actor=actor,
            )
    except IntegrityError:
        return _under_way(row, channel, start)
    for leg in settlement.legs.filter(kind=LegKind.PREPAID):
        attempts.take_from_balance(bill=row, leg=leg, actor=actor)
    if channel is not None:
        start_online(settlement, channel, start, actor=actor)
    return settlement.public_id


def _channel(bill: Bill, rest: int, start: Start) -> Channel | None:
    """Who is asked for the rest; none where nothing is left."""
    if rest == 0 and not start.provider:
        return None
    channel = next((one for one in offered(bill, rest) if one.provider == start.provider), None)
    if channel is None or start.way not in channel.ways:
        raise WayNotOffered(field="provider")
    return channel


def start_online(settlement: Settlement, channel: Channel, start: Start, *, actor: Actor) -> None:
    """Write down that a channel is to take the own part of a settlement."""
    bill, moment = settlement.bill, clock.now()
    leg = settlement.legs.get(kind=LegKind.OWN)
    back = start.return_url
    if start.return_page:
        back = f"{settings.BASE_URL}{reverse(start.return_page, args=[settlement.public_id])}"
    attempt = PaymentAttempt.objects.create(
        bill=bill,
        leg=leg,
        channel=channel,
        provider=channel.provider,
        way=start.way,
        asks={"payer": dict(start.payer), "return_url": back},
        amount_fen=leg.amount_fen,
        started_at=moment,
        next_ask_at=moment + FIRST_ASK,
    )
    audit.record(
        Action.PAYMENT_STARTED,
        actor=actor,
        subject=attempt,
        institution=bill.institution.public_id,
        details={"amount_fen": leg.amount_fen, "provider": channel.provider, "method": start.way},
    )


def _under_way(bill: Bill, channel: Channel | None, start: Start) -> str:
    """The payment that is under way, if it is the same one."""
    if channel is None:
        raise PaymentUnderway
    rows = PaymentAttempt.objects.select_related("leg__settlement")
    found = rows.filter(
        bill=bill,
        state=AttemptState.STARTED,
        channel=channel,
        way=start.way,
        leg__settlement__online=True,
        leg__settlement__state__in=AWAITED,
        leg__settlement__payer=start.account,
        amount_fen=bill.due_fen - sum(part.amount_fen for part in start.parts),
    ).first()
    if found is None or found.leg is None:
        raise PaymentUnderway
    return found.leg.settlement.public_id


@transaction.atomic
def give_up(*, settlement: str, failure: str, actor: Actor) -> bool:
    """Stop paying: the channel is asked to close the order, and what comes after all goes back.

    Returns:
        Whether it was still under way.
    """
    rows = Settlement.objects.select_for_update(of=("self",)).select_related("bill__institution")
    row = rows.get(public_id=settlement)
    if row.state not in AWAITED:
        return False
    settling.undo(row, row.bill, reason=RefundReason.UNDONE, failure=failure, actor=actor)
    return True


@transaction.atomic
def may_launch(*, attempt: str) -> bool:
    """Whether the caller asks the channel to take the money now, which one worker does at a time.

    Some channels give another code to whoever asks again, and end the one before. Nobody asks for what was
    given up meanwhile, or has its answer.
    """
    row = PaymentAttempt.objects.filter(public_id=attempt).first()
    if row is None:
        return False
    settlement, moment = settling.hold(row), clock.now()
    if settlement is not None:
        is_over = settlement.expires_at is not None and settlement.expires_at <= moment
        if is_over or settlement.state not in AWAITED:
            return False
    rows = PaymentAttempt.objects.filter(
        Q(launch__isnull=True) | Q(launch_until__lte=moment),
        Q(launching_until=None) | Q(launching_until__lte=moment),
        pk=row.pk,
        state=AttemptState.STARTED,
    )
    return bool(rows.update(launching_until=moment + LAUNCH_LEASE))


@transaction.atomic
def note_launch(*, attempt: str, kind: str, fields: Mapping[str, str], until: datetime | None) -> None:
    """Keep how the payer's device goes on, for whoever was told that it may ask."""
    rows = PaymentAttempt.objects.select_for_update(of=("self",)).select_related("bill")
    row = rows.filter(public_id=attempt, state=AttemptState.STARTED).first()
    if row is not None:
        row.launch, row.launch_until = {"kind": kind, "fields": dict(fields)}, until
        row.launching_until = None
        row.save(update_fields=["launch", "launch_until", "launching_until"])


def end_launching(*, attempt: str) -> None:
    """The channel has not said how the payer's device goes on; another worker may ask it."""
    PaymentAttempt.objects.filter(public_id=attempt).update(launching_until=None)
