"""Which channels a message takes, and in which order."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from foundation.core import clock
from notifications.rules.topics import MEANS, POLICIES, Channel, Means, Sms

# How long the inbox and WeChat have before an SMS goes to who has not heard.
UNHEARD_AFTER = timedelta(seconds=60)
# A Beijing night, for who has said nothing.
QUIET = (time(22, 0), time(7, 0))
# The mini-program first: it opens the page that the message is about.
_WEIXIN = (Channel.SUBSCRIBE, Channel.OFFICIAL)


@dataclass(frozen=True, slots=True)
class Step:
    """One channel that a message goes over."""

    channel: Channel
    delay: timedelta = timedelta()
    unless_read: bool = False


def first_steps(topic: str, *, open_channels: Collection[str], switched: dict[str, bool]) -> list[Step]:
    """What is sent to begin with.

    Args:
        open_channels: Those that have a template and reach this account.
        switched: What the account said of each means for the topic.
    """
    policy = POLICIES[topic]
    usable = _usable(topic, open_channels, switched)
    weixin = [channel for channel in _WEIXIN if channel in usable]
    steps = [Step(channel) for channel in weixin[:1]]
    if Channel.SMS not in usable:
        return steps
    if policy.sms is Sms.ALWAYS or (policy.sms is Sms.FALLBACK and not weixin):
        steps.append(Step(Channel.SMS))
    if policy.sms is Sms.UNHEARD:
        steps.append(Step(Channel.SMS, UNHEARD_AFTER, unless_read=True))
    return steps


def next_channel(
    topic: str, *, failed: Iterable[str], open_channels: Collection[str], switched: dict[str, bool]
) -> Channel | None:
    """What is tried after channels failed for good; nothing where no other is left."""
    tried = set(failed)
    usable = _usable(topic, open_channels, switched)
    order = [*_WEIXIN, *((Channel.SMS,) if POLICIES[topic].sms is Sms.FALLBACK else ())]
    return next((channel for channel in order if channel in usable and channel not in tried), None)


def _usable(topic: str, open_channels: Collection[str], switched: dict[str, bool]) -> set[Channel]:
    policy = POLICIES[topic]
    return {
        Channel(channel)
        for channel in open_channels
        if policy.is_on(MEANS[channel], switched.get(MEANS[channel]))
    }


def is_on(topic: str, means: Means, switched: dict[str, bool]) -> bool:
    """Whether a way is open for a topic, by what the account said or the topic's own rule."""
    return POLICIES[topic].is_on(means, switched.get(means))


def after_quiet(moment: datetime, starts: time, ends: time) -> datetime:
    """The first moment from this one on that lies outside the quiet hours of a Beijing day.

    Hours that begin in the evening and end in the morning run over midnight.
    """
    local = clock.beijing(moment)
    now = local.time()
    is_quiet = starts <= now < ends if starts < ends else (now >= starts or now < ends)
    if not is_quiet:
        return moment
    over = local.replace(hour=ends.hour, minute=ends.minute, second=0, microsecond=0)
    return over if over > local else over + timedelta(days=1)
