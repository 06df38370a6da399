"""Giving money back by the channel that it came by, in no transaction of ours.

A refund is marked as sent before the channel hears of it. From then on the channel may have acted,
whatever becomes of this process: it is asked how far it is, and asked again under the same number,
which never gives back twice.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.events import services as events
from institutions.rules import Duty
from institutions.services import require
from payments.errors import ProviderUnknown, RefundNotDue
from payments.events import RefundFailed
from payments.models import Channel, Difference, PaymentAttempt, Refund, Suspense
from payments.providers import is_by_hand, online_provider, provider_of
from payments.providers.base import Refunded, RefundOrder, RefundSaid
from payments.providers.errors import BalanceTooLow, ChannelError, ChannelRefused, OrderUnknown
from payments.providers.within import InsuredPart, Reduction
from payments.reconciliation.rules import Act, DifferenceKind, ItemKind, Party, beijing_day
from payments.rules import RefundState
from payments.scope import facts
from payments.services.asking import BATCH, CHANNELS, notify_url
from payments.services.channels import merchant_of
from payments.services.differences import note_found
from payments.services.insuring.returning import goes_after, return_insured
from payments.services.refunds import find_refund, give_back

log = structlog.get_logger(__name__)

TRY_AFTER = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600))
LEASE = timedelta(seconds=60)
# How long a channel may leave a refund under way before somebody looks at it.
PATIENCE = timedelta(days=3)
BY_CHANNEL = (RefundState.DUE, RefundState.SENT, RefundState.ABNORMAL)


def due_refunds() -> list[str]:
    """The refunds that a channel is to be asked about now, each leased to the caller for a while."""
    moment = clock.now()
    with transaction.atomic():
        rows = list(
            Refund.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state__in=(RefundState.DUE, RefundState.SENT), next_try_at__lte=moment)
            .order_by("next_try_at")[:BATCH]
        )
        Refund.objects.filter(pk__in=[row.pk for row in rows]).update(next_try_at=moment + LEASE)
    return [row.public_id for row in rows]


def send_refund(*, refund: str) -> None:
    """Ask the channel to give money back, or, once it was asked, how far it is."""
    rows = Refund.objects.select_related(
        "bill__institution", "attempt__channel", "attempt__bill", "attempt__leg"
    )
    row = rows.filter(public_id=refund).first()
    if row is None or row.state not in (RefundState.DUE, RefundState.SENT) or goes_after(row):
        return
    if is_by_hand(row.provider):
        return
    was_sent = row.state == RefundState.SENT
    if not was_sent and not _mark_sent(row):
        return
    try:
        said = _give(row, asks_first=was_sent)
    except ProviderUnknown as exc:
        note_abnormal(row=row, failure=exc.code, actor=CHANNELS)
    except BalanceTooLow as exc:
        log.warning("refund_waits_for_balance", provider=row.provider)
        _try_again(row, exc.code, lacks_balance=True)
    except ChannelRefused as exc:
        note_abnormal(row=row, failure=exc.code, actor=CHANNELS)
    except ChannelError as exc:
        log.info("refund_not_answered", provider=row.provider, code=exc.code)
        _try_again(row, exc.code)
    else:
        hear_refund(said, row)


def hear_refund(said: Refunded, row: Refund) -> None:
    """Record what a channel says of one of our refunds, whoever asked for it; a repeat changes nothing."""
    if said.state is RefundSaid.DONE and said.amount_fen == row.amount_fen:
        _done(row, said)
    elif said.state is RefundSaid.PROCESSING:
        if clock.now() - (row.sent_at or row.opened_at) > PATIENCE:
            note_abnormal(row=row, failure="slow", actor=CHANNELS)
        else:
            _try_again(row, "")
    else:
        failure = "amount" if said.state is RefundSaid.DONE else said.reason or said.state.value
        note_abnormal(row=row, failure=failure, actor=CHANNELS)
        if said.state is RefundSaid.DONE:
            _note_besides(row, said)


def wake_refund(row: Refund) -> None:
    """Have the channel asked at once how far a refund is."""
    Refund.objects.filter(pk=row.pk, state=RefundState.SENT).update(next_try_at=clock.now())


@transaction.atomic
def send_again(*, refund: str, reason: str, actor: Actor) -> None:
    """Let the channel be asked again for a refund that failed, once what stood in the way is cleared.

    Raises:
        RefundNotDue: It has not failed.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    moved = Refund.objects.filter(pk=row.pk, state=RefundState.ABNORMAL).update(
        state=RefundState.SENT, tries=0, sent_at=clock.now(), next_try_at=clock.now(), failure=""
    )
    if not moved:
        raise RefundNotDue
    _record(Action.REFUND_SENT_AGAIN, row, actor, reason)


def _give(row: Refund, *, asks_first: bool) -> Refunded:
    """Have the money given back, by whoever took it."""
    provider = provider_of(row.provider)
    if isinstance(provider, InsuredPart):
        number = return_insured(row, provider)
        return Refunded(row.public_id, RefundSaid.DONE, row.amount_fen, number)
    if isinstance(provider, Reduction):
        return Refunded(row.public_id, RefundSaid.DONE, row.amount_fen)
    return _ask(row, asks_first=asks_first)


