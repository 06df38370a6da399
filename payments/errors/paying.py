"""What can go wrong while somebody pays."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class CashTooLittle(DomainError):
    """What was handed over does not cover the bill."""

    code = "cash_too_little"
    message = _("实收金额少于应收金额")
    next_step = _("请核对实收金额；一张账单要一次付清")


class PaymentTaken(DomainError):
    """A channel names another payment for an attempt that has one."""

    code = "payment_taken"
    status = 409
    message = _("这次支付已经记录了另一笔到账")
    next_step = _("请核对渠道流水号，交由财务人员处理")


class WayNotOffered(DomainError):
    """The bill cannot be paid in this way here."""

    code = "pay_way_not_offered"
    status = 409
    message = _("这张账单现在不能用这种方式支付")
    next_step = _("请选择列出的支付方式，或到医院窗口支付")


class PaymentUnderway(DomainError):
    """Another payment of the bill is under way, and may still come."""

    code = "payment_underway"
    status = 409
    message = _("上一次支付还没有结束")
    next_step = _("请先等它完成；想换一种方式，请先结束上一次支付")


class PayLinkNotFound(NotFound):
    """The link by which somebody else pays is none, or good no longer."""

    code = "pay_link_not_found"
    message = _("这个代付链接不能用了")
    next_step = _("账单可能已经付清，或链接已过期、作废；请让对方重新生成")


class PayCodeUnknown(DomainError):
    """What was scanned is the code of no channel that takes payments."""

    code = "pay_code_unknown"
    status = 422
    message = _("扫到的不是可以收款的付款码")
    next_step = _("请让付款人打开付款码后再扫一次；仍不行，请改用其他方式")
