"""What can go wrong with the cards of a family."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class GuardianUnknown(DomainError):
    """Nobody signs in with the number that was given as the guardian's."""

    code = "guardian_unknown"
    status = 404
    message = _("没有用这个手机号登录的账号")
    next_step = _("请代管人先用手机号登录一次，并办好自己的健康卡")
