"""What can go wrong where a hospital posts what was paid."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class BillPosted(DomainError):
    """The hospital has posted what was paid, and now says that it does not."""

    code = "bill_posted"
    status = 409
    message = _("医院已经为这张账单入账，不能再拒绝")
    next_step = _("要退回款项，请用退费接口，并给出退费单号")


class BillReturnedBefore(DomainError):
    """The money went back before the hospital said that it posted it."""

    code = "bill_returned"
    status = 409
    message = _("这笔款已经退给付款人，入账来晚了")
    next_step = _("请在医院系统冲销这笔入账，再告诉平台没有入账；平台已记为差异")


class PostedAmountWrong(DomainError):
    """What the hospital posted is not what was paid."""

    code = "posted_amount_wrong"
    status = 422
    message = _("医院入账的金额和已支付的金额不一致")
    next_step = _("请核对账单的应付金额，按已支付的金额入账")


class PostingDecided(DomainError):
    """Somebody has decided about the posting, or the hospital has answered meanwhile."""

    code = "posting_decided"
    status = 409
    message = _("这笔入账已经有结果")
    next_step = _("请刷新后查看")
