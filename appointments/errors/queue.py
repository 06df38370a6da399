"""What can go wrong at the check-in and in a queue."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class QueueNotFound(DomainError):
    """There is no such queue for who asks."""

    code = "queue_not_found"
    status = 404
    message = _("没有找到这个队列")
    next_step = _("请返回队列列表重新选择")


class QueuePaused(DomainError):
    """The queue is paused or closed."""

    code = "queue_paused"
    status = 409
    message = _("这个队列已暂停叫号")
    next_step = _("请先恢复叫号")


class QueueRunByHospital(DomainError):
    """The hospital's own system calls this queue."""

    code = "queue_run_by_hospital"
    status = 409
    message = _("这个队列由医院的叫号系统叫号")
    next_step = _("请在医院的叫号系统中操作")


class DeskNeeded(DomainError):
    """Nobody knows where the called person is to go."""

    code = "desk_needed"
    status = 422
    message = _("还没有填写叫号位置")
    next_step = _("请填写诊室或窗口，例如“3 诊室”")


class NobodyWaits(DomainError):
    """There is nobody to call."""

    code = "nobody_waits"
    status = 409
    message = _("现在没有人等候")
    next_step = _("有人签到后会自动出现在列表里")


class TicketNotFound(DomainError):
    """There is no such ticket for who asks."""

    code = "ticket_not_found"
    status = 404
    message = _("没有找到这个候诊号")
    next_step = _("请从“签到和候诊”重新进入")


class TicketMoveRefused(DomainError):
    """The ticket does not stand where it would have to."""

    code = "ticket_move_refused"
    status = 409
    message = _("这个候诊号现在不能这样操作")
    next_step = _("请刷新页面，看看现在的状态")


class CheckInRefused(DomainError):
    """The booking is not one that can be checked in."""

    code = "check_in_refused"
    status = 409
    message = _("这个预约现在不能签到")
    next_step = _("请查看预约的状态，或到分诊台咨询")


class CheckInTooEarly(DomainError):
    """The time of the check-in has not come."""

    code = "check_in_too_early"
    status = 409
    message = _("还没有到签到时间")
    next_step = _("请在 %(opens)s 以后签到")


class CheckInOver(DomainError):
    """The session is over."""

    code = "check_in_over"
    status = 409
    message = _("签到时间已过")
    next_step = _("请到分诊台，由工作人员为您安排")


class NotAtHospital(DomainError):
    """The phone is too far away."""

    code = "not_at_hospital"
    status = 422
    message = _("手机定位显示您还不在医院")
    next_step = _("请到院后再试；已经在医院的，请输入分诊台的签到码")


class LocationTooVague(DomainError):
    """The phone does not know well enough where it is."""

    code = "location_too_vague"
    status = 422
    message = _("手机定位不够准确")
    next_step = _("请到窗边或室外再试，或输入分诊台的签到码")


class LocationNotOffered(DomainError):
    """The institution has not said where it stands."""

    code = "location_not_offered"
    status = 409
    message = _("这家医院没有开通定位签到")
    next_step = _("请输入分诊台的签到码")


class DayCodeWrong(DomainError):
    """The code of the day does not fit."""

    code = "day_code_wrong"
    status = 422
    message = _("签到码不对")
    next_step = _("请对照分诊台今天的签到码再输一遍")


class NobodyFound(DomainError):
    """The desk read something that names nobody here."""

    code = "nobody_found"
    status = 404
    message = _("没有找到这个人")
    next_step = _("请重新扫码，或核对证件号码")


class ScreenNotFound(DomainError):
    """There is no such screen, or it was switched off."""

    code = "screen_not_found"
    status = 404
    message = _("没有这个叫号屏，或已停用")
    next_step = _("请向医院的管理员要新的地址")


class MedicineNotFound(DomainError):
    """There are no such medicines for who asks."""

    code = "medicine_not_found"
    status = 404
    message = _("没有找到这份药")
    next_step = _("请从“取药”重新进入，或到药房窗口查询")


class MedicineNotReady(DomainError):
    """They were handed out already, or taken back."""

    code = "medicine_not_ready"
    status = 409
    message = _("这份药已经取走，或已被药房撤回")
    next_step = _("请刷新页面查看；有疑问请到药房窗口查询")


class NoQueueForMedicine(DomainError):
    """One goes straight to the window."""

    code = "no_queue_for_medicine"
    status = 409
    message = _("这份药不用排队")
    next_step = _("请直接到窗口，出示健康卡取药")
