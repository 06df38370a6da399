"""Every component of the pages, as a template tag: ``{% load ui %}``.

A tag and not a bare include, so that a misspelt parameter stops the template from compiling
instead of showing nothing. ``docs/pages.md`` lists them with examples; ``/styleguide/`` shows
each of their states.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, cast

from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField
from django.template import RequestContext
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop

from foundation.core.money import yuan
from portal import fields

register = template.Library()

TABS = (
    ("home", "/", gettext_noop("首页")),
    ("card", "/card/", gettext_noop("健康卡")),
    ("messages", "/messages/", gettext_noop("消息")),
    ("me", "/me/", gettext_noop("我的")),
)
CARD_TINTS = 5


class Tab(TypedDict):
    """One place of the tab bar."""

    key: str
    path: str
    label: str
    is_current: bool


# --- small pieces ----------------------------------------------------------------------------


@register.inclusion_tag("components/icon.html")
def icon(name: str, *, label: str = "") -> dict[str, Any]:
    """A drawing of the one icon set; ``label`` only where no text stands beside it."""
    return {"drawing": f"components/icons/{name}.svg", "label": label}


@register.inclusion_tag("components/button.html")
def button(
    label: str,
    *,
    kind: str = "primary",
    href: str = "",
    icon: str = "",
    name: str = "",
    value: str = "",
    form: str = "",
    busy: str = "",
    opens: str = "",
    wait_seconds: int = 0,
    disabled: bool = False,
    tells_origin: bool = False,
    copies: str = "",
) -> dict[str, Any]:
    """A button that submits, or a link that looks like one where ``href`` is given.

    Args:
        copies: A text that the button puts into the clipboard; where that cannot be there is no button.
        tells_origin: Whether the site behind the link learns from which one it is opened, but not from
            which page; otherwise it learns neither.
    """
    return {
        "label": label,
        "kind": kind,
        "href": href,
        "icon": icon,
        "name": name,
        "value": value,
        "form": form,
        "busy": busy,
        "opens": opens,
        "wait_seconds": wait_seconds,
        "disabled": disabled,
        "tells_origin": tells_origin,
        "copies": copies,
    }


@register.inclusion_tag("components/status_tag.html")
def status_tag(label: str, *, kind: str = "neutral") -> dict[str, Any]:
    """A state in one word; ``kind`` is neutral, waiting, done, danger or brand."""
    return {"label": label, "kind": kind}


@register.simple_tag
def amount(fen: int, *, size: str = "") -> SafeString:
    """An amount of fen as ¥12.00, in figures of equal width."""
    sign = "−" if fen < 0 else ""
    style = f"amount amount-{size}" if size else "amount"
    return format_html('<span class="{}">{}¥{}</span>', style, sign, yuan(abs(fen)))


@register.inclusion_tag("components/steps.html")
def steps(current: int, total: int, *, label: str = "") -> dict[str, Any]:
    """Where the person stands in a journey of several pages."""
    return {"current": current, "total": total, "label": label}


@register.inclusion_tag("components/countdown.html")
def countdown(seconds: int, *, total: int, label: str = "") -> dict[str, Any]:
    """A ring with the seconds that are left; ``label`` says what ends."""
    spent = 100 - max(0, min(100, round(100 * seconds / total))) if total else 100
    return {"seconds": seconds, "total": total, "spent": spent, "label": label}


@register.inclusion_tag("components/skeleton.html")
def skeleton(*, kind: str = "list", rows: int = 3) -> dict[str, Any]:
    """Grey shapes for what is still on its way; ``kind`` is list, card or code."""
    return {"kind": kind, "rows": range(rows)}


@register.inclusion_tag("components/toast.html")
def toast(text: str, *, kind: str = "done") -> dict[str, Any]:
    """A passing word about what was done; nothing that must be read."""
    return {"text": text, "kind": kind}


class Day(TypedDict):
    """A day of the strip; ``kind`` is neutral, waiting, done or danger."""

    weekday: str
    number: str
    label: str
    kind: str
    href: str
    is_current: bool


@register.inclusion_tag("components/day_strip.html")
def day_strip(days: Sequence[Day]) -> dict[str, Any]:
    """Days to choose from, each with how it stands in a word."""
    return {"days": days}


# --- forms -----------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, *, heading: bool = False, hint: str = "") -> dict[str, Any]:
    """A form field with label, hint and error; ``heading`` makes its label the page's h1."""
    return fields.context(bound, heading=heading, hint=hint)


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: BaseForm | None, *, problem: str = "") -> dict[str, Any]:
    """What must be mended, each linked to its field; takes the focus. Nothing without errors."""
    entries = fields.problems(form, problem)
    return {"entries": entries, "has_fields": any(entry["target"] for entry in entries)}


# --- lists and results -----------------------------------------------------------------------


@register.inclusion_tag("components/list_row.html")
def list_row(
    title: str,
    *,
    href: str = "",
    detail: str = "",
    value: str = "",
    icon: str = "",
    status: str = "",
    status_kind: str = "neutral",
) -> dict[str, Any]:
    """One row inside ``<ul class="list">``."""
    return {
        "title": title,
        "href": href,
        "detail": detail,
        "value": value,
        "icon": icon,
        "status": status,
        "status_kind": status_kind,
    }


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: str, *, text: str = "", href: str = "", action: str = "", icon: str = "document"
) -> dict[str, Any]:
    """What will appear here, and how to start."""
    return {"title": title, "text": text, "href": href, "action": action, "icon": icon}


