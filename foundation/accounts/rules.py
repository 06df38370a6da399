"""What holds without a database or a clock."""

import re
from datetime import datetime, timedelta

from foundation.accounts.errors import InvalidPhone
from foundation.core.text import normalise_number

_MAINLAND = re.compile(r"1[3-9][0-9]{9}")

# Carriers give a number to somebody else about three months after it was returned; an account
# that was silent for half a year may be met by the number's next owner.
LONG_SILENCE = timedelta(days=180)


def normalise_phone(text: str) -> str:
    """Eleven digits of a mobile number of mainland China.

    Raises:
        InvalidPhone: If that is not what was typed.
    """
    number = normalise_number(text).removeprefix("+86").removeprefix("0086")
    if len(number) == 13:
        number = number.removeprefix("86")
    if not _MAINLAND.fullmatch(number):
        raise InvalidPhone(field="phone")
    return number


def was_long_silent(last_active_at: datetime | None, moment: datetime) -> bool:
    """Whether nobody used the account for so long that its number may have a new owner."""
    return last_active_at is not None and moment - last_active_at >= LONG_SILENCE


def device_words(user_agent: str) -> tuple[str, str]:
    """The device and the application that a browser names, as words for a list of sessions."""
    device = next((word for mark, word in _DEVICES if mark in user_agent), "")
    program = next((word for mark, word in _PROGRAMS if mark in user_agent), "")
    return device, program


_DEVICES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_PROGRAMS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Chrome", "Chrome"),
    ("Firefox", "Firefox"),
    ("Safari", "Safari"),
)
