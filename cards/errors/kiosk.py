"""What can go wrong at a self-service terminal."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError


class TerminalNotSelfService(DomainError):
    """The terminal is registered as something else."""

    code = "terminal_not_self_service"
    status = 403
    message = _("这台终端没有登记为自助终端")
    next_step = _("请在机构管理页面把终端类型登记为自助终端")


class KioskSessionNotFound(DomainError):
    """The application has no session of this number."""

    code = "kiosk_session_not_found"
    status = 404
    message = _("没有这次自助办理")
    next_step = _("请从头开始办理")


class KioskSessionOver(DomainError):
    """The session has ended: done, too old, or too many checks failed."""

    code = "kiosk_session_over"
    status = 410
    message = _("这次自助办理已经结束")
    next_step = _("请从头开始办理；多次不成功的，请居民到人工窗口办理")


class KioskStepRefused(DomainError):
    """The step does not follow on where the session stands."""

    code = "kiosk_step_refused"
    status = 409
    message = _("这一步还不能办理")
    next_step = _("请查询这次办理的状态，按 next 给出的步骤继续")


class KioskCheckFailed(DomainError):
    """The machine did not recognise the person or the document."""

    code = "kiosk_check_failed"
    status = 422
    message = _("本人核对没有通过")
    next_step = _("请居民再试一次；仍不通过的，请到人工窗口办理")
