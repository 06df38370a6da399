"""Whose statements there are, kinds of differences, what may be done about each, and by how many people."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from foundation.core.errors import InvalidInput


class Party(TextChoices):
    """Who states something beside us."""

    CHANNEL = "channel", _("支付渠道")
    HOSPITAL = "hospital", _("医院")
    INSURANCE = "insurance", _("医保")


class FileState(TextChoices):
    """Where the statement of a day stands."""

    WAITING = "waiting", _("等待账单")
    HERE = "here", _("已导入")
    EMPTY = "empty", _("当日无交易")
    BROKEN = "broken", _("账单有误")


# The party has said all that it will say of the day.
# Whatever is asked of other days is a slip of the finger, or of a program.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9998, 12, 31)
CLOSED = (FileState.HERE, FileState.EMPTY)


class ItemKind(TextChoices):
    """What one line is about."""

    PAYMENT = "payment", _("支付")
    REFUND = "refund", _("退款")


class DifferenceKind(TextChoices):
    """How two accounts of the same money differ."""

    MISSING_LOCAL = "missing_local", _("平台没有")
    MISSING_CHANNEL = "missing_channel", _("渠道没有")
    AMOUNT = "amount", _("金额不符")
    STATE = "state", _("状态不符")
    DUPLICATE = "duplicate", _("重复")
    FEE = "fee", _("手续费不符")
    DATE = "date", _("日期不符")
    AMBIGUOUS = "ambiguous", _("无法确定对应")
    HIS_MISSING = "his_missing", _("医院没有入账")
    HIS_REFUNDED = "his_refunded", _("医院已退，渠道未退")


class Act(TextChoices):
    """What is done about a difference."""

    CONFIRM = "confirm", _("按账单确认到账")
    RECORD_REFUND = "record_refund", _("按对方记录记为已退")
    OPEN_REFUND = "open_refund", _("发起原路退款")
    SEND_AGAIN = "send_again", _("请渠道重新退款")
    ALLOCATE = "allocate", _("认领到账单")
    RETURN = "return", _("退回付款人")
    BOOK_FEE = "book_fee", _("登记手续费差额")
    WRITE_OFF = "write_off", _("核销差额")
    LOOK = "look", _("人工核查")


class DifferenceState(TextChoices):
    """Where a difference stands; one that heals was made good by what came later."""

    OPEN = "open", _("待处理")
    PROPOSED = "proposed", _("待复核")
    APPROVED = "approved", _("执行中")
    DONE = "done", _("已处理")
    DISMISSED = "dismissed", _("已核销")
    HEALED = "healed", _("已自动消除")


LIVE = (DifferenceState.OPEN, DifferenceState.PROPOSED, DifferenceState.APPROVED)
# What the next run may close by itself; one that is being carried out is let alone.
HEALING = (DifferenceState.OPEN, DifferenceState.PROPOSED)


class Step(TextChoices):
    """What happened to a difference."""

    FOUND = "found", _("发现")
    PROPOSED = "proposed", _("提出处理")
    REFUSED = "refused", _("复核退回")
    APPROVED = "approved", _("复核同意")
    DONE = "done", _("处理完成")
    FAILED = "failed", _("处理没有成功")
    DISMISSED = "dismissed", _("核销")
    HEALED = "healed", _("自动消除")


_ACTS: Mapping[tuple[DifferenceKind, ItemKind], Sequence[Act]] = {
    (DifferenceKind.MISSING_LOCAL, ItemKind.PAYMENT): (Act.RETURN, Act.ALLOCATE),
    (DifferenceKind.MISSING_LOCAL, ItemKind.REFUND): (Act.RECORD_REFUND,),
    (DifferenceKind.DUPLICATE, ItemKind.PAYMENT): (Act.RETURN, Act.ALLOCATE),
    (DifferenceKind.STATE, ItemKind.PAYMENT): (Act.CONFIRM,),
    (DifferenceKind.STATE, ItemKind.REFUND): (Act.RECORD_REFUND,),
    (DifferenceKind.FEE, ItemKind.PAYMENT): (Act.BOOK_FEE,),
    (DifferenceKind.HIS_MISSING, ItemKind.PAYMENT): (Act.OPEN_REFUND,),
    (DifferenceKind.HIS_REFUNDED, ItemKind.REFUND): (Act.OPEN_REFUND,),
}
# What money in suspense is found as: nobody's, or a second payment. Which of the two, is learned in time.
UNCLAIMED = (DifferenceKind.MISSING_LOCAL, DifferenceKind.DUPLICATE)
# Of these there is money in suspense behind it, or there is nothing to send back.
OF_SUSPENSE = (Act.RETURN, Act.ALLOCATE)


def acts_for(kind: str, item: str, *, has_suspense: bool, has_payment: bool, is_stuck: bool) -> Sequence[Act]:
    """What may be done about a difference, the proposed first; looking into it where nothing fits.

    Args:
        has_suspense: Whether the money stands in suspense.
        has_payment: Whether a payment of ours is behind it.
        is_stuck: Whether it is a refund that does not go on at the channel.
    """
    if is_stuck:
        return (Act.SEND_AGAIN,)
    found = _ACTS.get((DifferenceKind(kind), ItemKind(item)), ())
    fitting = [act for act in found if (has_suspense if act in OF_SUSPENSE else has_payment)]
    return fitting or (Act.LOOK,)


def beijing_day(moment: datetime) -> date:
    """The day of a moment on a clock in Beijing."""
    return clock.beijing(moment).date()


def bounds(day: date) -> tuple[datetime, datetime]:
    """When a day begins and ends in Beijing.

    Raises:
        InvalidInput: Nobody has books of that day.
    """
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidInput(field="day")
    begins = datetime.combine(day, time(), clock.BEIJING)
    return begins, begins + timedelta(days=1)


def working_days_before(moment: datetime, count: int) -> datetime:
    """The moment so many working days earlier; Saturdays and Sundays do not count.

    Public holidays are not known here: within them a refund is looked at earlier than need be.
    """
    while count:
        moment -= timedelta(days=1)
        if clock.beijing(moment).weekday() < 5:
            count -= 1
    return moment


def expected_fee(amount_fen: int, rate: int) -> int:
    """What a channel keeps of a payment, at a rate in hundred-thousandths, rounded half up."""
    return (amount_fen * rate + 50_000) // 100_000
