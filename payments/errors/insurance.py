"""What can go wrong where an insurance pays a part."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class InsuredPartWhole(DomainError):
    """Only a part of what an insurance paid would go back."""

    code = "insured_part_whole"
    status = 409
    message = _("医保支付的部分只能整笔退")
    next_step = _("请只退自付的金额，或整笔退费")


class InsuranceNotOffered(DomainError):
    """No insurance can pay a part of this bill here."""

    code = "insurance_not_offered"
    status = 409
    message = _("这张账单现在不能用医保支付")
    next_step = _("请选择自费支付，或到医院窗口用医保结算")


class InsuranceNotAllowed(DomainError):
    """The person did not allow the insurance to pay, or not in time."""

    code = "insurance_not_allowed"
    status = 409
    message = _("没有得到医保支付授权")
    next_step = _("请重新授权；不想用医保，可以自费支付")


class SplitNotReady(DomainError):
    """There is no split to confirm: not yet, or not any more."""

    code = "split_not_ready"
    status = 409
    message = _("医保的分担金额还没有算好，或已经失效")
    next_step = _("请刷新后查看，没有扣款")
