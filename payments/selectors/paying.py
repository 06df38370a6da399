"""What somebody who pays online sees: the ways that are offered, and how a payment stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import F, Q

from foundation.accounts import selectors as accounts
from foundation.core import clock
from payments.errors import BillNotFound
from payments.models import Bill, InsuranceOrder, PaymentAttempt, Settlement
from payments.providers import label_of
from payments.providers.base import Way
from payments.providers.prepaid import PREPAID
from payments.rules import AttemptState, SettlementState
from payments.selectors.resident import ShownBill, bill_of
from payments.services.online import offered

# What the browsers inside other applications say of themselves.
_IN_WEIXIN, _IN_ALIPAY, _ON_PHONE = "MicroMessenger", "AlipayClient", "Mobile"


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to pay a bill, as this browser can go."""

    provider: str
    label: str
    way: Way


@dataclass(frozen=True, slots=True)
class Standing:
    """How a payment stands.

    Attributes:
        total_fen: What is paid in this way.
        is_begun: Whether the channel still takes it.
        is_insured: Whether an insurance pays a part besides.
        launch: How the payer's device goes on: ``kind`` and ``fields``, as ``providers.base.Launch``; none
            until the channel has answered.
        failure: Why it came to nothing: the channel's word, or ours.
    """

    settlement_id: str
    attempt_id: str
    is_insured: bool
    is_begun: bool
    state: SettlementState
    label: str
    total_fen: int
    way: str
    failure: str
    launch: Mapping[str, object] | None = field(repr=False)

    @property
    def goes_on_insured(self) -> bool:
        """Whether the rest is seen where the insurance's parts are."""
        return self.is_insured and not (self.is_begun and self.state is SettlementState.PAYING)

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return self.state in (SettlementState.SETTLED, SettlementState.UNDONE)

    @property
    def is_paid(self) -> bool:
        """Whether the bill is paid by it."""
        return self.state is SettlementState.SETTLED

    @property
    def waits_for_payer(self) -> bool:
        """Whether the payer can go on with it."""
        return self.state is SettlementState.PAYING and self.launch is not None


def choices(*, bill: str, user_agent: str, amount_fen: int | None = None) -> Sequence[Choice]:
    """The ways by which this browser can pay a bill now; the caller has checked whose it is.

    Of each channel the way that suits the browser best.

    Args:
        amount_fen: What is to be paid so, where a balance pays the rest.
    """
    return best_of(all_choices(bill=bill, amount_fen=amount_fen), user_agent)


def best_of(offered: Sequence[Choice], user_agent: str) -> Sequence[Choice]:
    """Of each channel the way that suits this browser best; those that it cannot go are left out."""
    wanted = _ways(user_agent)
    best: dict[str, Choice] = {}
    for one in offered:
        if one.way not in wanted:
            continue
        known = best.get(one.provider)
        if known is None or wanted.index(one.way) < wanted.index(known.way):
            best[one.provider] = one
    return list(best.values())


def all_choices(*, bill: str, amount_fen: int | None = None) -> Sequence[Choice]:
    """The same, whatever the device: every way, in the order of the rules."""
    row = Bill.objects.select_related("institution").get(public_id=bill)
    return [
        Choice(channel.provider, label_of(channel.provider), Way(way))
        for channel in offered(row, amount_fen)
        for way in channel.ways
    ]


def standing_of(*, account_pk: int, bill_id: str, settlement_id: str) -> tuple[ShownBill, Standing]:
    """A payment of a bill of somebody for whom the account pays.

    Raises:
        BillNotFound: It is of no such bill.
    """
    shown = bill_of(account_pk=account_pk, bill_id=bill_id)
    settlement = Settlement.objects.filter(
        public_id=settlement_id, bill__public_id=bill_id, online=True
    ).first()
    if settlement is None:
        raise BillNotFound
    return shown, standing(settlement)


def standing(settlement: Settlement) -> Standing:
    """How a settlement stands, for a reader who has been checked.

    Raises:
        BillNotFound: Nobody pays it online.
    """
    # The parts of an insurance, and what the hospital takes off, have no channel. A balance has none either,
    # and stands for itself where it paid everything.
    attempts = PaymentAttempt.objects.select_related("bill").filter(
        Q(channel__isnull=False) | Q(provider=PREPAID), leg__settlement=settlement
    )
    attempt = (
        attempts.order_by(F("channel").desc(nulls_last=True), "-pk").first()
        if settlement is not None
        else None
    )
    if settlement is None or attempt is None:
        raise BillNotFound
    goes_on = attempt.state == AttemptState.STARTED
    # It is asked for again, as long as there is time to pay.
    is_stale = attempt.launch_is_over and (
        settlement.expires_at is None or settlement.expires_at > clock.now()
    )
    return Standing(
        settlement_id=settlement.public_id,
        attempt_id=attempt.public_id,
        is_begun=goes_on,
        is_insured=InsuranceOrder.objects.filter(settlement=settlement).exists(),
        state=SettlementState(settlement.state),
        label=label_of(attempt.provider),
        total_fen=attempt.amount_fen,
        way=attempt.way,
        failure=settlement.failure,
        launch=attempt.launch if goes_on and not is_stale else None,
    )


def payer_facts(*, account_pk: int, way: str, address: str) -> dict[str, str]:
    """What a way needs to know of the payer, as ``Order.payer``; the openid of the account in WeChat.

    Args:
        address: Of the payer's device.
    """
    facts = {"client_ip": address}
    if way in (Way.IN_WEIXIN, Way.MINI_PROGRAM):
        facts["openid"] = accounts.weixin_user(account_pk, is_mini_program=way == Way.MINI_PROGRAM)
    return {name: value for name, value in facts.items() if value}


def _ways(user_agent: str) -> Sequence[Way]:
    if _IN_WEIXIN in user_agent:
        return (Way.IN_WEIXIN, Way.SCANS)
    if _IN_ALIPAY in user_agent:
        return (Way.IN_ALIPAY, Way.BROWSER)
    return (Way.BROWSER, Way.SCANS) if _ON_PHONE in user_agent else (Way.SCANS, Way.BROWSER)
