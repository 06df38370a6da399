"""What of a name is looked for: the whole, its sound, the family name with a birth date."""

from dataclasses import dataclass, field
from datetime import date

from foundation.core.text import normalise_name
from mpi.rules.people import surname_of


@dataclass(frozen=True, slots=True)
class Tokens:
    """The texts that are indexed under a key; never stored as they are.

    Attributes:
        surname_birth: Empty where the birth date is not known.
    """

    name: str = field(repr=False)
    pinyin: str = field(repr=False)
    surname_birth: str = field(repr=False)


def tokens_of(name: str, birth_date: date | None) -> Tokens:
    """The tokens of a person; the sound is written without tones, so that 张 and 章 meet."""
    # Its dictionary takes half a second and 60 MB, which most processes never need.
    from pypinyin import Style, lazy_pinyin

    text = normalise_name(name)
    sound = "".join(lazy_pinyin(text, style=Style.NORMAL)).replace(" ", "").replace("·", "").lower()
    return Tokens(
        name=text,
        pinyin=sound,
        surname_birth=f"{surname_of(text)}|{birth_date.isoformat()}" if birth_date else "",
    )
