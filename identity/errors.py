"""What can go wrong between accounts and persons."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError, NotFound


class ConsentMissing(DomainError):
    """The notice in force, or the use of sensitive data, has not been agreed to."""

    code = "consent_missing"
    status = 403
    message = _("还没有同意隐私政策和敏感个人信息的处理")
    next_step = _("请先阅读并同意，再继续")


class NoticeOutdated(DomainError):
    """The version that was agreed to is not the one in force."""

    code = "notice_outdated"
    status = 409
    message = _("隐私政策已更新")
    next_step = _("请阅读新的版本后再同意")


class NoticeNotFound(NotFound):
    """No privacy notice is in force: nothing may be collected."""

    code = "notice_not_found"
    message = _("还没有生效的隐私政策")
    next_step = _("请联系管理员")


class NoticeExists(DomainError):
    """A version is published once; its text never changes."""

    code = "notice_exists"
    status = 409
    message = _("这个版本号已经发布过")
    next_step = _("请使用新的版本号")


class CheckInProgress(DomainError):
    """The same check is being made at this moment."""

    code = "check_in_progress"
    status = 409
    message = _("正在核验，请稍候")
    next_step = _("请几秒后再查看结果")


class CheckRequestReused(DomainError):
    """A request id came again for other content."""

    code = "check_request_reused"
    status = 422
    message = _("同一个请求编号用于了不同的内容")
    next_step = _("请为新的核验使用新的请求编号")


class CertificateNotProved(DomainError):
    """The number that was typed is not that of the person's certificate."""

    code = "certificate_not_proved"
    status = 403
    message = _("证件号码与登记的不一致")
    next_step = _("请对照证件重新填写；今天填错 5 次后，请携带证件到窗口办理")


class HeldByAnother(DomainError):
    """Somebody else holds the person.

    The sentence does not say so: whoever knows a name and a number must not learn from the
    answer whether that person has a card.
    """

    code = "needs_further_proof"
    status = 409
    message = _("需要进一步核实身份")
    next_step = _("请携带证件到窗口办理，或联系服务热线")


class SecondClerkNeeded(DomainError):
    """One clerk alone moves nobody from one account to another."""

    code = "second_clerk_needed"
    status = 409
    message = _("这位居民由另一个账号持有，需要第二位工作人员核对证件")
    next_step = _("请同机构的另一位同事在“窗口发卡”里打开“待复核”，核对证件后确认")


class TakeOverOver(DomainError):
    """It was decided upon, its time has passed, or it is another institution's."""

    code = "take_over_over"
    status = 410
    message = _("这次复核已经结束")
    next_step = _("居民还在窗口的，请第一位同事重新发起")


class DocumentDiffers(DomainError):
    """The number that the second clerk read is not that of the person."""

    code = "document_differs"
    status = 422
    message = _("读到的证件号码与登记的不一致")
    next_step = _("请对照居民手里的证件再读一次；仍不一致的，请选择“不同意”")


class HoldsAnother(DomainError):
    """The account already holds another person as itself."""

    code = "holds_another"
    status = 409
    message = _("这个账户已经登记了本人")
    next_step = _("如果登记的不是您本人，请携带证件到窗口办理")


class LevelTooLow(DomainError):
    """The deed asks for a stronger proof than the account has given."""

    code = "level_too_low"
    status = 403
    message = _("这项操作需要更强的身份核实")
    next_step = _("请携带证件到窗口核实，或联系服务热线")


class OwnPersonNeeded(DomainError):
    """Only somebody who is known themselves may hold others."""

    code = "own_person_needed"
    status = 409
    message = _("请先办理您自己的健康卡")
    next_step = _("办好本人的健康卡以后，才能添加家人")


class DependantIsSelf(DomainError):
    """An account cannot hold its own person as a dependant."""

    code = "dependant_is_self"
    status = 409
    message = _("这是您本人，不用再添加")
    next_step = _("本人的健康卡在“健康卡”页面")


class DependantIsAdult(DomainError):
    """A proof of birth makes nobody the guardian of an adult."""

    code = "dependant_is_adult"
    status = 409
    message = _("这位家人已满18岁，需要本人同意")
    next_step = _("请改用“添加老人或其他家人”")


class DependantIsMinor(DomainError):
    """A child's consent is not enough."""

    code = "dependant_is_minor"
    status = 409
    message = _("这位家人不满18岁，需要监护证明")
    next_step = _("请改用“添加孩子”")


class TooManyDependants(DomainError):
    """The account holds as many others as the centre allows."""

    code = "too_many_dependants"
    status = 409
    message = _("您代管的家人已达到上限")
    next_step = _("请先结束不再需要的代管，或到窗口办理")


class TooManyGuardians(DomainError):
    """As many accounts hold the person as the centre allows."""

    code = "too_many_guardians"
    status = 409
    message = _("这位家人的代管人已达到上限")
    next_step = _("请先由一位代管人结束代管，或到窗口办理")


class InvitationOver(DomainError):
    """The invitation is answered, withdrawn, out of date, or for somebody else."""

    code = "invitation_over"
    status = 404
    message = _("这个邀请已经失效，或者不是发给您的")
    next_step = _("请核对登录的账号；仍不行的，请家人重新发出邀请")


class InvitationCodeWrong(DomainError):
    """The code is not the one that was sent."""

    code = "invitation_code_wrong"
    status = 422
    message = _("验证码不对")
    next_step = _("请向家人核对短信里的验证码；没有收到短信的，请家人用自己的账号确认")


class VerifyOrderUnknown(NotFound):
    """There is no such order, or it is another client's."""

    code = "verify_order_unknown"
    message = _("没有这次核身")
    next_step = _("请回到医院的页面重新发起核身")


class VerifyOrderOver(DomainError):
    """The order was answered, or its time has passed."""

    code = "verify_order_over"
    status = 410
    message = _("这次核身已经结束")
    next_step = _("请回到医院的页面重新发起核身")


class FaceCheckUnavailable(DomainError):
    """The face check does not answer now."""

    code = "face_check_unavailable"
    status = 503
    message = _("刷脸核身暂时不可用")
    next_step = _("请稍后再试，或带证件到窗口办理")


class GuardianshipOver(DomainError):
    """The account held the person once, and does no more."""

    code = "guardianship_over"
    status = 410
    message = _("您对这位家人的代管已经结束，不能再出示和管理这张健康卡")
    next_step = _("确实还要代管的，请在“家人”里重新添加")
    way_on = ("family", _("回到家人"))


class NotForGuardians(DomainError):
    """What only the person themselves, or a window, may do."""

    code = "not_for_guardians"
    status = 403
    message = _("这件事不能由代管人办理")
    next_step = _("请家人用自己的账号办理，或带家人的证件到窗口办理")
