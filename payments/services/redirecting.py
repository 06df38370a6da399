"""An abnormal refund is sent elsewhere, by one of the staff and looked at by another, or given by hand.

The channel keeps one refund under one number, so whatever is asked for twice goes back once. What it
did not answer is asked for like any other refund that is under way.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

import structlog
from django.db import IntegrityError, transaction

from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from institutions.rules import Duty
from institutions.services import require
from payments.errors import (
    ProviderUnknown,
    RedirectDecided,
    RedirectNotOffered,
    RedirectOwn,
    RefundNotAbnormal,
    RefundNotAsked,
    RefundStillAtChannel,
)
from payments.models import RedirectState, Refund, RefundRedirect
from payments.providers import online_provider, provider_of
from payments.providers.base import Receiver, RedirectsRefunds, Refunded, RefundSaid
from payments.providers.errors import ChannelError, ChannelRefused
from payments.rules import INSURED, RefundState
from payments.services.asking import CHANNELS
from payments.services.channels import merchant_of
from payments.services.refunds import find_refund, give_back
from payments.services.returning import LEASE, hear_refund, note_abnormal, order_of

log = structlog.get_logger(__name__)


def is_insured(row: Refund) -> bool:
    """Whether an insurance paid it, which gives it back itself and in no other way."""
    return row.attempt.leg is not None and row.attempt.leg.kind in INSURED


def can_redirect(row: Refund) -> bool:
    """Whether the refund's channel sends refunds elsewhere."""
    try:
        return hasattr(provider_of(row.provider), "redirect_refund")
    except ProviderUnknown:
        return False


