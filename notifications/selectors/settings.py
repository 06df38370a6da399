"""What an account has said of its messages, and on which ways it can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from foundation.accounts import selectors as accounts
from notifications.kinds import kind_of
from notifications.kinds.own import TEST
from notifications.models import Dispatch, Grant, Message, Preference, PushLimit, QuietHours, Template
from notifications.models.template import TemplateState
from notifications.rules import limits, routing
from notifications.rules.topics import POLICIES, Channel, Means, Sms, Topic

_WEIXIN = ("weixin_mini", "weixin_official")


@dataclass(frozen=True, slots=True)
class TopicSetting:
    """How an account hears of a topic, beside the inbox.

    Attributes:
        has_sms: Whether the topic ever goes by SMS.
        is_fixed: Whether it cannot be switched off.
    """

    topic: str
    label: str
    weixin: bool
    sms: bool
    has_sms: bool
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """When an account wants its peace, on a clock in Beijing."""

    starts: time
    ends: time
    is_on: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """By what an account can be reached."""

    weixin: bool
    sms: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A template for which the mini-program may ask the resident.

    Attributes:
        left: How many messages are allowed and not sent yet.
        is_refused: Whether the resident said no last: ask only where they ask for it.
    """

    template: str
    topic: str
    left: int
    is_permanent: bool
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one way of a test message."""

    label: str
    state: str
    state_label: str
    error: str
    at: datetime
    reference: str


def topic_settings(account_pk: int) -> list[TopicSetting]:
    """Every topic, as the account hears of it."""
    said: dict[str, dict[str, bool]] = {}
    for row in Preference.objects.filter(account=account_pk):
        said.setdefault(row.topic, {})[row.means] = row.is_on
    return [
        TopicSetting(
            topic=topic.value,
            label=str(topic.label),
            weixin=routing.is_on(topic, Means.WEIXIN, said.get(topic, {})),
            sms=routing.is_on(topic, Means.SMS, said.get(topic, {})),
            has_sms=POLICIES[topic].sms is not Sms.NEVER,
            is_fixed=POLICIES[topic].is_fixed,
        )
        for topic in Topic
    ]


def quiet_hours(account_pk: int) -> Quiet:
    """The account's quiet hours; the night for who has said nothing."""
    row = QuietHours.objects.filter(account=account_pk).first()
    return Quiet(row.starts, row.ends, row.is_on) if row is not None else Quiet(*routing.QUIET, True)


def pushes_per_day() -> int:
    """How many pushes an account gets in a day."""
    newest = PushLimit.objects.order_by("-pk").values_list("per_day", flat=True).first()
    return newest if newest is not None else limits.PER_DAY


def ways(account_pk: int) -> Ways:
    """By what the account can be reached."""
    methods = accounts.methods_of([account_pk]).get(account_pk, {})
    return Ways(weixin=any(kind in methods for kind in _WEIXIN), sms="phone" in methods)


def wanted(account_pk: int) -> list[Wanted]:
    """The templates of the mini-program, with what the account has allowed."""
    method = accounts.methods_of([account_pk]).get(account_pk, {}).get("weixin_mini")
    granted = {row.template: row for row in Grant.objects.filter(method=method)} if method else {}
    active = Template.objects.filter(channel=Channel.SUBSCRIBE, state=TemplateState.ACTIVE).order_by("kind")
    found: dict[str, Wanted] = {}
    for template in active:
        grant = granted.get(template.external_id)
        found.setdefault(
            template.external_id,
            Wanted(
                template.external_id,
                kind_of(template.kind).topic.value,
                grant.left if grant else 0,
                template.is_permanent,
                bool(grant and grant.is_refused),
            ),
        )
    return list(found.values())


def last_test(account_pk: int) -> tuple[Message, Sequence[Tried]] | None:
    """The account's newest test message, with what became of each way."""
    message = Message.objects.filter(account=account_pk, kind=TEST).order_by("-pk").first()
    if message is None:
        return None
    rows = Dispatch.objects.filter(message=message).order_by("pk")
    return message, [
        Tried(
            label=str(row.get_channel_display()),
            state=row.state,
            state_label=str(row.get_state_display()),
            error=row.error,
            at=row.ended_at or row.sent_at or row.created_at,
            reference=row.public_id,
        )
        for row in rows
    ]