def sure_refund(said: Refunded, channel: Channel) -> Refunded:
    """What a notice says of a refund, or, where that is another amount than was asked for, what asking says.

    Raises:
        ChannelError: The channel was asked and did not answer.
    """
    rows = Refund.objects.select_related("attempt")
    row = rows.filter(public_id=said.number, attempt__channel=channel).first()
    if row is None or said.state is not RefundSaid.DONE or row.amount_fen == said.amount_fen:
        return said
    log.warning("refund_told_with_another_amount", refund=row.public_id, provider=row.provider)
    # By the channel that told, whoever gave the money back here.
    return online_provider(channel.provider).query_refund(merchant_of(channel), order_of(row))


def order_of(row: Refund) -> RefundOrder:
    """A refund as its channel is asked for it; the same in every repeat."""
    attempt = row.attempt
    return RefundOrder(
        number=row.public_id,
        payment_number=_order_number(attempt),
        channel_ref=attempt.channel_ref,
        amount_fen=row.amount_fen,
        total_fen=attempt.captured_fen,
        reason=row.get_reason_display(),
        asked_at=row.opened_at,
        notify_url=notify_url(attempt.channel) if attempt.channel is not None else "",
    )


def _ask(row: Refund, *, asks_first: bool) -> Refunded:
    if row.attempt.channel is None:
        raise ChannelRefused(row.provider, "channel")
    provider, merchant = online_provider(row.provider), merchant_of(row.attempt.channel)
    order = order_of(row)
    if asks_first:
        try:
            return provider.query_refund(merchant, order)
        except OrderUnknown:
            log.info("refund_never_arrived", provider=row.provider)
    said = provider.refund(merchant, order)
    # It was taken up only now, and is waited for from now on.
    Refund.objects.filter(pk=row.pk).update(sent_at=clock.now())
    return said


def _order_number(attempt: PaymentAttempt) -> str:
    """What the channel knows the payment by: money that was claimed later came under another number."""
    claimed = Suspense.objects.filter(attempt=attempt).values_list("number", flat=True).first()
    return claimed or attempt.public_id


def _mark_sent(row: Refund) -> bool:
    """Of two workers one marks it."""
    moved = Refund.objects.filter(pk=row.pk, state=RefundState.DUE).update(
        state=RefundState.SENT, sent_at=clock.now(), next_try_at=clock.now() + LEASE
    )
    return bool(moved)


@transaction.atomic
def _done(row: Refund, said: Refunded) -> None:
    try:
        give_back(row, BY_CHANNEL, channel_ref=said.channel_ref, actor=CHANNELS)
    except RefundNotDue:
        _note_besides(row, said)


def _note_besides(row: Refund, said: Refunded) -> None:
    """The channel gave back what is at its end here: by staff or the till besides, or withdrawn.

    Money may have gone out twice, which two people decide about. A statement tells the same thing later under
    the same key.
    """
    now = Refund.objects.select_related("attempt__channel", "bill__institution").get(pk=row.pk)
    channel = now.attempt.channel
    if now.state in BY_CHANNEL:
        return
    if now.state == RefundState.PAID and now.provider == now.attempt.provider:
        log.info("refund_told_again", provider=now.provider)
        return
    log.error("refund_given_back_twice", refund=now.public_id, provider=now.attempt.provider)
    if channel is None:
        return
    found = Difference(
        institution=now.bill.institution,
        party=Party.CHANNEL,
        channel=channel,
        day=beijing_day(clock.now()),
        kind=DifferenceKind.MISSING_LOCAL,
        item=ItemKind.REFUND,
        key=f"{channel.public_id}:{ItemKind.REFUND.value}:{now.public_id}",
        by_files=False,
        theirs_fen=said.amount_fen,
        bill=now.bill,
        attempt=now.attempt,
        act=Act.LOOK,
        found_at=clock.now(),
    )
    note_found(row=found, actor=CHANNELS)


@transaction.atomic
def note_abnormal(*, row: Refund, failure: str, actor: Actor) -> None:
    """Lay a refund into the work list, that the channel cannot or will not give back."""
    moved = Refund.objects.filter(pk=row.pk, state__in=(RefundState.DUE, RefundState.SENT)).update(
        state=RefundState.ABNORMAL, failure=failure[:60], lacks_balance=False, next_try_at=None
    )
    if moved:
        _record(Action.REFUND_ABNORMAL, row, actor, outcome=failure[:60])
        events.publish(RefundFailed(**facts(row.bill)))


def _try_again(row: Refund, failure: str, *, lacks_balance: bool = False) -> None:
    Refund.objects.filter(pk=row.pk, state=RefundState.SENT).update(
        tries=F("tries") + 1,
        failure=failure[:60],
        lacks_balance=lacks_balance,
        next_try_at=_later(row.tries, TRY_AFTER),
    )


def _later(tries: int, pauses: Sequence[timedelta]) -> datetime:
    return clock.now() + pauses[min(tries, len(pauses) - 1)]


def _record(action: Action, row: Refund, actor: Actor, reason: str = "", **details: object) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.bill.institution.public_id,
        reason=reason,
        details={"amount_fen": row.amount_fen, "provider": row.provider, **details},
    )
