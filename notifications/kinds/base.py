"""What a kind of message is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _now

from notifications.rules.topics import Topic

HOME = "/"
# Among a message's params: the person whom the reader holds, where it is about their card.
RELATIVE = "relative"
# Among a message's params: what its person is to the reader, and when the thing is that it is about.
RELATION = "relation"
AT = "at"


@dataclass(frozen=True, slots=True)
class Kind:
    """The words of a message, and how it goes to people who are not looking.

    Attributes:
        link: Address of the page it leads to, with ``{name}`` places for the message's params.
        action: What the link is called.
        icon: Name in the icon set.
        topic: What the resident's preferences are about.
        what: What it is, in a few words, for a push.
        is_urgent: Whether quiet hours do not hold it back.
        lasts: How long after it was written a push is worth sending.
        is_capped: Whether the limit of pushes for a day may hold it back; never what is urgent.
        digest: How long a push waits for more of its kind about the same person, to speak of all.
    """

    title: str | Promise
    body: str | Promise
    link: str = ""
    action: str | Promise = ""
    icon: str = "info"
    topic: Topic = Topic.CARD
    what: str = "健康卡通知"
    is_urgent: bool = False
    is_capped: bool = True
    lasts: timedelta = timedelta(hours=24)
    digest: timedelta = timedelta()

    def title_for(self, params: Mapping[str, str]) -> str:
        """The title of one message; a guardian reads that it is about a relative."""
        if RELATIVE in params:
            return _now("家人的卡：%(title)s") % {"title": self.title}
        return str(self.title)

    def link_for(self, params: Mapping[str, str]) -> str:
        """The address for one message."""
        if RELATIVE in params:
            return f"/family/{params[RELATIVE]}/"
        return self.link.format_map(params) if self.link else ""
