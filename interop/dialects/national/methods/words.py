"""Codes of the dialect, and ours for them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cards.states import CardState, Channel
from foundation.core import clock
from interop.dialects.national.envelope import Content
from interop.dialects.national.errors import BadParameter

CHANNELS: Mapping[str, Channel] = {
    "1": Channel.APP,
    "2": Channel.KIOSK,
    "3": Channel.WINDOW,
    "4": Channel.BATCH,
}
# The table of the national data dictionary has no number for a frozen card; 6 is ours.
CARD_STATES: Mapping[str, str] = {
    CardState.ACTIVE: "1",
    CardState.LOST: "2",
    CardState.CANCELLED: "3",
    CardState.FROZEN: "6",
}
_GENDERS = frozenset("0129")
_UNKNOWN = "0"
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_MILLISECONDS = re.compile(r"-?[0-9]{9,13}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PERSON_KEYS = ("name", "id_type", "id_no", "gender", "birthday", "nation", "cellphone", "address")


def channel_of(content: Content) -> Channel:
    """The channel behind ``apply_type``."""
    channel = CHANNELS.get(content.text("apply_type"))
    if channel is None:
        raise BadParameter(field="apply_type", name="apply_type")
    return channel


def gender_of(content: Content) -> str:
    """GB/T 2261.1; empty where it is not given or said to be unknown."""
    gender = content.optional("gender")
    if gender and gender not in _GENDERS:
        raise BadParameter(field="gender", name="gender")
    return "" if gender == _UNKNOWN else gender


def birthday_of(content: Content) -> date | None:
    """A day as yyyy-MM-dd or yyyyMMdd, or as milliseconds, which then count in Beijing's time."""
    text = content.optional("birthday")
    if not text:
        return None
    try:
        day = _DAY.fullmatch(text)
        if day is not None:
            return date(*map(int, day.groups()))
        if _MILLISECONDS.fullmatch(text):
            return clock.beijing(_EPOCH + timedelta(milliseconds=int(text))).date()
    except (ValueError, OverflowError) as exc:
        raise BadParameter(field="birthday", name="birthday") from exc
    raise BadParameter(field="birthday", name="birthday")


def phone_of(content: Content) -> str:
    """The mobile number, else the landline; one is kept."""
    return content.optional("cellphone") or content.optional("telephone")


def require_time(content: Content, name: str) -> None:
    """The caller's time of an operation must be there; its form is free, and it is not trusted."""
    content.text(name)


def milliseconds(moment: datetime | None) -> str:
    """A moment as the dialect writes times; empty where there is none."""
    return str(int(moment.timestamp() * 1000)) if moment is not None else ""


def person_words(person: Mapping[str, Any] | None) -> dict[str, str]:
    """A person in the dialect's words; what is masked away or unknown is empty."""
    if person is None:
        return dict.fromkeys(PERSON_KEYS, "")
    return {
        "name": person["name"] or "",
        "id_type": person["id_type"] or "",
        "id_no": person["id_number"] or "",
        "gender": person["gender"] or "",
        "birthday": person["birthday"] or "",
        "nation": person["nation"] or "",
        "cellphone": person["phone"] or "",
        "address": person["address"] or "",
    }
