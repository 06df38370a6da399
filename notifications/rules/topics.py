"""What messages are about, on which ways they go, and what each topic asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Topic(TextChoices):
    """What a resident can have an opinion on."""

    STOP = "stop", _("停诊")
    QUEUE = "queue", _("候诊与叫号")
    VISIT = "visit", _("预约与就诊提醒")
    REPORT = "report", _("检查检验报告")
    MEDICINE = "medicine", _("取药")
    BILL = "bill", _("缴费与退费")
    ACCESS = "access", _("谁查看我的病历")
    CARD = "card", _("健康卡与家人")
    DAILY = "daily", _("每日清单与健康教育")


class Means(TextChoices):
    """On which ways a resident wants to hear, beside the inbox, which has everything."""

    WEIXIN = "weixin", _("微信")
    SMS = "sms", _("短信")


class Channel(TextChoices):
    """On which channel a message leaves the building."""

    SUBSCRIBE = "subscribe", _("小程序订阅消息")
    OFFICIAL = "official", _("公众号模板消息")
    SMS = "sms", _("短信")


MEANS: Mapping[str, Means] = {
    Channel.SUBSCRIBE: Means.WEIXIN,
    Channel.OFFICIAL: Means.WEIXIN,
    Channel.SMS: Means.SMS,
}


class DispatchState(TextChoices):
    """Where a dispatch stands; the words of the state are those that GOV.UK Notify made usual."""

    CREATED = "created", _("待发送")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已提交")
    DELIVERED = "delivered", _("已送达")
    TEMPORARY_FAILURE = "temporary_failure", _("未送达（暂时）")
    PERMANENT_FAILURE = "permanent_failure", _("未送达")
    CANCELLED = "cancelled", _("已取消")


ENDED = frozenset(
    {
        DispatchState.DELIVERED,
        DispatchState.TEMPORARY_FAILURE,
        DispatchState.PERMANENT_FAILURE,
        DispatchState.CANCELLED,
    }
)


class Sms(StrEnum):
    """When a topic goes by SMS."""

    ALWAYS = "always"  # beside whatever else it goes by
    FALLBACK = "fallback"  # where nothing else reaches the resident
    UNHEARD = "unheard"  # where the resident has not opened it in time
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a topic asks for.

    Attributes:
        is_fixed: Whether residents cannot switch it off.
        sms_by_default: Whether SMS is on for who has said nothing.
    """

    sms: Sms
    is_fixed: bool = False
    sms_by_default: bool = True

    def is_on(self, means: str, said: bool | None) -> bool:
        """Whether a way is open, by what the account has said of it."""
        if means == Means.SMS and self.sms is Sms.NEVER:
            return False
        if self.is_fixed or said is None:
            return means != Means.SMS or self.sms_by_default
        return said


POLICIES: Mapping[str, Policy] = {
    Topic.STOP: Policy(Sms.ALWAYS, is_fixed=True),
    Topic.QUEUE: Policy(Sms.UNHEARD, sms_by_default=False),
    Topic.VISIT: Policy(Sms.FALLBACK),
    Topic.REPORT: Policy(Sms.FALLBACK),
    Topic.MEDICINE: Policy(Sms.FALLBACK),
    Topic.BILL: Policy(Sms.FALLBACK),
    Topic.ACCESS: Policy(Sms.FALLBACK, is_fixed=True),
    Topic.CARD: Policy(Sms.FALLBACK, sms_by_default=False),
    Topic.DAILY: Policy(Sms.NEVER),
}
