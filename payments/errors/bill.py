"""What can go wrong with bills."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class BillNotFound(NotFound):
    """There is no such bill, or it is of another institution or person."""

    code = "bill_not_found"
    message = _("没有找到这张账单")
    next_step = _("请核对账单号；账单号是 12 位数字")


class BillEmpty(DomainError):
    """A bill has no lines, or they come to nothing."""

    code = "bill_empty"
    message = _("账单没有收费项目，或金额不大于零")
    next_step = _("请核对收费项目和金额")


class BillTaken(DomainError):
    """What is to be paid for, or the hospital's number, has a live bill already."""

    code = "bill_taken"
    status = 409
    message = _("这笔费用已经有账单")
    next_step = _("请先取消原来的账单，再开新的")


class BillNotOpen(DomainError):
    """The bill was paid, cancelled or has expired."""

    code = "bill_not_open"
    status = 409
    message = _("这张账单已经支付、取消或过期，不能再收款")
    next_step = _("请刷新后查看账单现在的状态，不要重复收款")


class BillNotPaid(DomainError):
    """The hospital speaks of a payment that is not on record here."""

    code = "bill_not_paid"
    status = 409
    message = _("这张账单在平台上没有支付")
    next_step = _("请核对账单号；在医院收费处付的，请按医院收费发送")


class BillOfPlatform(DomainError):
    """The hospital did not open the bill: it is of a booking made here, or tops a balance up."""

    code = "bill_of_platform"
    status = 409
    message = _("这张账单不是医院开出的")
    next_step = _("挂号费随退号退回；预交金由本人在手机上退，或到窗口退")


class BillTotalWrong(DomainError):
    """The lines of a charge do not come to its total."""

    code = "bill_total_wrong"
    status = 422
    message = _("收费项目的金额加起来不等于合计")
    next_step = _("请核对金额后重新发送")


class ClaimWrong(DomainError):
    """What a hospital tells for the insurance does not fit its bill."""

    code = "claim_wrong"
    status = 422
    message = _("医保明细和账单对不上")
    next_step = _("请核对每项的医保明细和金额后重新发送")
