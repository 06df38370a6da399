"""What can go wrong with schedules."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ScheduleNotFound(DomainError):
    """There is no such schedule, department or doctor, or residents do not find it any more."""

    code = "schedule_not_found"
    status = 404
    message = _("没有找到这个排班")
    next_step = _("请返回科室页面，查看现在的排班")


class ScheduleOver(DomainError):
    """The day of the session is past."""

    code = "schedule_over"
    status = 409
    message = _("这个班次已经过去了")
    next_step = _("过去的班次不能再改，请核对日期")


class ScheduleExists(DomainError):
    """Another session of the institution has this number."""

    code = "schedule_exists"
    status = 409
    message = _("已有这个排班号")
    next_step = _("请换一个排班号，或修改原来的排班")


class ScheduleRefused(DomainError):
    """What was said of a schedule does not fit the institution or itself."""

    code = "schedule_refused"
    status = 422
    message = _("排班信息有误")
    next_step = _("请核对标出的内容：科室和医生须已登记，时段的开始须早于结束，同一班次的时段不能重叠")


class ScheduleListEmpty(DomainError):
    """A list that claims to be complete names nothing, though sessions are open."""

    code = "schedule_list_empty"
    status = 422
    message = _("完整的排班列表是空的，没有处理")
    next_step = _("如果这些天确实都不出诊，请逐个停诊；否则请检查医院系统的接口")


class UnknownSubstitute(DomainError):
    """The session that is to be offered instead is not one of the institution's open ones."""

    code = "unknown_substitute"
    status = 422
    message = _("没有找到这个替诊班次")
    next_step = _("请填写本机构正常出诊、还没有过去的另一个班次的排班号")
