"""What somebody sees who pays a bill with an insurance: whether they can, who pays what, how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.core import signing
from django.utils.translation import gettext as _

from payments.errors import BillNotFound, InsuranceNotAllowed, InsuranceNotOffered
from payments.insurance import insurer_of
from payments.insurance.base import Allowed
from payments.models import Bill, InsuranceOrder, PaymentAttempt, Refund
from payments.providers import online_provider, provider_of
from payments.providers.base import Way
from payments.providers.within import REDUCTION
from payments.rules import (
    INSURED,
    AttemptState,
    InsuranceState,
    LegKind,
    RefundState,
    SettlementState,
)
from payments.selectors.parts import ShownPart
from payments.selectors.paying import Choice, best_of
from payments.selectors.resident import ShownBill, bill_of
from payments.services.insuring.beginning import insurer_setup_of, own_channels
from payments.services.insuring.setups import merchant_of_setup

# So long somebody may stay on the insurance's page; what it gave them is good for minutes anyway.
PERMISSION_SECONDS = 900
_SALT = "payments.insurance-permission"


@dataclass(frozen=True, slots=True)
class InsuredStanding:
    """How a payment with an insurance stands.

    Attributes:
        parts: Who pays what; empty while that is not known.
        own_fen: What is left to the payer.
        attempt_id: The payment of the own share, once it was begun.
        own_is_paid: Whether that has arrived.
        insured_is_paid: Whether the insurance has paid its parts.
        reason: Why it came to nothing, as a sentence; empty while it has not.
        returned: What became of money that had arrived, part by part.
    """

    settlement_id: str
    order_id: str
    state: SettlementState
    is_divided: bool
    parts: Sequence[ShownPart]
    total_fen: int
    own_fen: int
    attempt_id: str
    own_is_paid: bool
    own_waits: bool
    insured_is_paid: bool
    reason: str
    returned: Sequence[tuple[ShownPart, bool]] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing is waited for any more."""
        return self.state in (SettlementState.SETTLED, SettlementState.UNDONE)

    @property
    def is_paid(self) -> bool:
        """Whether the bill is paid by it."""
        return self.state is SettlementState.SETTLED

    @property
    def has_failed(self) -> bool:
        """Whether nothing of it is kept."""
        return self.state in (SettlementState.UNDOING, SettlementState.UNDONE)

    @property
    def asks_payer(self) -> bool:
        """Whether the split waits to be confirmed."""
        return self.state is SettlementState.PLANNED and self.is_divided


def all_insured_choices(*, bill: str) -> Sequence[Choice]:
    """The ways to pay what an insurance leaves of a bill; none where no insurance pays a part of it."""
    row = Bill.objects.select_related("institution").get(public_id=bill)
    setup = insurer_setup_of(row)
    if setup is None:
        return []
    return [
        Choice(channel.provider, online_provider(channel.provider).label(), Way(way))
        for channel, way in own_channels(row, setup)
    ]


def insured_choices(*, bill: str, user_agent: str) -> Sequence[Choice]:
    """The same for this browser: of each channel the way that suits it best."""
    return best_of(all_insured_choices(bill=bill), user_agent)


def insured_elsewhere(*, bill: str) -> str:
    """The app in which an insurance pays a part of a bill, where it does so in one only; empty if in none."""
    ways = {choice.way for choice in all_insured_choices(bill=bill)}
    labels = {Way.IN_WEIXIN: _("微信"), Way.IN_ALIPAY: _("支付宝")}
    return next((label for way, label in labels.items() if way in ways), "")


def permission_page(*, bill: str, account: str, choice: Choice, return_url: str) -> str:
    """The insurer's page on which the person allows the payment; it sends them back with what we gave.

    Raises:
        InsuranceNotOffered: No insurance can pay a part of it here, or the region has no such page.
    """
    setup = insurer_setup_of(Bill.objects.select_related("institution").get(public_id=bill))
    if setup is None:
        raise InsuranceNotOffered
    state = signing.dumps([bill, account, choice.provider, choice.way.value], salt=_SALT)
    url = insurer_of(setup.insurer).permission_url(
        merchant_of_setup(setup), state=state, return_url=return_url
    )
    if not url:
        raise InsuranceNotOffered
    return url


