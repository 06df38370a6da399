"""Messages about messages."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Kind
from notifications.rules.topics import Topic

TEST = "test.push"
# Never in an inbox: the push that speaks of several messages once a day has had its share.
MORE = "inbox.more"

KINDS: Mapping[str, Kind] = {
    TEST: Kind(
        title=_("测试消息"),
        body=_("您能看到这条消息，说明站内消息可以收到。"),
        link="/messages/settings/",
        action=_("查看消息设置"),
        icon="check",
        topic=Topic.VISIT,
        what="测试消息",
        is_urgent=True,
        lasts=timedelta(minutes=10),
    ),
    MORE: Kind(
        title=_("还有别的消息"),
        body=_("今天的推送已经够多，其余的消息都在这里。"),
        link="/messages/",
        action=_("查看消息"),
        icon="info",
        topic=Topic.DAILY,
        what="今天的其他消息",
        is_capped=False,
        lasts=timedelta(hours=3),
    ),
}
