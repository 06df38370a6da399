"""What can go wrong when a card is handed over to an institution."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ClaimCodeInvalid(DomainError):
    """Unknown, used, too old, or another institution's: one answer for all."""

    code = "claim_code_invalid"
    status = 410
    message = _("授权码无效、已使用或已过期")
    next_step = _("请让居民在授权页面重新操作，取得新的授权码")


class PackOrderInvalid(DomainError):
    """Unknown, used, too old, or another institution's: one answer for all."""

    code = "pack_order_invalid"
    status = 410
    message = _("领卡订单无效、已使用或已过期")
    next_step = _("请回到医院页面重新发起领卡")


class ScanUnknown(DomainError):
    """There is no such scan, or it is another client's."""

    code = "scan_unknown"
    status = 404
    message = _("没有这次扫码请求")
    next_step = _("请在终端上重新生成二维码")


class ScanOver(DomainError):
    """Its time has passed, or it was answered."""

    code = "scan_over"
    status = 410
    message = _("二维码已失效")
    next_step = _("请在终端上重新生成二维码再扫")


class ScanTaken(DomainError):
    """Somebody else has scanned it first."""

    code = "scan_taken"
    status = 409
    message = _("这个二维码已被别人扫过")
    next_step = _("请在终端上重新生成二维码再扫")


class NotHeldByYou(DomainError):
    """The account may not act for the card's person."""

    code = "card_not_yours"
    status = 403
    message = _("当前登录的账号没有这张健康卡")
    next_step = _("请用持卡人自己的手机号登录；还没有领卡的，请先申领")


class SlipUnknown(DomainError):
    """There is no such printed code, it is too old, or it is another institution's."""

    code = "slip_unknown"
    status = 404
    message = _("没有这个打印码")
    next_step = _("请核对打印码是否为本机构打印，且没有超过 90 天")


class PreRegistrationOver(DomainError):
    """There is none for this account or institution, it was used, or its time has passed."""

    code = "pre_registration_over"
    status = 410
    message = _("这次办理已经结束或过期")
    next_step = _("请回到医院的页面重新开始")
