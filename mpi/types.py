"""What goes into and comes out of this room.

Personal values are left out of ``repr``, so that a traceback or a careless log line names
nobody.
"""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class PersonIdentity:
    """A person as somebody registers them.

    Attributes:
        sex: GB/T 2261.1; empty to take it from the number.
        birth_date: None to take it from the number.
        nation: GB/T 3304; empty if not known.
        nationality: GB/T 2659, three digits.
    """

    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    sex: str = ""
    birth_date: date | None = field(default=None, repr=False)
    nation: str = field(default="", repr=False)
    nationality: str = field(default="156", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PersonChanges:
    """New values; None leaves a value as it is, empty text clears phone, address or nation."""

    name: str | None = field(default=None, repr=False)
    sex: str | None = None
    birth_date: date | None = field(default=None, repr=False)
    nation: str | None = field(default=None, repr=False)
    nationality: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person by both keys; new rows are written with these."""

    person_pk: int
    person_id: str


@dataclass(frozen=True, slots=True)
class Registration(PersonRef):
    """A registered person, and whether this call registered them."""

    created: bool


@dataclass(frozen=True, slots=True)
class Particulars:
    """A person's data, for a reader who has been checked.

    Attributes:
        id_type: Of the certificate that speaks for the person: an identity card, or the household
            register that its number is known from, before any other; the oldest of a kind first; a
            provisional number last. Empty if there is none.
    """

    person_pk: int
    person_id: str
    name: str = field(repr=False)
    id_type: str
    id_number: str = field(repr=False)
    sex: str
    birth_date: date | None = field(repr=False)
    nation: str = field(repr=False)
    nationality: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)
