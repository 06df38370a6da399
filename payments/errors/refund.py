"""What can go wrong with money on its way back."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class RefundTooMuch(DomainError):
    """More is to go back than is left of what was paid."""

    code = "refund_too_much"
    status = 409
    message = _("退款金额超过可退金额")
    next_step = _("请核对已退和待退的金额")


class RefundNotDue(DomainError):
    """The refund was given back or withdrawn already."""

    code = "refund_not_due"
    status = 409
    message = _("这笔退款已经处理过")
    next_step = _("请刷新后查看，不要重复退款")


class RefundByChannel(DomainError):
    """Money that came by a channel goes back by it, and not over the counter."""

    code = "refund_by_channel"
    status = 409
    message = _("这笔款按原支付渠道退回，不用手工付出")
    next_step = _("渠道退款失败时，会出现在退款异常里")


class RefundOwed(DomainError):
    """A refund that is owed by rule cannot be withdrawn."""

    code = "refund_owed"
    status = 409
    message = _("这笔退款是应退的，不能撤回")
    next_step = _("请把款项退给付款人")


class RefundNumberTaken(DomainError):
    """The hospital's number of a refund stands for another amount."""

    code = "refund_number_taken"
    status = 409
    message = _("这个退费单号已经用过，金额和上次不同")
    next_step = _("重复提交请保持金额不变；新的退费请用新的单号")


class RefundNotAbnormal(DomainError):
    """The refund has not failed, or goes on already."""

    code = "refund_not_abnormal"
    status = 409
    message = _("这笔退款现在不是异常状态")
    next_step = _("请刷新后查看它现在的状态")


class RefundStillAtChannel(DomainError):
    """The channel has given the money back meanwhile, or is about to."""

    code = "refund_still_at_channel"
    status = 409
    message = _("渠道说这笔款已经退回，或正在退")
    next_step = _("请不要另外付款；刷新后查看，渠道最后没有退成时再记")


class RefundNotAsked(DomainError):
    """The channel does not answer how far the refund is."""

    code = "refund_not_asked"
    status = 503
    message = _("渠道现在没有回答这笔款退了没有")
    next_step = _("请稍后再试；没有问清以前不要另外付款")


class RedirectNotOffered(DomainError):
    """The refund's channel sends no refund elsewhere."""

    code = "redirect_not_offered"
    status = 409
    message = _("这个渠道不能把退款改投到别的账户")
    next_step = _("请重新退款，或改为窗口退款")


class RedirectDecided(DomainError):
    """Somebody has decided about it, or another proposal waits."""

    code = "redirect_decided"
    status = 409
    message = _("改投已经提交或已经复核过")
    next_step = _("请刷新后查看")


class RedirectOwn(DomainError):
    """Whoever asked for it does not look at it."""

    code = "redirect_own"
    status = 409
    message = _("提交改投的人不能自己复核")
    next_step = _("请让另一位有退款权限的同事复核")


class BulkEmpty(DomainError):
    """There is no bill in the list, or too many."""

    code = "bulk_empty"
    status = 422
    message = _("没有可处理的账单号，或一次太多")
    next_step = _("请每行填一个 12 位账单号，一次最多 2000 个")
