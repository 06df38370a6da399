"""Names, ages and telephone numbers."""

import re
import unicodedata
from datetime import date

from foundation.core.text import normalise_name
from mpi.rules.problems import Fault, Problem

LONGEST_NAME = 50
# GB/T 2261.1.
GENDERS = frozenset("0129")
OLDEST_YEARS = 130

# The database of characters that Python brings is older than the newest ideographs, so these
# are told by their place: extension A, the main block, compatibility, planes 2 and 3, and 〇.
_HAN_RANGES = ((0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD))
_NAME_SIGNS = frozenset("·'’- ")
_DOUBLE_SURNAMES = """
欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶
太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良
漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 梁丘 左丘 西门 公祖 第五
公乘 贯丘 南荣 东里 仲长 即墨 达奚 褚师
"""
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[1-9][0-9]{8,10}")
_FOREIGN = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_NOISE = re.compile(r"[\s\-‐‑‒–—()]+")


def is_han(character: str) -> bool:
    """Whether the character is an ideograph, however rare."""
    point = ord(character)
    return any(first <= point <= last for first, last in _HAN_RANGES)


def check_name(name: str) -> list[Problem]:
    """What is wrong with a name; an empty list if nothing is.

    Names of 1 to 50 characters after normalisation: ideographs in or outside GBK, letters of
    any script, the middle dot between two parts, apostrophe, hyphen and space.
    """
    text = normalise_name(name)
    if not text:
        return [Problem(Fault.NAME_MISSING, "name")]
    if len(text) > LONGEST_NAME:
        return [Problem(Fault.NAME_TOO_LONG, "name", LONGEST_NAME)]
    if any(unicodedata.category(character).startswith("N") and not is_han(character) for character in text):
        return [Problem(Fault.NAME_DIGITS, "name")]
    if not all(_may_stand_in_name(character) for character in text) or not any(map(_is_letter, text)):
        return [Problem(Fault.NAME_CHARACTERS, "name")]
    if text.startswith("·") or text.endswith("·") or "··" in text:
        return [Problem(Fault.NAME_DOTS, "name")]
    return []


def surname_of(name: str) -> str:
    """The family name of a normalised name, as far as its form tells.

    Of a name in ideographs the first one, or two for a double surname; of any other name the
    part before the first dot or space.
    """
    if name and is_han(name[0]) and "·" not in name:
        return name[:2] if name[:2] in _DOUBLE_SURNAMES.split() and len(name) > 2 else name[:1]
    return re.split(r"[· ]", name, maxsplit=1)[0]


def age_on(birth_date: date, day: date) -> int:
    """Whole years on a day; who is born on 29 February ages on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def normalise_phone(phone: str) -> str:
    """A telephone number without noise and without the prefix of the mainland."""
    text = _PHONE_NOISE.sub("", unicodedata.normalize("NFKC", phone))
    for prefix in ("+86", "0086"):
        text = text.removeprefix(prefix)
    return text


def check_phone(phone: str) -> list[Problem]:
    """What is wrong with a telephone number: mobile, landline with area code, or ``+`` abroad."""
    text = normalise_phone(phone)
    if any(shape.fullmatch(text) for shape in (_MOBILE, _LANDLINE, _FOREIGN)):
        return []
    return [Problem(Fault.PHONE_SHAPE, "phone")]


def _is_letter(character: str) -> bool:
    return is_han(character) or unicodedata.category(character).startswith("L")


def _may_stand_in_name(character: str) -> bool:
    return (
        _is_letter(character) or character in _NAME_SIGNS or unicodedata.category(character).startswith("M")
    )
