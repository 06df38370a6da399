"""Pure rules: states, accounts of the ledger, the sides of each movement, the number of a bill."""

import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

NUMBER_LENGTH = 12
# What banks usually need to give money back, in days on which they work.
RETURN_DAYS = 3


class BillState(TextChoices):
    """Where a bill stands; what was given back of it is told by its amounts."""

    OPEN = "open", _("待支付")
    PAID = "paid", _("已支付")
    EXPIRED = "expired", _("已过期")
    CANCELLED = "cancelled", _("已取消")


# A hospital's number, and a subject, have one of these at most.
LIVE_STATES = (BillState.OPEN, BillState.PAID)


class SettlementState(TextChoices):
    """Where one settling of a bill stands: all of its legs are taken, or nothing of it is kept."""

    PLANNED = "planned", _("待确认")
    PAYING = "paying", _("支付中")
    SETTLED = "settled", _("已结算")
    UNDOING = "undoing", _("正在退回")
    UNDONE = "undone", _("没有成功")


# Money may still come for the first two; of one that is undone it goes back.
AWAITED = (SettlementState.PLANNED, SettlementState.PAYING)
LIVE_SETTLEMENTS = (SettlementState.PLANNED, SettlementState.PAYING, SettlementState.UNDOING)


class LegKind(TextChoices):
    """What one part of a settlement is."""

    OWN = "own", _("自付")
    FUND = "fund", _("医保统筹基金")
    ACCOUNT = "account", _("医保个人账户")
    REDUCTION = "reduction", _("医院减免")
    PREPAID = "prepaid", _("预交金")


# The insurance gives these back together, or neither.
INSURED = (LegKind.FUND, LegKind.ACCOUNT)


class InsuranceState(TextChoices):
    """Where one bill stands at the insurance, as far as it is known here."""

    NEW = "new", _("待上传")
    UPLOADED = "uploaded", _("已上传")
    HELD = "held", _("已分割")
    SETTLED = "settled", _("医保已结算")
    RETURNED = "returned", _("医保已退回")
    ENDED = "ended", _("已结束")


# The insurance is asked about these until they have ended, or are settled.
AT_THE_INSURER = (InsuranceState.NEW, InsuranceState.UPLOADED, InsuranceState.HELD)


class App(TextChoices):
    """Where somebody pays: the second level of the accounts."""

    H5 = "h5", _("网页")
    MINI_PROGRAM = "mini", _("小程序")
    WINDOW = "window", _("窗口")
    HOSPITAL = "hospital", _("医院系统")


class AttemptState(TextChoices):
    """Where one try to pay stands; money may still arrive for one that was given up."""

    STARTED = "started", _("支付中")
    CAPTURED = "captured", _("已收款")
    FAILED = "failed", _("支付失败")


class RefundState(TextChoices):
    """Where a refund stands; one that is due is owed until it is given back or withdrawn."""

    DUE = "due", _("待退")
    SENT = "sent", _("渠道处理中")
    ABNORMAL = "abnormal", _("退款异常")
    PAID = "paid", _("已退")
    WITHDRAWN = "withdrawn", _("已撤回")


# Money that is owed back and has not gone.
OWED_BACK = (RefundState.DUE, RefundState.SENT, RefundState.ABNORMAL)


class RefundReason(TextChoices):
    """Why money goes back."""

    CANCELLED = "cancelled", _("取消")
    STOPPED = "stopped", _("停诊")
    LATE = "late", _("账单已结束后到账")
    AMOUNT = "amount", _("到账金额不符")
    HOSPITAL = "hospital", _("医院退费")
    STAFF = "staff", _("窗口退费")
    UNDONE = "undone", _("支付没有全部成功")
    UNPOSTED = "unposted", _("医院没有入账")
    PAY_OUT = "pay_out", _("余额退回")


# What a bill is for that tops a balance up; its subject is the deposit.
TOP_UP = "prepaid.deposit"


class PrepaidKind(TextChoices):
    """What a balance is for."""

    OUTPATIENT = "outpatient", _("门诊预交金")
    INPATIENT = "inpatient", _("住院预交金")


