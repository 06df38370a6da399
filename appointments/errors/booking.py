"""What can go wrong when somebody books, changes or cancels."""

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError

_TO_THE_WINDOW = _("需要就诊的，请到医院窗口预约，或联系服务热线")


class SlotUnknown(DomainError):
    """There is no such band of time."""

    code = "slot_unknown"
    status = 404
    message = _("没有找到这个号源")
    next_step = _("请返回重新选择时间")


class SlotFull(DomainError):
    """Every number of the band is taken."""

    code = "slot_full"
    status = 409
    message = _("这个时间段的号已经约满")
    next_step = _("请选择其他时间；有人退号时，号会在不固定的时间重新放出")


class SlotNotReleased(DomainError):
    """Its places are not out yet."""

    code = "slot_not_released"
    status = 409
    message = _("还没有到放号时间，%(releases_at)s 开始预约")
    next_step = _("请到时再来预约")


class SlotClosed(DomainError):
    """Booking for it is over."""

    code = "slot_closed"
    status = 409
    message = _("这个时间段已经截止预约")
    next_step = _("请选择其他时间，或到医院窗口咨询")


class SlotStopped(DomainError):
    """The doctor does not see patients then after all."""

    code = "slot_stopped"
    status = 409
    message = _("医生这个时间停诊")
    next_step = _("请选择其他时间或其他医生")

    def __init__(self, *, reason: str = "") -> None:
        super().__init__(reason=reason)

    def text(self) -> str:
        """That it is stopped, and why where the hospital has said it."""
        said = gettext("医生这个时间停诊：%(reason)s") if self.params["reason"] else str(self.message)
        return said % self.params


class FeeChanged(DomainError):
    """The hospital changed the fee while somebody was about to book."""

    code = "fee_changed"
    status = 409
    message = _("挂号费刚刚有变化")
    next_step = _("请刷新页面，核对金额后重新预约")


class AlreadyBooked(DomainError):
    """The person has a live booking of the same session."""

    code = "already_booked"
    status = 409
    message = _("就诊人已经约了这位医生的这个时段")
    next_step = _("请在“我的预约”里查看；要换时间，请用“改约”")


class BookingLimit(DomainError):
    """Base of the limits against those who book more than they can need."""

    code = "booking_limit"
    status = 409
    message = _("预约次数已达到上限")
    next_step: ClassVar[str | Promise] = _TO_THE_WINDOW


class PersonDayLimit(BookingLimit):
    """The person was booked for often enough today."""

    code = "person_day_limit"
    message = _("就诊人今天的预约次数已达到上限")
    next_step = _("请明天再预约；急需就诊的，请到医院窗口")


class PersonOpenLimit(BookingLimit):
    """The person has too many bookings before them."""

    code = "person_open_limit"
    message = _("就诊人还没有就诊的预约已达到上限")
    next_step = _("请先取消不需要的预约，或就诊后再预约")


class AccountDayLimit(BookingLimit):
    """The account has booked often enough today."""

    code = "account_day_limit"
    message = _("您今天的预约次数已达到上限")
    next_step = _("请明天再预约；急需就诊的，请到医院窗口")


class DeviceDayLimit(BookingLimit):
    """This device was used for enough bookings today."""

    code = "device_day_limit"
    message = _("这台设备今天的预约次数已达到上限")
    next_step = _("请明天再预约；急需就诊的，请到医院窗口")


class CancelDayLimit(BookingLimit):
    """Too many bookings of the person were cancelled today."""

    code = "cancel_day_limit"
    message = _("就诊人今天取消预约的次数过多，今天不能再预约")
    next_step = _("请明天再预约；急需就诊的，请到医院窗口")


class BookingPaused(BookingLimit):
    """The person did not come too often."""

    code = "booking_paused"
    message = _("就诊人多次预约后没有就诊，网上预约暂停到 %(until)s")
    next_step = _("这期间请到医院窗口预约；记录有误的，请联系医院")


class BookingNotFound(DomainError):
    """There is no such booking, or it is not the caller's."""

    code = "booking_not_found"
    status = 404
    message = _("没有找到这个预约")
    next_step = _("请在“我的预约”里查看")


class BookingStateConflict(DomainError):
    """The booking does not stand where this could be done."""

    code = "booking_state_conflict"
    status = 409
    message = _("这个预约现在的状态是“%(state)s”，不能这样操作")
    next_step = _("请刷新页面查看最新状态")


class HoldOver(DomainError):
    """The time to confirm has run out."""

    code = "hold_over"
    status = 409
    message = _("占号时间已过，号已经退回")
    next_step = _("请重新选择时间预约")


class TooLateToCancel(DomainError):
    """The hospital's limit for cancelling and changing has passed."""

    code = "too_late_to_cancel"
    status = 409
    message = _("离就诊时间太近，网上不能取消或改约")
    next_step = _("不能来就诊的，请打医院电话说明，以免记为爽约")


class SamePlace(DomainError):
    """The booking is for that band already."""

    code = "same_place"
    status = 409
    message = _("现在约的就是这个时间")
    next_step = _("请选择另一个时间")


class ChangeElsewhere(DomainError):
    """A booking changes within a department and at the same fee."""

    code = "change_elsewhere"
    status = 409
    message = _("只能改约到同一科室、挂号费相同的时间")
    next_step = _("要换科室或号别，请先取消，再重新预约")


class NobodyChosen(DomainError):
    """Nobody was named for whom to book."""

    code = "nobody_chosen"
    status = 400
    message = _("请选择为谁预约")
    next_step = _("请至少选择一人")


class HospitalRefTaken(DomainError):
    """The hospital's own number names another booking."""

    code = "hospital_ref_taken"
    status = 409
    message = _("这个医院订单号已用于另一个预约")
    next_step = _("请核对订单号；每个预约使用自己的订单号")


class PatientUnknown(DomainError):
    """Nobody is registered with the document that the window read."""

    code = "patient_unknown"
    status = 404
    message = _("没有登记过这个证件")
    next_step = _("请核对号码；还没有健康卡的，请先在“窗口发卡”里发卡")
