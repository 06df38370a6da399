"""What can go wrong with invoices and vouchers."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class InvoiceTaken(DomainError):
    """Code and number stand for another invoice."""

    code = "invoice_taken"
    status = 409
    message = _("这个票据代码和号码已经用过，内容和上次不同")
    next_step = _("重复发送请保持内容不变；开错的请先红冲，再开新的")


class InvoiceAmountWrong(DomainError):
    """An invoice is of more than its bill."""

    code = "invoice_amount_wrong"
    status = 422
    message = _("票据金额超过账单金额")
    next_step = _("请核对金额后重新发送")


class InvoiceUnknown(NotFound):
    """There is no such invoice of this bill, or its file is not here."""

    code = "invoice_unknown"
    message = _("没有找到这张电子票据")
    next_step = _("请核对票据代码和号码；文件还没有送到时，请稍后再试")


class InvoiceUnreadable(DomainError):
    """What came is no PDF, or is too large."""

    code = "invoice_unreadable"
    status = 422
    message = _("电子票据文件不是 PDF，或太大")
    next_step = _("请提供 5 MB 以内的 PDF")


class VoucherNotPrintable(NotFound):
    """There is no font here to write a PDF with."""

    code = "voucher_not_printable"
    message = _("现在不能生成缴费凭证的 PDF")
    next_step = _("请在收据页面上用浏览器打印")
