"""What can go wrong when an institution asks for a confirmation."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ConfirmationNotFound(DomainError):
    """There is no such confirmation for who asks."""

    code = "confirmation_not_found"
    status = 404
    message = _("没有找到这件要确认的事")
    next_step = _("请从“我的确认”重新进入")


class ConfirmationOver(DomainError):
    """It was answered meanwhile, or its time is over."""

    code = "confirmation_over"
    status = 409
    message = _("这件事已经回答过，或已过期")
    next_step = _("请刷新页面查看结果；需要的话请医院重新发起")
