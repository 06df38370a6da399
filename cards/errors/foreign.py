"""What can go wrong with a code of another centre, which others verify for us."""

from django.utils.translation import gettext_lazy as _

from foundation.core.errors import DomainError

_RETRY = _("请用同一个请求编号重试；仍不成功的，请核对居民的有效证件办理")
_DOCUMENT = _("请核对居民的有效证件办理")


class NationalSilent(DomainError):
    """The national centre gave no answer within the deadline."""

    code = "national_no_answer"
    status = 504
    message = _("国家卡管没有按时应答，外地健康卡未能验证")
    next_step = _RETRY


class NationalUnavailable(DomainError):
    """The national centre cannot be reached, or has failed so often that nobody asks it now."""

    code = "national_unavailable"
    status = 503
    message = _("暂时连不上国家卡管，外地健康卡未能验证")
    next_step = _RETRY


class NationalRefused(DomainError):
    """The national centre did not take our question."""

    code = "national_refused"
    status = 502
    message = _("国家卡管没有接受本平台的请求")
    next_step = _("请核对居民的有效证件办理，并告知卡管中心")


class CrossDomainBusy(DomainError):
    """So many foreign codes are being asked about that this one would hold up our own."""

    code = "cross_domain_busy"
    status = 503
    message = _("正在验证的外地健康卡较多")
    next_step = _RETRY


class ForeignAnswerUntrusted(DomainError):
    """The answer is not signed as it should be, or is about another code."""

    code = "foreign_answer_untrusted"
    status = 502
    message = _("收到的跨域验证结果不可信，没有采用")
    next_step = _("请核对居民的有效证件办理，并告知卡管中心")


class RouteUnknown(DomainError):
    """Nobody knows the centre that the code names as its issuer."""

    code = "route_unknown"
    status = 422
    message = _("这张健康卡的发卡机构没有在国家卡管登记，不能验证")
    next_step = _DOCUMENT


class RouteLoop(DomainError):
    """The question came back to a centre that had passed it on."""

    code = "route_loop"
    status = 502
    message = _("跨域验证的路由有误，请求绕回了原处")
    next_step = _("请核对居民的有效证件办理，并告知卡管中心")


class IssuerSilent(DomainError):
    """The issuing centre gave the national centre no answer in time."""

    code = "issuer_no_answer"
    status = 504
    message = _("发卡地的卡管没有按时应答")
    next_step = _RETRY


class IssuerUnavailable(DomainError):
    """The issuing centre cannot verify now."""

    code = "issuer_unavailable"
    status = 503
    message = _("发卡地的卡管暂时不能验证")
    next_step = _RETRY


class ForeignRefused(DomainError):
    """The issuing centre refused for a reason that we have no words for."""

    code = "foreign_refused"
    status = 422
    message = _("发卡地的卡管没有通过这个二维码")
    next_step = _DOCUMENT


class BalanceUnderWay(DomainError):
    """The day is being compared at this moment, because somebody asked for it."""

    code = "balance_under_way"
    status = 409
    message = _("这一天正在重新核对")
    next_step = _("请稍等一分钟，刷新本页查看结果")
