"""Asking the channels, in no transaction: to take money, and what became of it.

A channel that did not answer may have acted. It is asked what it did before anything else is done.
"""

from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from redis.exceptions import RedisError

from foundation.core import clock, redis
from foundation.core.actor import Actor
from payments.errors import PaymentTaken
from payments.models import Channel, PaymentAttempt
from payments.providers import online_provider
from payments.providers.base import Asked, Order, Payment, Said, Way
from payments.providers.errors import ChannelError, ChannelTemporary, ChannelUnsure, OrderPaid, OrderUnknown
from payments.rules import AWAITED, AttemptState
from payments.services import online, settling
from payments.services.attempts import confirm_attempt, fail_attempt
from payments.services.channels import merchant_of
from payments.services.insuring.merging import merged
from payments.services.suspense import note_unclaimed

log = structlog.get_logger(__name__)

CHANNELS = Actor.system("pay-channels")
BATCH = 100
# Between two questions about one payment; the last is repeated until there is an answer.
ASK_AFTER = tuple(timedelta(seconds=seconds) for seconds in (20, 20, 30, 60, 60, 120, 300, 600, 1800, 3600))
# What was paid in the last second is there by then.
AFTER_THE_END = timedelta(seconds=2)
# A question under way is not asked by a second worker within this time.
LEASE = timedelta(seconds=40)


def launch_attempt(*, attempt: str) -> None:
    """Ask the channel to take the money of an attempt; asking again is safe, the number is the same."""
    row = _attempt(attempt)
    if row is None or row.channel is None or not online.may_launch(attempt=attempt):
        return
    asks = row.asks or {}
    until = row.leg.settlement.expires_at if row.leg else None
    order = Order(
        number=row.public_id,
        asked_at=row.started_at,
        amount_fen=row.amount_fen,
        title=f"{row.bill.institution.short_name} 医疗费用",
        way=Way(row.way),
        expires_at=until or row.started_at + online.PATIENCE,
        notify_url=notify_url(row.channel),
        return_url=asks.get("return_url", ""),
        payer=asks.get("payer", {}),
    )
    try:
        launch = online_provider(row.provider).order(merchant_of(row.channel), order)
        launch = merged(row, order, launch)
    except (ChannelUnsure, ChannelTemporary, OrderPaid) as exc:
        log.info("payment_not_launched", provider=row.provider, code=exc.code)
        online.end_launching(attempt=row.public_id)
        _ask_again(row)
    except ChannelError as exc:
        log.warning("payment_refused", provider=row.provider, code=exc.code)
        online.end_launching(attempt=row.public_id)
        _refused(row, exc.code[:40] or "refused")
    else:
        online.note_launch(
            attempt=row.public_id, kind=launch.kind, fields=launch.fields, until=launch.expires_at
        )


def _refused(row: PaymentAttempt, failure: str) -> None:
    """The channel does not take the money; if it was asked before, it may have taken it all the same."""
    was_asked = row.asked > 0 or row.launch is not None
    if was_asked and row.leg is not None:
        online.give_up(settlement=row.leg.settlement.public_id, failure=failure, actor=CHANNELS)
    else:
        fail_attempt(attempt=row.public_id, failure=failure, actor=CHANNELS)


def ask_attempt(*, attempt: str) -> None:
    """Ask what became of a payment, and close it where nobody waits for it any more."""
    row = _attempt(attempt)
    if row is None or row.state != AttemptState.STARTED or row.channel is None:
        return
    provider, merchant = online_provider(row.provider), merchant_of(row.channel)
    asked = Asked(row.public_id, row.started_at, Way(row.way))
    try:
        said = provider.query(merchant, asked)
        if said.state is Said.WAITING and _is_over(row):
            try:
                provider.close(merchant, asked)
            except OrderPaid:
                log.info("payment_came_while_closing", provider=row.provider)
            said = provider.query(merchant, asked)
    except OrderUnknown:
        if not _is_over(row):
            # It never arrived, or the channel could not take it: the payer still waits.
            _ask_again(row)
            launch_attempt(attempt=row.public_id)
            return
        if _is_launching(row):
            # Another worker asks for it at this moment: what was unknown just now may be there by now.
            _ask_again(row)
            return
        if row.launch is not None and _may_still_be_opened(row):
            # Some channels know an order only once the payer has opened it, and end it by its time alone.
            _ask_again(row)
            return
        # Never asked for, or lost on the way there: no payer can pay it any more.
        said = Payment(row.public_id, Said.CLOSED, reason="unknown")
    except ChannelError as exc:
        log.info("payment_not_asked", provider=row.provider, code=exc.code)
        _ask_again(row)
        return
    hear_payment(said, row)


