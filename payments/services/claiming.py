"""Deciding about money in suspense: it is a payment of a bill after all, or it goes back to who paid it.

Sending it back asks the channel in no transaction, under the number of the suspense, which never gives
back twice. That it was asked for is written down before.
"""

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models.functions import Coalesce

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from payments import ledger
from payments.errors import BillNotFound, PaymentTaken, SuspenseSettled
from payments.models import Bill, PaymentAttempt, Suspense, SuspenseState
from payments.providers import online_provider
from payments.providers.base import Refunded, RefundOrder
from payments.providers.errors import OrderUnknown
from payments.rules import Movement
from payments.services.asking import notify_url
from payments.services.attempts import take_from_suspense
from payments.services.channels import merchant_of

log = structlog.get_logger(__name__)


@transaction.atomic
def allocate(*, suspense: Suspense, bill: Bill, actor: Actor) -> PaymentAttempt:
    """Take money in suspense as a payment of a bill; if nobody owes it any more, it is owed back.

    Raises:
        BillNotFound: The bill is of another institution.
        SuspenseSettled: Somebody has decided about the money, or it is on its way back.
    """
    if bill.institution_id != suspense.channel.institution_id:
        raise BillNotFound
    _end(suspense, SuspenseState.ALLOCATED, actor, sent_at__isnull=True)
    try:
        with transaction.atomic():
            attempt = take_from_suspense(
                bill=bill,
                channel=suspense.channel,
                amount_fen=suspense.amount_fen,
                channel_ref=suspense.channel_ref,
                actor=actor,
            )
    except IntegrityError as exc:
        raise PaymentTaken from exc
    Suspense.objects.filter(pk=suspense.pk).update(attempt=attempt)
    _record(Action.SUSPENSE_CLAIMED, suspense, actor)
    return attempt


@transaction.atomic
def mark_sent(*, suspense: Suspense, actor: Actor) -> None:
    """Write down that the money is to go back, before the channel hears of it.

    What got stuck at the channel was sent before: that is asked for again, under the same number.

    Raises:
        SuspenseSettled: Somebody has decided otherwise.
    """
    open_ = Suspense.objects.filter(pk=suspense.pk, state=SuspenseState.OPEN)
    if not open_.update(sent_at=Coalesce("sent_at", clock.now()), decided_by=actor.id[:26]):
        raise SuspenseSettled


def ask_to_return(*, suspense: str) -> Refunded:
    """Ask the channel to send the money back, or, where it was asked before, how far that is.

    Raises:
        ChannelError: In one of its kinds.
        SuspenseSettled: It is not to go back.
    """
    row = Suspense.objects.select_related("channel__institution").get(public_id=suspense)
    if row.sent_at is None or row.state != SuspenseState.OPEN:
        raise SuspenseSettled
    provider, merchant = online_provider(row.channel.provider), merchant_of(row.channel)
    order = RefundOrder(
        number=row.public_id,
        payment_number=row.number,
        channel_ref=row.channel_ref,
        amount_fen=row.amount_fen,
        total_fen=row.amount_fen,
        reason="款项退回",
        asked_at=row.sent_at,
        notify_url=notify_url(row.channel),
    )
    try:
        return provider.query_refund(merchant, order)
    except OrderUnknown:
        log.info("suspense_return_asked", provider=provider.code)
    return provider.refund(merchant, order)


@transaction.atomic
def note_returned(*, suspense: Suspense, actor: Actor) -> None:
    """Record that the channel sent the money back.

    Raises:
        SuspenseSettled: That is on record.
    """
    moment = _end(suspense, SuspenseState.RETURNED, actor, sent_at__isnull=False)
    ledger.write_unclaimed(Movement.RETURNED, suspense, at=moment)
    _record(Action.SUSPENSE_RETURNED, suspense, actor)


@transaction.atomic
def take_up_again(*, suspense: Suspense, actor: Actor) -> None:
    """The channel sends nothing back: the money waits for another decision."""
    Suspense.objects.filter(pk=suspense.pk, state=SuspenseState.OPEN).update(sent_at=None, decided_by="")
    log.warning("suspense_not_returned", by=actor.id)


def _end(suspense: Suspense, state: SuspenseState, actor: Actor, **still: bool) -> datetime:
    moment = clock.now()
    moved = Suspense.objects.filter(pk=suspense.pk, state=SuspenseState.OPEN, **still).update(
        state=state, ended_at=moment, decided_by=actor.id[:26]
    )
    if not moved:
        raise SuspenseSettled
    return moment


def _record(action: Action, row: Suspense, actor: Actor) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.channel.institution.public_id,
        details={"amount_fen": row.amount_fen, "provider": row.channel.provider},
    )
