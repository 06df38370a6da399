"""What can go wrong with prepaid balances."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class BalanceTooLittle(DomainError):
    """A balance has less than is to be taken of it, or cannot be used now."""

    code = "balance_too_little"
    status = 409
    message = _("预交金余额不够，或这个账户暂时不能用")
    next_step = _("请刷新后看余额；不够的部分可以用其他方式付")


class BalanceNotFound(NotFound):
    """There is no such balance, or it is not one that the asker may know of."""

    code = "balance_not_found"
    message = _("没有找到这个预交金账户")
    next_step = _("请回到预交金页面重新选择")


class BalanceStands(DomainError):
    """Something is left in a balance, or on its way into it."""

    code = "balance_stands"
    status = 409
    message = _("预交金账户里还有余额，或有一笔充值还没有结束")
    next_step = _("请先把余额退回，再办理；自己退不了的，请到医院窗口")
    way_on = ("prepaid", _("看预交金"))


class TopUpRange(DomainError):
    """A single top-up is too small or too large."""

    code = "top_up_range"
    message = _("每次充值要在 ¥%(least)s 到 ¥%(most)s 之间")
    next_step = _("请改一个金额")


class BalanceTooMuch(DomainError):
    """With this top-up the balance would hold more than it may."""

    code = "balance_too_much"
    status = 409
    message = _("预交金余额最多 ¥%(most)s，这次充值会超过")
    next_step = _("请少充一些；还没付的充值也算在内")


class NotForPrepaid(DomainError):
    """A balance does not pay for this."""

    code = "not_for_prepaid"
    status = 409
    message = _("这张账单不能用这个预交金账户支付")
    next_step = _("请选择其他支付方式")
