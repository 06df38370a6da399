"""The voucher of a payment (缴费凭证) as PDF with the hospital's letterhead: no invoice, and it says so."""

from django.conf import settings
from django.utils.translation import gettext as _

from foundation.core import clock
from foundation.core.money import yuan
from foundation.core.paper import NoFont, Sheet
from payments.errors import VoucherNotPrintable
from payments.selectors.resident import ShownBill

_LINES, _LEGS = (110, 24, 40), (70, 64, 40)


def render_voucher(bill: ShownBill, *, institution: str) -> bytes:
    """The PDF of a bill that was paid, with its lines as its reader may see them.

    Args:
        institution: The hospital's full name.

    Raises:
        VoucherNotPrintable: There is no font to write it with.
    """
    try:
        sheet = Sheet(letterhead=institution, running=(_("缴费凭证"), f"{_('账单号')} {bill.number_spaced}"))
    except NoFont as exc:
        raise VoucherNotPrintable from exc
    sheet.title(_("缴费凭证"))
    paid_at = f"{clock.beijing(bill.paid_at):%Y-%m-%d %H:%M}" if bill.paid_at else ""
    sheet.facts(
        (
            (_("付款人"), bill.whom.name),
            (_("代付人"), bill.payer),
            (_("账单号"), bill.number_spaced),
            (_("支付时间"), paid_at),
            (_("支付方式"), bill.way),
            (_("医院收据号"), bill.receipt),
        )
    )
    _table_of_lines(sheet, bill)
    _table_of_legs(sheet, bill)
    if bill.refunded_fen:
        sheet.line(_("已退 ¥%(amount)s") % {"amount": yuan(bill.refunded_fen)})
    sheet.gap(4)
    sheet.line(_("本凭证不是发票，不能用来报销。要发票，请在账单里下载电子票据，或到医院窗口开。"))
    made = f"{clock.beijing(clock.now()):%Y-%m-%d %H:%M}"
    sheet.line(
        _("由%(centre)s生成，生成时间 %(made)s。") % {"centre": settings.CENTRE_NAME, "made": made}, size=8
    )
    return sheet.finished()


def _table_of_lines(sheet: Sheet, bill: ShownBill) -> None:
    rows = [(_("项目"), _("数量"), _("金额（元）"))]
    for section in bill.sections:
        rows.append((section.label, "", yuan(section.amount_fen)))
        rows += [(f"    {line.title}", str(line.quantity), yuan(line.amount_fen)) for line in section.lines]
    rows.append((_("合计"), "", yuan(bill.total_fen)))
    if bill.reduction_fen:
        rows.append((_("医院减免"), "", f"-{yuan(bill.reduction_fen)}"))
        rows.append((_("应付"), "", yuan(bill.due_fen)))
    sheet.table(rows, columns=_LINES, is_money=True)


def _table_of_legs(sheet: Sheet, bill: ShownBill) -> None:
    rows = [(_("怎么付的"), _("支付方式"), _("金额（元）"))]
    rows += [(leg.label, leg.way if leg.way != leg.label else "", yuan(leg.amount_fen)) for leg in bill.legs]
    rows.append((_("合计"), "", yuan(bill.total_fen)))
    sheet.table(rows, columns=_LEGS, is_money=True)