def hear_payment(said: Payment, row: PaymentAttempt, told_by: str = "query") -> None:
    """Record what a channel says of one of our payments, whoever asked for it.

    A second payment for one order is there, and is nobody's yet: it is kept apart. What is said of a payment
    that was recorded is no further money.
    """
    if said.state is Said.PAID:
        try:
            confirm_attempt(
                attempt=row.public_id,
                captured_fen=said.amount_fen,
                channel_ref=said.channel_ref,
                actor=CHANNELS,
            )
        except PaymentTaken:
            log.error("payment_told_differently", attempt=row.public_id, provider=row.provider)
            if row.channel is not None and not _is_recorded(said, row.provider):
                note_unclaimed(channel=row.channel, said=said, told_by=told_by, actor=CHANNELS)
    elif said.state is Said.WAITING:
        _ask_again(row)
    else:
        fail_attempt(attempt=row.public_id, failure=said.reason[:40] or said.state.value, actor=CHANNELS)


def wake_attempt(row: PaymentAttempt) -> None:
    """Have the channel asked at once, and the insurance as well, where it pays a part."""
    PaymentAttempt.objects.filter(pk=row.pk, state=AttemptState.STARTED).update(next_ask_at=clock.now())
    if row.leg is not None:
        settling.wake_insurer(row.leg.settlement)


def sure_payment(said: Payment, channel: Channel) -> Payment:
    """What a notice says of a payment, or, where that is another amount than was asked for, what asking says.

    Raises:
        ChannelError: The channel was asked and did not answer.
    """
    rows = PaymentAttempt.objects.filter(public_id=said.number, channel=channel)
    row = rows.first() if said.state is Said.PAID else None
    if row is None or row.amount_fen == said.amount_fen:
        return said
    log.warning("payment_told_with_another_amount", attempt=row.public_id, provider=row.provider)
    asked = Asked(row.public_id, row.started_at, Way(row.way))
    return online_provider(row.provider).query(merchant_of(channel), asked)


def due_attempts() -> list[str]:
    """The payments that a channel is to be asked about now, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            PaymentAttempt.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state=AttemptState.STARTED, next_ask_at__lte=moment)
            .order_by("next_ask_at")[:BATCH]
        )
        PaymentAttempt.objects.filter(pk__in=[row.pk for row in rows]).update(next_ask_at=moment + LEASE)
    return [row.public_id for row in rows]


def may_ask_now(attempt: str, *, every_seconds: int) -> bool:
    """Whether a page may have the channel asked; of many pages and presses one does in that time.

    Without Valkey nobody may, and the clock asks.
    """
    try:
        return bool(redis.client().set(redis.key("pay-asked", attempt), b"1", nx=True, ex=every_seconds))
    except RedisError as exc:
        log.warning("payment_not_asked_by_page", error=type(exc).__name__)
        return False


def _attempt(attempt: str) -> PaymentAttempt | None:
    rows = PaymentAttempt.objects.select_related(
        "bill__institution", "channel__institution", "leg__settlement"
    )
    return rows.filter(public_id=attempt).first()


def _is_recorded(said: Payment, provider: str) -> bool:
    rows = PaymentAttempt.objects.filter(provider=provider, channel_ref=said.channel_ref)
    return rows.filter(state=AttemptState.CAPTURED).exists()


def _is_over(row: PaymentAttempt) -> bool:
    """Whether nobody waits for the payment: its time is over, or the settlement is being undone."""
    if row.leg is None:
        return True
    settlement = row.leg.settlement
    until = settlement.expires_at
    return settlement.state not in AWAITED or (until is not None and until <= clock.now())


def _is_launching(row: PaymentAttempt) -> bool:
    """Whether a worker is at asking for the order, as it stands now."""
    return PaymentAttempt.objects.filter(pk=row.pk, launching_until__gt=clock.now()).exists()


def _may_still_be_opened(row: PaymentAttempt) -> bool:
    """Whether the order's own time still runs, whoever has given it up here."""
    until = row.leg.settlement.expires_at if row.leg else None
    return until is not None and until > clock.now()


def _ask_again(row: PaymentAttempt) -> None:
    """After a pause that grows, and in any case when the order's time is over."""
    moment = clock.now()
    later = moment + ASK_AFTER[min(row.asked, len(ASK_AFTER) - 1)]
    until = row.leg.settlement.expires_at if row.leg else None
    if until is not None and moment < until:
        later = min(later, until + AFTER_THE_END)
    PaymentAttempt.objects.filter(pk=row.pk, state=AttemptState.STARTED).update(
        asked=F("asked") + 1, next_ask_at=later
    )


def notify_url(channel: Channel) -> str:
    """Where a channel tells what happened; without a query, and without a sign-in."""
    path = reverse("pay-notice", args=[channel.provider, channel.public_id])
    return f"{settings.BASE_URL}{path}"