@transaction.atomic
def ask_redirect(*, refund: str, receiver: Receiver, reason: str, actor: Actor) -> str:
    """Propose where an abnormal refund is to go; somebody else looks at it before anything is sent.

    Returns:
        The public id of the proposal.

    Raises:
        RefundNotAbnormal: It has not failed.
        RedirectNotOffered: Its channel does not do that.
        RedirectDecided: A proposal for it waits already.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    if row.state != RefundState.ABNORMAL:
        raise RefundNotAbnormal
    if not can_redirect(row):
        raise RedirectNotOffered
    if receiver.is_payer and not (receiver.bank and receiver.account and receiver.holder):
        raise InvalidInput(field="account")
    proposal = RefundRedirect(
        refund=row,
        is_payer=receiver.is_payer,
        receiver=asdict(receiver) if receiver.is_payer else {},
        asked_by=actor.id[:26],
        asked_at=clock.now(),
    )
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
    except IntegrityError as exc:
        raise RedirectDecided from exc
    _record(Action.REFUND_REDIRECT_ASKED, row, actor, reason)
    return proposal.public_id


@transaction.atomic
def decide_redirect(*, redirect: str, agrees: bool, reason: str, actor: Actor) -> None:
    """Agree to a proposal, or refuse it; whoever made it does not decide.

    Raises:
        RedirectOwn: The same person asked for it.
        RedirectDecided: It was decided, or the refund has gone otherwise.
    """
    require(actor, Duty.REFUND)
    proposal = RefundRedirect.objects.select_related("refund").filter(public_id=redirect).first()
    if proposal is None:
        raise RedirectDecided
    row = find_refund(proposal.refund.public_id, actor)
    if proposal.asked_by == actor.id:
        raise RedirectOwn
    after = RedirectState.SENT if agrees else RedirectState.REFUSED
    moved = RefundRedirect.objects.filter(pk=proposal.pk, state=RedirectState.ASKED).update(
        state=after, decided_by=actor.id[:26], decided_at=clock.now()
    )
    if not moved:
        raise RedirectDecided
    if agrees:
        # From here on the channel may have acted: the refund is under way, and is asked for.
        waits = Refund.objects.filter(pk=row.pk, state=RefundState.ABNORMAL)
        moment = clock.now()
        if not waits.update(
            state=RefundState.SENT, tries=0, failure="", sent_at=moment, next_try_at=moment + LEASE
        ):
            raise RedirectDecided
    _record(Action.REFUND_REDIRECTED if agrees else Action.REFUND_REDIRECT_REFUSED, row, actor, reason)


def send_redirect(*, redirect: str) -> None:
    """Ask the channel, in no transaction of ours. It is first asked how far the refund is: it may be done."""
    rows = RefundRedirect.objects.select_related(
        "refund__bill__institution", "refund__attempt__channel__institution", "refund__attempt__bill"
    )
    proposal = rows.filter(public_id=redirect, state=RedirectState.SENT).first()
    if proposal is None or proposal.refund.state != RefundState.SENT:
        return
    row = proposal.refund
    try:
        said = _ask(row, proposal)
    except ChannelRefused as exc:
        RefundRedirect.objects.filter(pk=proposal.pk).update(
            state=RedirectState.FAILED, failure=exc.code[:60]
        )
        note_abnormal(row=row, failure=exc.code, actor=CHANNELS)
    except ChannelError as exc:
        log.info("redirect_not_answered", provider=row.provider, code=exc.code)
    else:
        hear_refund(said, row)


def _ask(row: Refund, proposal: RefundRedirect) -> Refunded:
    channel = row.attempt.channel
    if channel is None:
        raise ChannelRefused(row.provider, "channel")
    provider, merchant, order = online_provider(row.provider), merchant_of(channel), order_of(row)
    said = provider.query_refund(merchant, order)
    if said.state is not RefundSaid.ABNORMAL:
        return said
    to: Mapping[str, str] = proposal.receiver
    receiver = Receiver(
        proposal.is_payer, to.get("bank", ""), account=to.get("account", ""), holder=to.get("holder", "")
    )
    return cast(RedirectsRefunds, provider).redirect_refund(merchant, order, said.channel_ref, receiver)


def look_before_hand(*, refund: str, actor: Actor) -> None:
    """Ask the channel before money is given back besides it, in no transaction of ours.

    What it says of a refund that it has never heard of, or that it refuses to answer, stands in nobody's way.

    Raises:
        RefundNotAbnormal: It has not failed, or the channel has just been heard.
        RefundStillAtChannel: The channel has given the money back meanwhile, or is about to.
        RefundNotAsked: The channel did not answer.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    if row.state != RefundState.ABNORMAL:
        raise RefundNotAbnormal
    channel = row.attempt.channel
    if channel is None:
        return
    try:
        said = online_provider(row.provider).query_refund(merchant_of(channel), order_of(row))
    except (ProviderUnknown, ChannelRefused) as exc:
        log.info("refund_not_known_there", provider=row.provider, code=exc.code)
    except ChannelError as exc:
        raise RefundNotAsked from exc
    else:
        if said.state in (RefundSaid.DONE, RefundSaid.PROCESSING):
            hear_refund(said, row)
            raise RefundStillAtChannel


@transaction.atomic
def settle_by_hand(*, refund: str, provider: str, reference: str, reason: str, actor: Actor) -> None:
    """Note that an abnormal refund was given back outside the channel: at the window, or by the till.

    Args:
        provider: By which way; one that people handle.
        reference: Of the receipt, or of the transfer.

    Raises:
        RefundNotAbnormal: It has not failed, or somebody sent it again just now.
    """
    require(actor, Duty.REFUND)
    row = find_refund(refund, actor)
    chosen = provider_of(provider)
    if not chosen.by_hand or is_insured(row):
        raise InvalidInput(field="provider")
    if row.state != RefundState.ABNORMAL:
        raise RefundNotAbnormal
    row.provider = chosen.code
    give_back(row, (RefundState.ABNORMAL,), handed_by=actor.id[:26], channel_ref=reference, actor=actor)
    RefundRedirect.objects.filter(refund=row, state=RedirectState.ASKED).update(
        state=RedirectState.REFUSED, decided_by="", decided_at=clock.now()
    )
    _record(Action.REFUND_SETTLED, row, actor, reason)


def _record(action: Action, row: Refund, actor: Actor, reason: str) -> None:
    audit.record(
        action,
        actor=actor,
        subject=row,
        institution=row.bill.institution.public_id,
        reason=reason,
        details={"amount_fen": row.amount_fen, "provider": row.provider},
    )
