"""What can go wrong with reports and with opening them."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ReportNotFound(DomainError):
    """There is no such report for who asks."""

    code = "report_not_found"
    status = 404
    message = _("没有找到这份报告")
    next_step = _("请从报告列表重新进入")


class ReportIsWithdrawn(DomainError):
    """The hospital took the report back, and what it said is not shown any more."""

    code = "report_withdrawn"
    status = 410
    message = _("医院已撤回这份报告")
    next_step = _("请联系出报告的医院了解原因")


class ReportOfAnother(DomainError):
    """The hospital's number belongs to a report of somebody else."""

    code = "report_of_another"
    status = 409
    message = _("这个报告号已属于另一位患者的报告")
    next_step = _("请核对报告号和患者；原报告发错人的，请先撤回，再用新的报告号发布")


class EncounterOfAnother(DomainError):
    """The hospital's number belongs to a visit of somebody else."""

    code = "encounter_of_another"
    status = 409
    message = _("这个就诊号已属于另一位患者")
    next_step = _("请核对就诊号和患者")


class DocumentNotFound(DomainError):
    """There is no printable document of a report."""

    code = "document_not_found"
    status = 404
    message = _("这份报告还没有可以下载的文件")
    next_step = _("请直接在页面上查看，或到医院自助机打印")


class DocumentNotReadable(DomainError):
    """What was handed in is no PDF, or is too large."""

    code = "document_not_readable"
    status = 422
    message = _("文件不是 PDF，或超过 10 MB")
    next_step = _("请重新导出 PDF 后提交")


class RecordsLocked(DomainError):
    """Contents open only after a fresh second proof."""

    code = "records_locked"
    status = 403
    message = _("查看内容前，需要再确认一次是您本人")
    next_step = _("请输入发到您手机上的验证码，之后 15 分钟内可以查看")
    way_on = ("records-unlock", _("去确认"))


class PhoneNeeded(DomainError):
    """A code can only be sent to an account that has a phone."""

    code = "records_phone_needed"
    status = 409
    message = _("您的账号还没有绑定手机号，收不到验证码")
    next_step = _("请先在“我的”里绑定手机号")
    way_on = ("me-phone", _("绑定手机号"))


class AccessUnknown(DomainError):
    """There is no such request or grant for who asks."""

    code = "access_unknown"
    status = 404
    message = _("没有找到这次授权")
    next_step = _("请核对后重新操作，或请对方重新出示二维码")


class AccessOver(DomainError):
    """It was answered, or its time has passed."""

    code = "access_over"
    status = 410
    message = _("这次查阅申请已经回答过，或已过期")
    next_step = _("需要的话，请医生重新出示二维码")


class AccessTaken(DomainError):
    """Somebody else scanned the doctor's code first."""

    code = "access_taken"
    status = 409
    message = _("这个二维码已被别人扫过")
    next_step = _("请医生重新出示二维码")


class AccessEnded(DomainError):
    """The consent was taken back, or its time is over."""

    code = "access_ended"
    status = 410
    message = _("患者的授权已撤回或到期")
    next_step = _("需要继续查阅的，请患者重新授权")


class AccessChanged(DomainError):
    """What would open is not what was shown any more."""

    code = "access_changed"
    status = 409
    message = _("会打开的内容刚刚有变化")
    next_step = _("请看一遍新的清单，再决定是否同意")


class NothingToOpen(DomainError):
    """The scope that was chosen opens nothing."""

    code = "access_opens_nothing"
    status = 422
    message = _("这个范围内没有任何记录")
    next_step = _("请放宽范围，或者拒绝这次申请")


class RecordNotCovered(DomainError):
    """The consent does not open this record."""

    code = "record_not_covered"
    status = 403
    message = _("患者没有授权查阅这份记录")
    next_step = _("需要的话，请患者重新授权并放宽范围")


class PatientNotFound(DomainError):
    """Nobody is registered with this certificate or code."""

    code = "patient_not_found"
    status = 404
    message = _("没有登记过这个人")
    next_step = _("请核对证件号码；确实没有登记的，按院内急救流程处置")


class EmergencyCodeRefused(DomainError):
    """The code on the patient names nobody now; whoever lies there cannot show another."""

    code = "emergency_code_refused"
    status = 409
    message = _("%(why)s，用这个码找不到患者")
    next_step = _("请改用患者的证件：选证件类型，读取或输入号码；带着实体卡或纸质码的，也可以扫上面的码")


class OwnReview(DomainError):
    """Somebody wants to review what they did themselves."""

    code = "own_review"
    status = 403
    message = _("不能复核自己打开的急救查阅")
    next_step = _("请由另一位工作人员复核")
