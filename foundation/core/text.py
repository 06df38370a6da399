"""One form for text that people type in many, and masks for what is shown of it."""

import re
import unicodedata

# The dot in names of several nationalities is typed in at least these forms.
_NAME_DOTS = str.maketrans(dict.fromkeys("•‧∙⋅・･⸱●.。．", "·"))
_SPACES = re.compile(r"\s+")
_NUMBER_NOISE = re.compile(r"[\s\-_‐‑‒–—]+")


def normalise_name(name: str) -> str:
    """A person's name in the form in which it is stored and compared.

    NFKC, one form of the middle dot, single spaces inside Latin names and none at the ends.
    Characters outside GBK are kept as they are: they are somebody's name.
    """
    text = unicodedata.normalize("NFKC", name).translate(_NAME_DOTS)
    text = _SPACES.sub(" ", text).strip()
    text = re.sub(r"\s*·\s*", "·", text)
    if any(character >= "一" for character in text):
        text = text.replace(" ", "")
    return text.upper() if text.isascii() else text


def normalise_number(number: str) -> str:
    """A certificate number: NFKC, no spaces or hyphens, letters in upper case."""
    return _NUMBER_NOISE.sub("", unicodedata.normalize("NFKC", number)).upper()


def read_table(content: bytes) -> str:
    """The text of a list that a clerk saved: UTF-8, or GB 18030 as Chinese spreadsheets write it.

    Raises:
        UnicodeDecodeError: It is neither.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def mask_name(name: str) -> str:
    """A name with all but its last character hidden; Latin names keep their first letter."""
    if not name:
        return ""
    if name.isascii():
        return name[0] + "*" * min(len(name) - 1, 6)
    return "*" * max(1, len(name) - 1) + name[-1] if len(name) > 1 else "*"


def mask_number(number: str) -> str:
    """A certificate number with its first and last characters only."""
    if len(number) >= 15:
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    if len(number) >= 5:
        return number[0] + "*" * (len(number) - 3) + number[-2:]
    return "*" * len(number)


def mask_address(address: str) -> str:
    """An address down to about the district."""
    return f"{address[:6]}…" if len(address) > 6 else "*" * len(address)


def mask_phone(phone: str) -> str:
    """A phone number with its middle hidden."""
    if len(phone) < 7:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]
