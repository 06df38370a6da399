"""Messages to people who have no account here: an SMS, in no inbox, that says nothing of anybody's health."""

from collections.abc import Mapping
from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Kind
from notifications.rules.topics import Topic

EMERGENCY_CONTACT = "emergency.contact"

KINDS: Mapping[str, Kind] = {
    EMERGENCY_CONTACT: Kind(
        title=_("通知紧急联系人"),
        body=_("医院在急救中查看了登记的信息，请尽快与家人或医院联系。"),
        icon="warning",
        topic=Topic.ACCESS,
        what="急救联系",
        is_urgent=True,
        lasts=timedelta(hours=4),
    ),
}
