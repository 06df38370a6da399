"""What can go wrong with the ways in which cards are issued."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class ChannelStopped(DomainError):
    """The card centre has stopped this way of issuing cards."""

    code = "channel_stopped"
    status = 403
    message = _("这个渠道暂停领卡")
    next_step = _("请换其他方式申领，或到就近医院窗口办理")


class ResidentAppRefused(DomainError):
    """The application that calls is not registered, or the centre has stopped it."""

    code = "resident_app_refused"
    status = 403
    message = _("这个应用没有登记或已停用")
    next_step = _("请更新应用；仍不能用的，请换其他方式办理")
