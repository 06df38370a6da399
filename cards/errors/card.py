"""What can go wrong with a card and its numbers."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class CertificateTooLong(DomainError):
    """The national derivation has room for 30 bytes of certificate number."""

    code = "certificate_too_long"
    status = 422
    message = _("证件号码太长，不能生成电子健康卡")
    next_step = _("请核对证件号码；确实这样长的，请到窗口办理")


class CardUnknown(DomainError):
    """No card of this centre has the number."""

    code = "card_unknown"
    status = 404
    message = _("没有找到这张电子健康卡")
    next_step = _("请核对卡号，或请居民重新打开健康卡页面出示二维码")


class CardFrozen(DomainError):
    """The holder or the centre has frozen the card."""

    code = "card_frozen"
    status = 409
    message = _("这张电子健康卡已冻结")
    next_step = _("请居民在健康卡页面解除冻结，或凭有效证件在窗口办理")


class CardLost(DomainError):
    """The card was reported lost."""

    code = "card_lost"
    status = 409
    message = _("这张电子健康卡已挂失")
    next_step = _("请核对居民的有效证件，并请居民补领新卡")


class CardCancelled(DomainError):
    """The card was cancelled for good."""

    code = "card_cancelled"
    status = 409
    message = _("这张电子健康卡已注销")
    next_step = _("请核对居民的有效证件；需要的话可以重新申领")


class CardNumberRevoked(DomainError):
    """The number was revoked; the card has another one now."""

    code = "card_number_revoked"
    status = 409
    message = _("这个电子健康卡号已作废")
    next_step = _("请居民重新打开健康卡页面，出示新的二维码")


class CardNotFound(DomainError):
    """There is no such card for who asks."""

    code = "card_not_found"
    status = 404
    message = _("没有找到健康卡")
    next_step = _("还没有健康卡的，请先申领")


class CardMoveRefused(DomainError):
    """The card's state does not allow this."""

    code = "card_move_refused"
    status = 409
    message = _("健康卡现在的状态是“%(state)s”，不能这样操作")
    next_step = _("请刷新页面后再看")


class CardHeldByCentre(DomainError):
    """Staff stopped the card; its holder cannot start it again."""

    code = "card_held_by_centre"
    status = 409
    message = _("这张健康卡由卡管中心停用，不能自行恢复")
    next_step = _("请携带证件到窗口办理，或联系服务热线")


class ReissuedLately(DomainError):
    """The person's card got another number within the year; institutions give no second one."""

    code = "reissued_lately"
    status = 409
    message = _("这张健康卡一年内已经补领过，机构不能再次更换卡号")
    next_step = _("确实遗失的，请持卡人在手机上挂失并补领，或携带证件到卡管中心办理；现在的卡号没有变化")


class CardNumbersUsedUp(DomainError):
    """Every active safe key has given this person a number before."""

    code = "card_numbers_used_up"
    status = 409
    message = _("补领健康卡的次数已用完，暂时不能再换卡号")
    next_step = _("请联系卡管中心，启用新的发卡密钥后再办理；现在的卡号没有变化")