def read_permission(*, bill: str, account: str, query: Mapping[str, str]) -> tuple[Allowed, str, str]:
    """What the insurer's page sent back: what was allowed, and the channel and way that were chosen before.

    Raises:
        InsuranceNotAllowed: The person did not allow it, or this is not of this person and bill, or too old.
        InsuranceNotOffered: The insurance is not offered any more.
    """
    try:
        asked = signing.loads(query.get("state", ""), salt=_SALT, max_age=PERMISSION_SECONDS)
    except signing.BadSignature as exc:
        raise InsuranceNotAllowed from exc
    if asked[:2] != [bill, account]:
        raise InsuranceNotAllowed
    setup = insurer_setup_of(Bill.objects.select_related("institution").get(public_id=bill))
    if setup is None:
        raise InsuranceNotOffered
    allowed = insurer_of(setup.insurer).read_permission(merchant_of_setup(setup), query)
    if allowed is None:
        raise InsuranceNotAllowed
    return allowed, asked[2], asked[3]


def is_insured(settlement_id: str) -> bool:
    """Whether an insurance pays a part of a settlement; the caller has checked whose it is."""
    return InsuranceOrder.objects.filter(settlement__public_id=settlement_id).exists()


def insured_standing_of(
    *, account_pk: int, bill_id: str, settlement_id: str
) -> tuple[ShownBill, InsuredStanding]:
    """A payment with an insurance of a bill of somebody for whom the account pays.

    Raises:
        BillNotFound: It is of no such bill.
    """
    shown = bill_of(account_pk=account_pk, bill_id=bill_id)
    rows = InsuranceOrder.objects.select_related("settlement", "setup", "bill")
    row = rows.filter(settlement__public_id=settlement_id, bill__public_id=bill_id).first()
    if row is None:
        raise BillNotFound
    settlement = row.settlement
    is_divided = row.fund_fen is not None
    legs = list(settlement.legs.order_by("place")) if is_divided else []
    own = PaymentAttempt.objects.filter(leg__settlement=settlement, channel__isnull=False).first()
    state = SettlementState(settlement.state)
    has_failed = state in (SettlementState.UNDOING, SettlementState.UNDONE)
    return shown, InsuredStanding(
        settlement_id=settlement.public_id,
        order_id=row.public_id,
        state=state,
        is_divided=is_divided,
        parts=[ShownPart(str(LegKind(leg.kind).label), leg.amount_fen) for leg in legs],
        total_fen=settlement.total_fen,
        own_fen=sum(leg.amount_fen for leg in legs if leg.kind == LegKind.OWN),
        attempt_id=own.public_id if own is not None else "",
        own_is_paid=own is not None and own.state == AttemptState.CAPTURED,
        own_waits=own is not None and own.state == AttemptState.STARTED,
        insured_is_paid=row.state in (InsuranceState.SETTLED, InsuranceState.RETURNED),
        reason=_reason(row.failure or settlement.failure) if has_failed else "",
        returned=_returned(row) if has_failed else (),
    )


def _returned(row: InsuranceOrder) -> Sequence[tuple[ShownPart, bool]]:
    """What had arrived and goes back; the second says whether it has."""
    refunds = Refund.objects.select_related("attempt__leg").filter(attempt__leg__settlement=row.settlement_id)
    refunds = refunds.exclude(state=RefundState.WITHDRAWN).exclude(provider=REDUCTION).order_by("pk")
    return [
        (ShownPart(_source(refund), refund.amount_fen), refund.state == RefundState.PAID)
        for refund in refunds
    ]


def _source(refund: Refund) -> str:
    leg = refund.attempt.leg
    is_insured = leg is not None and leg.kind in INSURED
    return (
        str(LegKind(leg.kind).label)
        if leg is not None and is_insured
        else provider_of(refund.provider).label()
    )


def _reason(failure: str) -> str:
    """Why nothing was paid, in a sentence."""
    known = {
        "permission": _("医保授权已经过期，请重新授权。"),
        "not_insured": _("医保查不到参保信息，或已经停保。"),
        "nothing_insured": _("按医保规则，这张账单医保不支付任何金额。"),
        "nothing_own": _("扣除减免后没有要自付的金额，请到医院窗口用医保结算。"),
        "split_changed": _("医保重新算过，分担的金额变了。"),
        "payer": _("您结束了这次支付。"),
        "expired": _("在规定时间内没有付完。"),
        "bill_closed": _("账单已经取消，或者已经付清。"),
        "amounts": _("医保算出的金额和账单对不上。"),
    }
    if failure in known:
        return known[failure]
    if failure.startswith("insurer"):
        return _("医保没有结算成功。")
    return _("自付部分没有付成。") if failure in ("channel", "closed", "failed") else _("这次支付没有完成。")