class PrepaidState(TextChoices):
    """Whether a balance can be used; what comes back to one that was closed opens it again."""

    ACTIVE = "active", _("可用")
    FROZEN = "frozen", _("已冻结")
    CLOSED = "closed", _("已结清")


class Category(TextChoices):
    """What a line of a bill is for."""

    REGISTRATION = "registration", _("挂号费")
    EXAMINATION = "examination", _("检查费")
    LABORATORY = "laboratory", _("检验费")
    MEDICINE = "medicine", _("药品费")
    TREATMENT = "treatment", _("治疗费")
    OTHER = "other", _("其他")


class Account(TextChoices):
    """Accounts of the ledger that are no way of paying, for each institution.

    A way of paying has an account of its own (``Provider.account``). Money that is there counts up;
    what the institution earned, and what is owed, counts down.
    """

    SETTLING = "settling", _("待结算")
    INCOME = "income", _("医疗收入")
    REFUNDS_DUE = "refunds_due", _("应退款")
    SUSPENSE = "suspense", _("待查款项")
    PREPAID = "prepaid", _("预交金")
    BETWEEN = "between", _("机构间往来")


class Movement(TextChoices):
    """What moved money, or the claim to it."""

    CAPTURE = "capture", _("收款")
    APPLY = "apply", _("入账")
    REFUND_OPENED = "refund_opened", _("应退")
    REFUND_PAID = "refund_paid", _("退款")
    REFUND_WITHDRAWN = "refund_withdrawn", _("撤回退款")
    FOUND = "found", _("来款待查")
    RETURNED = "returned", _("待查退回")
    CLAIM = "claim", _("应收他院")
    DEBT = "debt", _("应付他院")


# Movements of money that no payment of ours claims.
UNCLAIMED = (Movement.FOUND, Movement.RETURNED)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a movement, in fen; never zero."""

    account: str
    amount_fen: int


def sides(
    movement: Movement,
    amount_fen: int,
    *,
    money: str = "",
    held: str = Account.INCOME,
    earned: str = Account.INCOME,
) -> tuple[Side, Side]:
    """The two sides of a movement, which sum to zero.

    Args:
        money: The account that takes the money in and gives it back.
        held: Where money that is owed back stood before: earned, or not yet settled.
        earned: Where money goes once everything is there: a top-up is not earned, it is kept for the person.

    Raises:
        ValueError: If the amount is not above zero.
    """
    if amount_fen <= 0:
        raise ValueError("a movement moves something")
    up, down = {
        Movement.CAPTURE: (money, Account.SETTLING),
        Movement.APPLY: (Account.SETTLING, earned),
        Movement.REFUND_OPENED: (held, Account.REFUNDS_DUE),
        Movement.REFUND_PAID: (Account.REFUNDS_DUE, money),
        Movement.REFUND_WITHDRAWN: (Account.REFUNDS_DUE, held),
        Movement.FOUND: (money, Account.SUSPENSE),
        Movement.RETURNED: (Account.SUSPENSE, money),
        Movement.CLAIM: (Account.BETWEEN, Account.PREPAID),
        Movement.DEBT: (Account.PREPAID, Account.BETWEEN),
    }[movement]
    return Side(str(up), amount_fen), Side(str(down), -amount_fen)


def usual_arrival(asked: date) -> date:
    """By which day a refund is usually there: some working days later; holidays are not known here."""
    day, left = asked, RETURN_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def new_number() -> str:
    """A random number for a bill: eleven figures and their check figure."""
    body = f"{secrets.randbelow(9 * 10**10) + 10**10}"
    return body + _check_figure(body)


def is_number(text: str) -> bool:
    """Whether the text can be the number of a bill; a slip of the finger is noticed."""
    if not (len(text) == NUMBER_LENGTH and text.isascii() and text.isdigit()):
        return False
    return _check_figure(text[:-1]) == text[-1]


def spaced(number: str) -> str:
    """The number of a bill in groups of four, as people read it out."""
    return " ".join(number[place : place + 4] for place in range(0, len(number), 4))


def _check_figure(body: str) -> str:
    """The check figure after Luhn (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, figure in enumerate(reversed(body)):
        doubled = int(figure) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)
