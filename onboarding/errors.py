"""What can go wrong while somebody comes to take part."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class FileEmpty(DomainError):
    """Nothing was uploaded."""

    code = "file_empty"
    message = _("没有收到文件")
    next_step = _("请选择文件后再提交")


class FileTooLarge(DomainError):
    """The file is above the limit."""

    code = "file_too_large"
    status = 413
    message = _("文件超过 5 MB")
    next_step = _("请压缩或降低扫描分辨率后再上传")


class FileUnknown(DomainError):
    """By its content the file is no PDF, JPEG or PNG."""

    code = "file_unknown"
    message = _("这个文件不是 PDF、JPG 或 PNG，或者文件已损坏")
    next_step = _("请换成扫描件或照片再上传；改文件名没有用")


class FileActive(DomainError):
    """A PDF that runs something when it is opened."""

    code = "file_active"
    message = _("这个 PDF 带有脚本或附件，不能接收")
    next_step = _("请打印后重新扫描，或上传照片")


class JoiningPhoneWrong(DomainError):
    """Reference and phone do not belong together; which of them is wrong is not told."""

    code = "joining_phone_wrong"
    status = 404
    message = _("受理编号和手机号对不上")
    next_step = _("请核对受理编号；手机号须是申请时验证过的那一个")


class JoiningIncomplete(DomainError):
    """Answers or documents are missing."""

    code = "joining_incomplete"
    message = _("还有内容没有填完，或缺少必须上传的材料")
    next_step = _("请补齐后再提交")


class JoiningStateConflict(DomainError):
    """The application is not in the state from which this can be done."""

    code = "joining_state_conflict"
    status = 409
    message = _("申请的状态已经变化")
    next_step = _("请刷新页面，查看最新进度")


class TermsNotAccepted(DomainError):
    """The terms were not agreed to."""

    code = "terms_not_accepted"
    message = _("还没有同意接入协议")
    next_step = _("请阅读接入协议，同意后再提交")


class SandboxNotHere(DomainError):
    """Test credentials are given by an installation for tests alone."""

    code = "sandbox_not_here"
    status = 409
    message = _("这里是正式环境，不发放联调凭据")
    next_step = _("请到联调环境提交同样的申请，当场即可取得联调凭据")


class InvitationRefused(DomainError):
    """The link was used, withdrawn, is out of date or never was one."""

    code = "invitation_refused"
    status = 404
    message = _("这个邀请链接已失效")
    next_step = _("请联系邀请您的管理员，重新获取链接")


class FirstAccountOver(DomainError):
    """The contact's time to make the first administrator's account is over, or the centre ended it."""

    code = "first_account_over"
    status = 410
    message = _("设置管理员账号的期限已过，或者已被卡管中心收回")
    next_step = _("请致电卡管中心，说明受理编号，请他们重新邀请")


class InvitationStateConflict(DomainError):
    """The invitation was used or withdrawn before."""

    code = "invitation_state_conflict"
    status = 409
    message = _("这个邀请已被使用或撤回")
    next_step = _("如仍需要，请重新邀请")


class RoleNotInvited(DomainError):
    """Staff of institutions are invited; the centre's are not."""

    code = "role_not_invited"
    message = _("只能邀请机构管理员或窗口工作人员")
    next_step = _("请重新选择职责")


class RequestStateConflict(DomainError):
    """The request was decided upon before."""

    code = "request_state_conflict"
    status = 409
    message = _("这个申请已经处理过了")
    next_step = _("请刷新页面，查看结果")


class ScopesNotRequested(DomainError):
    """More would be released than was asked for."""

    code = "scopes_not_requested"
    message = _("开通的权限超出了申请的范围")
    next_step = _("只能在申请的权限之内开通")


class MerchantStateConflict(DomainError):
    """The merchant is not in the state from which this can be done."""

    code = "merchant_state_conflict"
    status = 409
    message = _("商户的状态已经变化")
    next_step = _("请刷新页面，查看最新状态")


class WrongBankAccount(DomainError):
    """The text cannot be an account number."""

    code = "wrong_bank_account"
    message = _("银行账号应为 8 到 32 位数字")
    next_step = _("请对照开户许可证或印鉴卡核对")


class MerchantExists(DomainError):
    """The institution has a merchant for this account that waits or is open."""

    code = "merchant_exists"
    status = 409
    message = _("本机构已用这个账号申请过商户")
    next_step = _("请在商户列表中查看进度")
