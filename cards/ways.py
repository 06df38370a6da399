"""The ways to a card as a resident may go them: what is open, and what was counted."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cards.errors import ResidentAppRefused
from cards.models import Card, CardApplication, IssuingChannel, ResidentApp
from cards.states import Channel
from foundation.core import clock
from foundation.core.actor import Actor

LAST_DAYS = 30

# What a resident does in each way that needs no application of somebody's.
_OTHERS: dict[Channel, tuple[str | Promise, str]] = {
    Channel.H5: (_("用手机浏览器打开本网站申领"), ""),
    Channel.WEIXIN_OFFICIAL: (_("在微信服务号中申领"), ""),
    Channel.PHYSICAL: (_("有实体居民健康卡的，激活为电子健康卡"), "activate"),
    Channel.KIOSK: (_("携带证件到医院自助机办理"), ""),
    Channel.WINDOW: (_("携带证件到医院人工窗口办理"), ""),
}


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to a card; ``href`` where a page leads there."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What a channel brought: today in Beijing, in the last 30 days, and at all."""

    cards: tuple[int, int, int] = (0, 0, 0)
    applications: tuple[int, int, int] = (0, 0, 0)


def ways_instead(*, of: Channel) -> list[Way]:
    """The ways that are open while one is stopped."""
    stopped = set(IssuingChannel.objects.filter(is_open=False).values_list("code", flat=True)) | {of}
    apps = ResidentApp.objects.filter(is_open=True).exclude(channel__in=stopped).order_by("name")
    named = [Way(str(_("在“%(name)s”中申领") % {"name": app.name}), "") for app in apps]
    others = [
        Way(str(label), reverse(route) if route else "")
        for channel, (label, route) in _OTHERS.items()
        if channel not in stopped
    ]
    return named + others


def channel_of_app(app_id: str) -> Channel:
    """The channel of the application that a call names; of the mini-program where it names none.

    Raises:
        ResidentAppRefused: If there is no such application, or the centre has stopped it.
    """
    if not app_id:
        return Channel.WEIXIN_MINI
    app = ResidentApp.objects.filter(public_id=app_id, is_open=True).only("channel").first()
    if app is None:
        raise ResidentAppRefused(field="EHC-App")
    return Channel(app.channel)


def visible_channels(actor: Actor) -> "QuerySet[IssuingChannel]":
    """The channels that staff may see: the centre all, nobody else any."""
    return IssuingChannel.objects.all() if actor.is_centre else IssuingChannel.objects.none()


def visible_apps(actor: Actor) -> "QuerySet[ResidentApp]":
    """The applications that staff may see: the centre all, nobody else any."""
    return ResidentApp.objects.all() if actor.is_centre else ResidentApp.objects.none()


def channel_counts() -> dict[str, Counts]:
    """What each channel brought, in one query for cards and one for applications handed in."""
    cards = _counted(Card.objects.all(), "issued_at")
    applications = _counted(CardApplication.objects.filter(submitted_at__isnull=False), "submitted_at")
    nothing = (0, 0, 0)
    return {
        code: Counts(cards.get(code, nothing), applications.get(code, nothing)) for code in Channel.values
    }


def _counted(rows: "QuerySet[Card] | QuerySet[CardApplication]", at: str) -> dict[str, tuple[int, int, int]]:
    today = clock.beijing(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    found = (
        rows.order_by()
        .values_list("channel")
        .annotate(
            today=_since(at, today),
            lately=_since(at, today - timedelta(days=LAST_DAYS - 1)),
            ever=Count("pk"),
        )
    )
    return {channel: (day, lately, ever) for channel, day, lately, ever in found}


def _since(at: str, moment: datetime) -> Count:
    return Count("pk", filter=Q(**{f"{at}__gte": moment}))
