"""What can go wrong with printing a static code, and with the people at a window."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ReprintReasonNeeded(DomainError):
    """The card's code was printed before."""

    code = "reprint_reason_needed"
    status = 422
    message = _("这张卡的静态码已经打印过，再次打印要说明原因")
    next_step = _("请选择补打原因")


class LabelGone(DomainError):
    """The page of a label was left open, or the card has changed since."""

    code = "label_gone"
    status = 410
    message = _("这张标签已经不能再打印")
    next_step = _("请回到窗口页面，重新读取居民的证件后打印")


class NameDiffersAtWindow(DomainError):
    """Whoever stands at the window shows another name or birth date than the register has."""

    code = "name_differs_at_window"
    status = 409
    message = _("这个证件号码已登记了不同的姓名或出生日期")
    next_step = _("请再核对一遍证件；确实无误的，请转交卡管中心更正登记，更正后再发卡")
