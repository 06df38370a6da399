"""What can go wrong with examinations."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ExamOrderNotFound(DomainError):
    """There is no such order, or it is not of somebody for whom the account acts."""

    code = "exam_order_not_found"
    status = 404
    message = _("没有找到这张检查申请")
    next_step = _("请返回检查列表查看；刚开的单，请等一会儿再看")


class ExamItemUnknown(DomainError):
    """The hospital has told of no examination with this code."""

    code = "exam_item_unknown"
    status = 404
    message = _("没有登记这个检查项目")
    next_step = _("请先在后台登记检查项目，再发送检查申请")


class ExamOrderTaken(DomainError):
    """The number of the order is another person's, or of another examination."""

    code = "exam_order_taken"
    status = 409
    message = _("这个申请单号已经用于另一项检查")
    next_step = _("请核对申请单号")


class ExamOrderOver(DomainError):
    """The order was taken back, is booked already, or has run out."""

    code = "exam_order_over"
    status = 409
    message = _("有检查申请已经约好、撤销或过期")
    next_step = _("请刷新后再预约")


class ExamPlanBroken(DomainError):
    """Times that were chosen break a rule between examinations."""

    code = "exam_plan_broken"
    status = 409
    message = _("选的时间不能这样安排：%(reason)s")
    next_step = _("请按系统安排的时间预约，或换一个日期")


class ExamNotHere(DomainError):
    """A place that was chosen is not one of this examination, or not to be had now."""

    code = "exam_not_here"
    status = 409
    message = _("选的时间不能做这项检查，或已经约满")
    next_step = _("请重新安排时间")


class ExamRuleMeaningless(DomainError):
    """A rule of order between a tag and itself can never hold."""

    code = "exam_rule_meaningless"
    message = _("前项和后项相同时，只能用“两项要隔开”")
    next_step = _("请核对前项和后项")
