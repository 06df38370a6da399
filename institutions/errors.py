"""What can go wrong with institutions, terminals and staff."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, PermissionRefused


class WrongCreditCode(DomainError):
    """The unified social credit code has a wrong shape or check character."""

    code = "wrong_credit_code"
    message = _("统一社会信用代码不正确，最后一位校验不通过")
    next_step = _("请对照营业执照或登记证书核对 18 位代码")


class UnknownRegion(DomainError):
    """There is no such division in the table."""

    code = "unknown_region"
    message = _("没有这个区划代码")
    next_step = _("请先维护行政区划，再登记机构")


class InstitutionCodeTaken(DomainError):
    """The institution code or hospital number belongs to another institution."""

    code = "institution_code_taken"
    status = 409
    message = _("机构代码或医院编号已被使用")
    next_step = _("请核对后换一个")


class InstitutionStateConflict(DomainError):
    """The institution is not in the state from which this can be done."""

    code = "institution_state_conflict"
    status = 409
    message = _("机构当前的状态不能进行此操作")
    next_step = _("请刷新页面，查看机构的最新状态")


class InstitutionNotApproved(DomainError):
    """The institution is not open for business."""

    code = "institution_not_approved"
    status = 409
    message = _("机构尚未开通或已停用")
    next_step = _("请先完成机构审核")


class TerminalTaken(DomainError):
    """The institution has a terminal of this number."""

    code = "terminal_taken"
    status = 409
    message = _("该机构已有这个终端编号")
    next_step = _("请换一个终端编号")


class TerminalStateConflict(DomainError):
    """The terminal is already in the state that was asked for."""

    code = "terminal_state_conflict"
    status = 409
    message = _("终端的状态已经变化")
    next_step = _("请刷新后再操作")


class TerminalUnknown(DomainError):
    """The institution has no terminal of this number."""

    code = "terminal_unknown"
    status = 403
    message = _("终端没有登记")
    next_step = _("请在机构管理页面登记这台终端，或核对终端编号")


class TerminalDisabled(DomainError):
    """The terminal was switched off."""

    code = "terminal_disabled"
    status = 403
    message = _("终端已停用")
    next_step = _("请在机构管理页面启用这台终端")


class TerminalBoundElsewhere(DomainError):
    """The terminal belongs to another client of the institution."""

    code = "terminal_bound_elsewhere"
    status = 403
    message = _("这台终端绑定在另一个接入应用上")
    next_step = _("请用终端绑定的应用调用，或在机构管理页面改绑")


class TerminalNotSignedIn(DomainError):
    """The call carries no token of the terminal's session, or one that has ended."""

    code = "terminal_not_signed_in"
    status = 403
    message = _("终端没有登录，或登录已失效")
    next_step = _("请在机构管理页面为这台终端生成激活码，在终端上重新登录")


class TerminalNotNamed(DomainError):
    """The terminals of the client sign in, and the call names none."""

    code = "terminal_not_named"
    status = 403
    message = _("这个接入应用的终端须登录后才能读码，而这次调用没有终端")
    next_step = _("请在已登录的终端上用原生接口验码；不设终端登录的系统请使用另一个接入应用")


class TerminalActivationRefused(DomainError):
    """The activation code is wrong, used or out of date, or not for this terminal and client."""

    code = "terminal_activation_refused"
    status = 403
    message = _("激活码不正确、已使用或已过期")
    next_step = _("请核对终端编号和激活码；仍不成功，请在机构管理页面重新生成")


class TerminalUnbound(DomainError):
    """Only a terminal that belongs to a client can be activated."""

    code = "terminal_unbound"
    status = 409
    message = _("终端还没有绑定接入应用")
    next_step = _("请先绑定接入应用，再生成激活码")


class TerminalNumberWrong(DomainError):
    """The number has characters that no terminal's number has."""

    code = "terminal_number_wrong"
    message = _("终端编号只能用字母、数字、下划线和连字符")
    next_step = _("请改正后再导入")


class TerminalListUnreadable(DomainError):
    """The uploaded list is no CSV with the columns that are needed."""

    code = "terminal_list_unreadable"
    message = _("读不出终端清单")
    next_step = _("请使用 CSV 格式（UTF-8 或 GBK），第一行为列名，最多 1000 行")


class StaffAccountNeeded(DomainError):
    """Memberships are for staff accounts."""

    code = "staff_account_needed"
    message = _("这不是工作人员账号")
    next_step = _("请先为该人员开通工作人员账号")


class RoleMisplaced(DomainError):
    """Roles of the centre have no institution, the others need one."""

    code = "role_misplaced"
    message = _("职责与机构不匹配：中心职责不填机构，机构职责必须填机构")
    next_step = _("请重新选择")


class MembershipExists(DomainError):
    """The account holds a membership."""

    code = "membership_exists"
    status = 409
    message = _("该账号已有职责")
    next_step = _("请先结束原有职责，再授予新的职责")


class MembershipEnded(DomainError):
    """The membership ended before."""

    code = "membership_ended"
    status = 409
    message = _("该职责已经结束")
    next_step = _("无需再次操作")


class LastAdministrator(DomainError):
    """Without this member nobody could administer the centre."""

    code = "last_administrator"
    status = 409
    message = _("这是最后一位卡管中心管理员")
    next_step = _("请先授予另一位管理员，再结束此职责")


class NoMembership(PermissionRefused):
    """A staff account without a task, or whose institution is suspended."""

    code = "no_membership"
    message = _("您的账号目前没有可用的职责")
    next_step = _("请联系卡管中心管理员")


class SecondFactorRequired(PermissionRefused):
    """The session was opened by password alone."""

    code = "second_factor_required"
    message = _("此操作需要第二步验证")
    next_step = _("请完成第二步验证后再试")


class UnknownDepartment(DomainError):
    """The institution has no such department, or it would stand below itself."""

    code = "unknown_department"
    message = _("没有这个科室，或上下级关系不对")
    next_step = _("请先登记科室，再填写它的代码")


class DoctorAccountTaken(DomainError):
    """Another doctor works with this staff account."""

    code = "doctor_account_taken"
    status = 409
    message = _("这个工作账号已对应另一位医生")
    next_step = _("请核对工作账号")
