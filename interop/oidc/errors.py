"""What can go wrong with signing in elsewhere."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class LoginNeedsCard(DomainError):
    """Whoever signs in with the health card has to hold one that works."""

    code = "login_needs_card"
    status = 403
    message = _("用健康卡登录，需要先有一张正常使用的健康卡")
    next_step = _("请先申领健康卡；卡已冻结或挂失的，请先恢复使用")
    way_on = ("card", _("查看我的健康卡"))


class LoginRequestRefused(DomainError):
    """The relying party's request is wrong, so that nobody can be led back to it."""

    code = "login_request_refused"
    status = 400
    message = _("这个登录请求不正确，无法继续")
    next_step = _("请回到原来的系统重新登录；仍不成功，请联系该机构")


class RelyingPartyInvalid(DomainError):
    """The registration asks for something that cannot be."""

    code = "relying_party_invalid"
    status = 422
    message = _("登记内容有误：%(reason)s")
    next_step = _("回调地址须为 https 开头的完整地址，每行一个；权限须在列表之内")


class RelyingPartyNotFound(DomainError):
    """There is no such relying party, or it is not in this state."""

    code = "relying_party_not_found"
    status = 404
    message = _("没有这个登录应用，或状态已改变")
    next_step = _("请刷新页面后再试")
