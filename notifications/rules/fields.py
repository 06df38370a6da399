"""The fields of templates: what WeChat takes in each, and what we ever put into one.

The rules are those of WeChat's subscription messages; a value is cut to its field's size before it
is sent, so that 47003 is never met. What a field may say is an allow-list: nothing about
somebody's health, no name, no amount, no department leaves the building in a push.
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

_DAY = r"[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?"
_MOMENT = rf"(({_DAY}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}) ?)?{_CLOCK}"
_HAN = r"\u3400-\u9fff"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one type of field takes; `longest` characters where it may be cut, else 0."""

    pattern: re.Pattern[str]
    longest: int = 0


RULES: Mapping[str, Rule] = {
    "thing": Rule(re.compile(r".{1,20}"), 20),
    "number": Rule(re.compile(r"(?=.{1,32}$)[0-9]+(\.[0-9]+)?")),
    "letter": Rule(re.compile(r"[A-Za-z]{1,32}"), 32),
    "symbol": Rule(re.compile(r"[^\w\s]{1,5}"), 5),
    "character_string": Rule(re.compile(r"[!-~]{1,32}"), 32),
    "time": Rule(re.compile(rf"{_MOMENT}(~{_MOMENT})?")),
    "date": Rule(re.compile(rf"{_DAY}( {_CLOCK})?(~{_DAY}( {_CLOCK})?)?")),
    "amount": Rule(re.compile(r"[¥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?")),
    "phone_number": Rule(re.compile(r"[0-9+() -]{1,17}")),
    "car_number": Rule(re.compile(r".{1,8}"), 8),
    "name": Rule(re.compile(rf"[{_HAN}·]{{1,10}}|[A-Za-z .]{{1,20}}")),
    "phrase": Rule(re.compile(rf"[{_HAN}]{{1,5}}"), 5),
    "enum": Rule(re.compile(r".{1,20}")),
}
_FIELD = re.compile(rf"({'|'.join(RULES)})[0-9]{{1,2}}")
_PARAMETER = re.compile(r"[a-z][a-z_]{0,30}")

# Everything that a template may speak of, with a value as long as it ever gets, for checking.
VARIABLES: Mapping[str, str] = {
    "hospital": "示范市第一人民医院",
    "when": "2026年11月20日 08:30",
    "date": "2026年11月20日",
    "clock": "08:30",
    "who": "本人",
    "what": "检查检验报告",
    "count": "3",
    "ahead": "3",
    "place": "3号诊室",
}
SMS_LONGEST = 20


def is_field(name: str) -> bool:
    """Whether WeChat knows a field of this name, such as ``thing1``."""
    return _FIELD.fullmatch(name) is not None


def is_parameter(name: str) -> bool:
    """Whether an SMS may have a parameter of this name."""
    return _PARAMETER.fullmatch(name) is not None


def variables_of(text: str) -> set[str]:
    """The variables that a text has places for.

    Raises:
        ValueError: If its braces are not plain ``{name}`` places.
    """
    found = set()
    for _literal, name, form, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError("a place is a name in braces and nothing else")
        found.add(name)
    return found


def fit(name: str, value: str) -> str:
    """A value cut to what its field takes."""
    longest = RULES[_type_of(name)].longest if is_field(name) else SMS_LONGEST
    value = " ".join(value.split())
    return value if not longest or len(value) <= longest else value[: longest - 1] + "…"


def takes(name: str, value: str) -> bool:
    """Whether a field takes a value."""
    if not is_field(name):
        return 0 < len(value) <= SMS_LONGEST
    return RULES[_type_of(name)].pattern.fullmatch(value) is not None


def _type_of(name: str) -> str:
    return name.rstrip("0123456789")
