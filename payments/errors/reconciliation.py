"""What can go wrong while books are compared."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class SuspenseSettled(DomainError):
    """Somebody has decided already."""

    code = "suspense_settled"
    status = 409
    message = _("这笔款项已经处理过")
    next_step = _("请刷新后查看")


class DifferenceSettled(DomainError):
    """Somebody has decided, or the difference has healed."""

    code = "difference_settled"
    status = 409
    message = _("这条差异已经处理过，或已自动消除")
    next_step = _("请刷新后查看")


class ActNotOpen(DomainError):
    """That is nothing that can be done about this difference."""

    code = "difference_act_not_open"
    status = 409
    message = _("这条差异不能这样处理")
    next_step = _("请选择列出的处理方式")


class SecondPersonNeeded(DomainError):
    """Whoever proposed it cannot approve it."""

    code = "second_person_needed"
    status = 409
    message = _("提出处理的人不能自己复核")
    next_step = _("请由另一位有复核权限的同事复核")


class StatementUnreadable(DomainError):
    """A hospital's statement is not in the form that is asked for."""

    code = "statement_unreadable"
    status = 422
    message = _("对账文件第 %(line)s 行不符合格式：%(problem)s")
    next_step = _("请对照对账文件说明改正后重新上传；文件没有被导入")
