"""What can go wrong when somebody signs in."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class InvalidPhone(DomainError):
    """Not a mobile number of mainland China."""

    code = "invalid_mobile"
    status = 400
    message = _("这不是有效的手机号")
    next_step = _("请填写 11 位手机号码")


class CodeRefused(DomainError):
    """The code is wrong, used, out of date, or was tried too often: which of them is not said."""

    code = "phone_code_refused"
    status = 400
    message = _("验证码不正确或已失效")
    next_step = _("请核对短信后重新填写，或重新获取验证码")


class AccountClosed(DomainError):
    """The account may not be used at present."""

    code = "account_closed"
    status = 403
    message = _("此账户已停用")
    next_step = _("请联系服务热线")


class ResidentsOnly(DomainError):
    """A staff account was used where residents act for themselves."""

    code = "residents_only"
    status = 403
    message = _("工作人员账户不能办理居民业务")
    next_step = _("请退出后用本人手机号登录")


class StaffOnly(DomainError):
    """A resident's account was used on a page for staff."""

    code = "staff_only"
    status = 403
    message = _("此页面仅供工作人员使用")
    next_step = _("请退出后用工作人员账户登录")


class PhoneTaken(DomainError):
    """The number already signs in to another account."""

    code = "phone_taken"
    status = 409
    message = _("此手机号已用于另一个账户")
    next_step = _("请退出后用此手机号登录，或换一个手机号")


class SecondProofNeeded(DomainError):
    """The session waits for the second proof."""

    code = "second_proof_needed"
    status = 403
    message = _("为保护您的健康卡，需要再核实一次身份")
    next_step = _("请填写本人证件号码的后四位")


class SecondProofWrong(DomainError):
    """The answer is not that of the person whose card the account holds."""

    code = "second_proof_wrong"
    status = 403
    message = _("与登记的证件不符")
    next_step = _("请核对后再填一次；填不对时，请带身份证到医院窗口办理")


class SecondProofExhausted(DomainError):
    """Too many wrong answers: only the window can help."""

    code = "second_proof_exhausted"
    status = 403
    message = _("多次核实未通过，已为您退出")
    next_step = _("请带身份证到就近医院窗口核实身份")


class WeixinRefused(DomainError):
    """WeChat did not confirm who this is."""

    code = "weixin_refused"
    status = 400
    message = _("微信没有完成登录")
    next_step = _("请重试，或改用手机号登录")
    way_on = ("sign-in", _("用手机号登录"))


class WeixinUnavailable(DomainError):
    """WeChat did not answer in time."""

    code = "weixin_unavailable"
    status = 503
    message = _("微信暂时没有响应")
    next_step = _("请稍后再试，或改用手机号登录")
    way_on = ("sign-in", _("用手机号登录"))


class WeixinSnapshot(DomainError):
    """WeChat shows the page in snapshot mode, where the user is a virtual one."""

    code = "weixin_snapshot"
    status = 403
    message = _("微信正以快照模式打开页面，无法登录")
    next_step = _("请点页面下方的“使用完整服务”，再登录")


class UsernameTaken(DomainError):
    """Another member of staff has this user name."""

    code = "username_taken"
    status = 409
    message = _("用户名已被使用")
    next_step = _("请换一个用户名")


class WeakPassword(DomainError):
    """The password does not keep the rules."""

    code = "weak_password"
    status = 400
    message = _("密码不符合要求")
    next_step = _("请使用至少 12 位、不常见且与用户名不同的密码")
