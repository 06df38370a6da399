"""What can go wrong with a code that is shown or scanned."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class CodeTooLong(DomainError):
    """Longer than any code of any centre."""

    code = "code_too_long"
    status = 400
    message = _("二维码内容太长，不是电子健康卡")
    next_step = _("请扫描居民电子健康卡页面上的二维码")


class CodeMalformed(DomainError):
    """Not one of the shapes that a card's code has."""

    code = "code_malformed"
    status = 400
    message = _("这不是电子健康卡二维码")
    next_step = _("请扫描居民电子健康卡页面上的二维码；仍不能识别的，请检查扫码枪设置")


class CodeForged(DomainError):
    """The code names this centre as its issuer and was not made by it."""

    code = "code_forged"
    status = 403
    message = _("二维码不是本平台签发的")
    next_step = _("请居民打开健康卡页面重新出示；再次出现的，请核对有效证件")


class CodeForeign(DomainError):
    """A code of another centre that does not say which, or while there is no way to others."""

    code = "code_foreign"
    status = 422
    message = _("这是其他地区签发的电子健康卡二维码，暂不能验证")
    next_step = _("请核对居民的有效证件办理")


class CityCardNotAccepted(DomainError):
    """A citizen card's code."""

    code = "city_card_not_accepted"
    status = 422
    message = _("这是市民卡二维码，不是电子健康卡")
    next_step = _("请居民打开电子健康卡页面出示二维码")


class TemporaryCardNotAccepted(DomainError):
    """A temporary card's code."""

    code = "temporary_card_not_accepted"
    status = 422
    message = _("这是临时卡二维码，暂不能验证")
    next_step = _("请核对居民的有效证件办理")


class CodeExpired(DomainError):
    """The code's window has passed."""

    code = "code_expired"
    status = 410
    message = _("二维码已过期")
    next_step = _("请居民刷新健康卡页面后重新出示")


class CodeNotYetValid(DomainError):
    """The code's window has not begun."""

    code = "code_not_yet_valid"
    status = 409
    message = _("二维码还没有到使用时间")
    next_step = _("请居民刷新健康卡页面后重新出示；再次出现的，请检查手机时间")


class CodeUsed(DomainError):
    """The code was consumed by another verification."""

    code = "code_used"
    status = 409
    message = _("二维码已经使用过")
    next_step = _("请居民刷新健康卡页面，出示新的二维码")


class RequestIdReused(DomainError):
    """The request id came before, with another content."""

    code = "request_id_reused"
    status = 422
    message = _("这个请求编号已经用于另一个请求")
    next_step = _("请为每个新请求生成新的编号；重试时内容要与第一次相同")


class StaticNotAllowed(DomainError):
    """A static code does not open this step of care."""

    code = "static_code_not_allowed"
    status = 403
    message = _("静态码不能用于这个环节")
    next_step = _("请居民出示动态码")


class StaticSwitchedOff(DomainError):
    """The holder has switched the static code off."""

    code = "static_code_switched_off"
    status = 403
    message = _("居民已关闭静态码")
    next_step = _("请居民出示动态码，或核对有效证件")


class NoScanSession(DomainError):
    """The institution has not scanned this code."""

    code = "no_scan_session"
    status = 409
    message = _("本机构没有扫过这个二维码")
    next_step = _("请先扫码验证，再进行后续操作")


class ScanSessionOver(DomainError):
    """The institution scanned this code too long ago."""

    code = "scan_session_over"
    status = 410
    message = _("这次扫码的有效时间已过")
    next_step = _("请居民出示新的二维码，重新扫码")


class VerificationBusy(DomainError):
    """The usage record could not be written; nothing was consumed as far as is known."""

    code = "verification_busy"
    status = 503
    message = _("验证服务暂时繁忙")
    next_step = _("请用同一个请求编号重试；持续出现的，请核对有效证件办理")


class PersonNotBound(DomainError):
    """The institution may get codes only for persons that it registered or treats."""

    code = "person_not_bound"
    status = 403
    message = _("这位居民没有在本机构建档")
    next_step = _("请先为居民在本机构建档，或请居民自己出示二维码")
