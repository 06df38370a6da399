"""Words and numbers of the platform, and ours for them."""

import re
from collections.abc import Mapping
from datetime import date, datetime

from cards.rules.scenes import SCENES
from cards.verification import caller_time_of
from foundation.core import clock
from foundation.core.errors import InvalidInput
from interop.dialects.tencent.envelope import Fields
from interop.dialects.tencent.errors import BadParameter
from mpi.rules import NATIONS

GENDERS: Mapping[str, str] = {"男": "1", "女": "2", "未知": "0", "未说明": "9"}
GENDER_NAMES: Mapping[str, str] = {code: name for name, code in GENDERS.items()}
# With and without the last character: 汉族, 汉.
NATION_CODES: Mapping[str, str] = {
    **{name.removesuffix("族"): code for code, name in NATIONS.items()},
    **{name: code for code, name in NATIONS.items()},
}
CARD_CHANNELS = frozenset({"0100", "0200", "0300", "0401", "0402"})
CARD_TYPES = frozenset({"11", "01"})
COST_TYPES = frozenset({"0100", "0200", "0300", "0000"})
# Paying without saying out of which purse cannot be counted.
SCENES_WITH_COST = frozenset({"010105", "0101051", "0101053"})

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def gender_of(fields: Fields, name: str) -> str:
    """GB/T 2261.1 for 男, 女, 未知."""
    return _of(GENDERS, fields, name)


def nation_of(fields: Fields, name: str) -> str:
    """GB/T 3304 for 汉族 or 汉."""
    return _of(NATION_CODES, fields, name)


def date_of(fields: Fields, name: str) -> date:
    """A date as yyyy-MM-dd."""
    text = fields.text(name)
    if not _DATE.fullmatch(text):
        raise BadParameter(field=name, name=name)
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise BadParameter(field=name, name=name) from exc


def time_of(fields: Fields, name: str) -> datetime | None:
    """A time of Beijing as yyyy-MM-dd HH:mm:ss; nothing if it is not given."""
    text = fields.optional(name)
    if not text:
        return None
    if not _TIME.fullmatch(text):
        raise BadParameter(field=name, name=name)
    try:
        return caller_time_of(datetime.strptime(f"{text} +0800", f"{_TIME_FORMAT} %z"))
    except (ValueError, InvalidInput) as exc:
        raise BadParameter(field=name, name=name) from exc


def beijing_text(moment: datetime) -> str:
    """A moment as yyyy-MM-dd HH:mm:ss in Beijing."""
    return clock.beijing(moment).strftime(_TIME_FORMAT)


def scene_of(fields: Fields, name: str) -> str:
    """A step of care out of the table; a code that nobody knows would count for nothing."""
    scene = fields.text(name)
    if scene not in SCENES:
        raise BadParameter(field=name, name=name)
    return scene


def one_of(fields: Fields, name: str, known: frozenset[str], *, default: str | None = None) -> str:
    """One of a few codes."""
    value = fields.text(name) if default is None else fields.optional(name) or default
    if value and value not in known:
        raise BadParameter(field=name, name=name)
    return value


def plain(fields: Fields, name: str, *, most: int) -> str:
    """A text without control characters that may be absent."""
    text = fields.optional(name, most=most)
    if not text.isprintable():
        raise BadParameter(field=name, name=name)
    return text


def _of(table: Mapping[str, str], fields: Fields, name: str) -> str:
    code = table.get(fields.text(name))
    if code is None:
        raise BadParameter(field=name, name=name)
    return code
