"""Codes of the audit and of failures in the words of staff; what is not known is shown as it is."""

from django.utils.translation import gettext as _

from foundation.audit.actions import Action
from foundation.core.errors import all_errors


def deed_words(action: str) -> str:
    """What somebody did to an order."""
    return {
        Action.BILL_READ.value: _("查看了账单"),
        Action.BILL_RECEIPTED.value: _("医院给出收据号"),
        Action.BILL_POSTED.value: _("医院已入账"),
        Action.BILL_POSTED_LATE.value: _("退回后医院又入账"),
        Action.BILL_POSTING_CLEARED.value: _("入账差异已处理"),
        Action.BILL_RETURNED.value: _("医院没有入账，全部退回"),
        Action.POSTING_ASKED_AGAIN.value: _("重新询问医院是否入账"),
        Action.POSTING_HELD.value: _("等人工决定入账还是退回"),
        Action.VOUCHER_PRINTED.value: _("下载了缴费凭证"),
        Action.PAYMENT_FAILED.value: _("支付没有成功"),
        Action.SETTLEMENT_UNDONE.value: _("开始全部退回"),
        Action.REFUND_ABNORMAL.value: _("退款异常"),
        Action.REFUND_SENT_AGAIN.value: _("请渠道重新退款"),
        Action.REFUND_REDIRECT_ASKED.value: _("申请改投退款"),
        Action.REFUND_REDIRECTED.value: _("同意改投退款"),
        Action.REFUND_REDIRECT_REFUSED.value: _("驳回改投退款"),
        Action.REFUND_SETTLED.value: _("记为人工退款"),
    }.get(action, action)


def failure_words(code: str) -> str:
    """Why something came to nothing, in words where they are known; a channel's own code otherwise."""
    known = {
        "": "",
        "payer": _("付款人放弃"),
        "expired": _("超过支付时间"),
        "closed": _("订单已关闭"),
        "trade_closed": _("订单已关闭"),
        "revoked": _("订单已撤销"),
        "payerror": _("付款没有成功"),
        "failed": _("付款没有成功"),
        "refused": _("渠道拒绝"),
        "abnormal": _("原账户收不了款"),
        "hospital": _("医院取消了收款"),
        "insurance": _("医保没有结算成功"),
        "insurance_ended": _("医保没有结算成功"),
        "split_changed": _("医保重新算过，金额变了"),
        "nothing_insured": _("医保不支付这张账单"),
        "permission": _("医保授权已过期"),
        "amounts": _("医保算出的金额和账单对不上"),
        "taken_back": _("医保自己撤回了结算"),
        "bill_not_open": _("账单已不能支付"),
        "undone": _("没有全部付成，已退回"),
        "unknown": _("渠道没有这笔订单"),
        "timeout": _("渠道没有及时答复"),
        "slow": _("渠道处理太久"),
        "amount": _("金额不符"),
        "late": _("账单已结束后到账"),
        "paid": _("账单已支付"),
        "not_paid": _("没有用来付清账单"),
        "provider_unknown": _("系统里已没有这种支付方式"),
    }
    return known.get(code.lower()) or _refusal(code)


def _refusal(code: str) -> str:
    """What a refusal of ours says; a code of a channel stays as it is."""
    return next((str(error.message) for error in all_errors() if code and error.code == code), code)
