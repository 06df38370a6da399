"""The line that a document reader types.

Readers at windows act as keyboards: they type what the chip of the card says, with a sign
between the parts, and press Enter. Two forms are understood, with ``|`` between the parts:
``name|number`` and ``name|sex|nation|birth date|address|number``, the order on the card.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_SEXES: Mapping[str, str] = {"男": "1", "女": "2", "1": "1", "2": "2"}
_SHORT, _FULL = 2, 6


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """What the reader typed; parts that it did not are empty."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    sex: str = ""
    nation: str = ""
    address: str = field(default="", repr=False)


def read_line(text: str, nations: Mapping[str, str]) -> DocumentLine | None:
    """The parts of a line; None where the text is no line but a number.

    Args:
        nations: Names of ethnic groups by code; the card says ``汉``, the table ``汉族``.
    """
    parts = [part.strip() for part in text.replace("｜", "|").strip().strip("|").split("|")]
    if len(parts) == _SHORT:
        return DocumentLine(name=parts[0], number=parts[1])
    if len(parts) < _FULL:
        return None
    named = {name.removesuffix("族"): code for code, name in nations.items()}
    return DocumentLine(
        name=parts[0],
        number=parts[5],
        sex=_SEXES.get(parts[1], ""),
        nation=named.get(parts[2].removesuffix("族"), ""),
        address=parts[4],
    )
