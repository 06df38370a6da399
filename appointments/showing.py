"""How sessions are shown on pages: one word for each state, everywhere the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.rules import ClinicKind, Session
from appointments.rules.places import PlaceState
from appointments.selectors.search import BandView, DayView, SessionView
from foundation.core import clock
from foundation.core.money import yuan

STATES: dict[PlaceState | None, tuple[str | Promise, str]] = {
    PlaceState.OPEN: (gettext_lazy("有号"), "done"),
    PlaceState.FULL: (gettext_lazy("约满"), "neutral"),
    PlaceState.NOT_YET: (gettext_lazy("待放号"), "waiting"),
    PlaceState.CLOSED: (gettext_lazy("已截止"), "neutral"),
    PlaceState.STOPPED: (gettext_lazy("停诊"), "danger"),
    None: (gettext_lazy("无"), "neutral"),
}
SESSIONS: dict[Session, str | Promise] = {
    Session.MORNING: gettext_lazy("上午"),
    Session.AFTERNOON: gettext_lazy("下午"),
    Session.EVENING: gettext_lazy("晚上"),
}
KINDS: dict[ClinicKind, str | Promise] = {
    ClinicKind.GENERAL: gettext_lazy("普通门诊"),
    ClinicKind.EXPERT: gettext_lazy("专家门诊"),
    ClinicKind.SPECIAL: gettext_lazy("特需门诊"),
}
WEEKDAYS: tuple[str | Promise, ...] = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a list of sessions or bands."""

    title: str
    detail: str
    label: str
    kind: str
    href: str = ""


def day_of(day: date) -> str:
    """A day as 11月20日 周五."""
    return f"{date_format(day, _('n月j日'))} {WEEKDAYS[day.weekday()]}"


def time_of(moment: datetime) -> str:
    """The time of day in Beijing."""
    return f"{clock.beijing(moment):%H:%M}"


def moment_of(moment: datetime) -> str:
    """A moment to the second, as places come out at one."""
    local = clock.beijing(moment)
    return f"{date_format(local, _('n月j日'))} {local:%H:%M:%S}"


def strip(days: Sequence[DayView], current: date) -> list[dict[str, Any]]:
    """Days as the strip shows them."""
    return [
        {
            "weekday": WEEKDAYS[each.day.weekday()],
            "number": str(each.day.day),
            "label": STATES[each.state][0],
            "kind": STATES[each.state][1],
            "href": f"?day={each.day.isoformat()}",
            "is_current": each.day == current,
        }
        for each in days
    ]


def session_line(session: SessionView) -> Line:
    """A session in a list: who, when, what it costs, how many places."""
    who = f"{session.doctor.name} {session.doctor.title}".strip() if session.doctor else _("科室普通号")
    parts = [str(SESSIONS[session.session]), str(KINDS[session.kind]), fee_of(session.fee_fen)]
    if session.state is PlaceState.NOT_YET:
        parts.append(_("%(moment)s 放号") % {"moment": moment_of(session.releases_at)})
    label, kind = _state(session.state, session.free)
    return Line(who, " · ".join(parts), label, kind, reverse("schedule", args=[session.id]))


def band_line(band: BandView) -> Line:
    """A band in a list; only one that can be booked leads on."""
    label, kind = _state(band.state, band.free)
    leads = reverse("appointment-new", args=[band.id]) if band.state is PlaceState.OPEN else ""
    return Line(f"{time_of(band.starts_at)}–{time_of(band.ends_at)}", band.reason, label, kind, leads)


def fee_of(fen: int) -> str:
    """What booking costs."""
    return f"¥{yuan(fen)}" if fen else _("预约时不收费")


def _state(state: PlaceState, free: int) -> tuple[str, str]:
    if state is PlaceState.OPEN:
        return _("余 %(free)s") % {"free": free}, "done"
    label, kind = STATES[state]
    return str(label), kind