@register.simple_block_tag
def notice(content: str, *, kind: str = "info", title: str = "", icon: str = "") -> str:
    """A remark in the flow of the page; ``kind`` is info, waiting, done or danger."""
    drawing = icon or {"waiting": "clock", "done": "check", "danger": "warning"}.get(kind, "info")
    return _block("notice", content, kind=kind, title=title, icon=drawing)


@register.simple_block_tag
def confirmation(content: str, *, title: str, text: str = "", reference: str = "") -> str:
    """The panel that ends a journey; the block says what happens next."""
    return _block("confirmation_panel", content, title=title, text=text, reference=reference)


@register.simple_block_tag
def sheet(content: str, *, id: str, title: str) -> str:
    """A dialog from the bottom edge, opened by a button with ``opens=<id>``."""
    return _block("sheet", content, id=id, title=title)


def _block(component: str, content: str, **values: object) -> str:
    return render_to_string(f"components/{component}.html", {"content": content, **values})


# --- the card --------------------------------------------------------------------------------


@register.inclusion_tag("components/card_face.html")
def card_face(
    *,
    issuer: str,
    holder: str,
    number: str,
    relation: str = "",
    tint: int = 1,
    status: str = "",
    href: str = "",
    compact: bool = False,
) -> dict[str, Any]:
    """The face of a health card; ``holder`` and ``number`` come masked, ``tint`` is 1 to 5.

    ``compact`` makes it a banner, for above a code.
    """
    return {
        "issuer": issuer,
        "holder": holder,
        "number": number,
        "relation": relation,
        "tint": (tint - 1) % CARD_TINTS + 1,
        "status": status,
        "href": href,
        "compact": compact,
    }


@register.inclusion_tag("components/code_panel.html")
def code_panel(
    payload: Mapping[str, Any] | None = None,
    *,
    url: str = "",
    purpose: str = "",
    holder: str = "",
    modes: Sequence[Mapping[str, Any]] = (),
    refresh_href: str = "?",
    blocked: str = "",
    blocked_text: str = "",
) -> dict[str, Any]:
    """The white panel with the code; ``payload`` is what ``url`` answers.

    A panel of the static code alone is not renewed: it would turn into the dynamic one.
    """
    codes = list(payload["codes"]) if payload else []
    fixed = payload["static"] if payload else None
    shown = codes[0] if codes else fixed
    left = (codes[0]["valid_until"] - payload["server_time"]) / 1000 if payload and codes else 0
    whole = (codes[0]["valid_until"] - codes[0]["valid_from"]) / 1000 if codes else 0
    return {
        "payload": payload,
        "url": "" if fixed and not codes else url,
        "purpose": purpose,
        "holder": holder,
        "modes": modes,
        "refresh_href": refresh_href,
        "blocked": blocked,
        "blocked_text": blocked_text,
        "svg": code_drawing(shown["svg"]) if shown else "",
        "state": "live" if codes else "static" if fixed else "expired",
        "seconds": max(0, round(left)),
        "total": round(whole),
    }


@register.filter
def code_drawing(svg: str) -> SafeString:
    """A drawn code as it can stand in HTML: no XML prologue, scaled by a viewBox.

    The drawing comes from our own generator and holds no text of anybody's.
    """
    drawing = svg[svg.index("<svg") :]
    head, _, rest = drawing.partition(">")
    size = re.search(r'\bwidth="(\d+)"', head)
    if "viewBox" not in head and size:
        head += f' viewBox="0 0 {size[1]} {size[1]}"'
    return mark_safe(f'{head} aria-hidden="true" focusable="false">{rest}')  # noqa: S308


# --- the frame of every page -----------------------------------------------------------------


@register.inclusion_tag("components/page_header.html", takes_context=True)
def page_header(context: RequestContext, *, back: str = "", label: str = "") -> dict[str, Any]:
    """The head of a page: the way back, or the name of the service; and the care switch."""
    return {"back": back, "label": label or gettext("返回"), **_preferences(context)}


@register.inclusion_tag("components/care_switch.html", takes_context=True)
def care_switch(context: RequestContext) -> dict[str, Any]:
    """The switch to larger type and fewer actions, and back."""
    return _preferences(context)


@register.inclusion_tag("components/preferences.html", takes_context=True)
def preferences(context: RequestContext) -> dict[str, Any]:
    """Appearance and language, for the page about oneself."""
    return _preferences(context)


@register.inclusion_tag("components/tab_bar.html", takes_context=True)
def tab_bar(context: RequestContext, current: str = "", *, unread: int | None = None) -> dict[str, Any]:
    """The four places of the product; ``current`` is home, card, messages or me."""
    if unread is None:
        count: Any = context.get("unread_messages", 0)
        unread = int(count() if callable(count) else count)
    tabs = [
        Tab(key=key, path=path, label=gettext(label), is_current=key == current) for key, path, label in TABS
    ]
    return {"tabs": tabs, "unread": unread, "unread_shown": "99+" if unread > 99 else str(unread)}


@register.inclusion_tag("components/help_line.html")
def help_line() -> dict[str, Any]:
    """Hotline, its hours and the way by the window: the same on every page.

    Read from the settings and not from the context, so that the page for our own faults,
    which is rendered without any context, has it too.
    """
    return {
        "hotline": settings.HOTLINE,
        "hours": settings.HOTLINE_HOURS,
        "centre": settings.CENTRE_NAME,
    }


def _preferences(context: RequestContext) -> dict[str, Any]:
    page = cast("Mapping[str, Any]", context.get("page") or {})
    request = context.get("request")
    return {"page": page, "here": request.get_full_path() if request is not None else "/"}
