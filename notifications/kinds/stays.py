"""Messages that hospitals ask us to pass on."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Kind
from notifications.rules.topics import Topic

_VISITS = "/records/visits/"
_SEE_VISITS = _("查看就诊记录")
_TOGETHER = timedelta(minutes=30)

KINDS: Mapping[str, Kind] = {
    "stay.daily_list": Kind(
        title=_("住院一日清单已出"),
        body=_("医院给出了住院一天的费用清单，请在病区或医院的公众号查看。为保护隐私，这里不显示内容。"),
        link=_VISITS,
        action=_SEE_VISITS,
        icon="document",
        topic=Topic.DAILY,
        what="住院一日清单",
        digest=_TOGETHER,
    ),
    "stay.deposit_low": Kind(
        title=_("住院预交金不多了"),
        body=_("请到医院的住院收费窗口了解余额并补交，以免影响治疗。"),
        link=_VISITS,
        action=_SEE_VISITS,
        icon="warning",
        topic=Topic.BILL,
        what="住院预交金提醒",
    ),
    "followup.due": Kind(
        title=_("医院提醒您复诊"),
        body=_("按医院的安排，您近期需要复诊或随访。可以在这里预约。"),
        link="/hospitals/",
        action=_("去预约"),
        icon="calendar",
        topic=Topic.VISIT,
        what="复诊提醒",
        lasts=timedelta(days=2),
    ),
    "survey.invite": Kind(
        title=_("医院请您说说就诊感受"),
        body=_("请在医院的公众号或窗口填写，填不填由您决定，不影响看病。"),
        link=_VISITS,
        action=_SEE_VISITS,
        icon="chat",
        topic=Topic.DAILY,
        what="满意度调查",
        digest=_TOGETHER,
    ),
    "education.push": Kind(
        title=_("医院有健康知识给您"),
        body=_("请在医院的公众号查看。不想收到，可以在消息设置里关闭。"),
        link="/messages/settings/daily/",
        action=_("消息设置"),
        icon="info",
        topic=Topic.DAILY,
        what="健康知识",
        digest=_TOGETHER,
    ),
}
