"""The blind indexes of this room: under which word each is made, and of what.

A word is part of what is indexed and never changes.
"""

from datetime import date
from typing import TYPE_CHECKING

from gmcrypto import indexed
from gmcrypto.indexed import Term
from mpi import rules

if TYPE_CHECKING:
    from mpi.models import Identifier, Person, SourceRecord

IDENTIFIER = "mpi-identifier"
LOCAL_ID = "mpi-local-id"
NAME = "mpi-name"
PINYIN = "mpi-pinyin"
SURNAME_BIRTH = "mpi-surname-birth"


def register() -> None:
    """Name every model of this room that has one, for the exchange of their key."""
    indexed.register("mpi.Identifier", _of_identifier)
    indexed.register("mpi.Person", terms_of_person)
    indexed.register("mpi.SourceRecord", _of_source_record)


def terms_of_person(person: "Person") -> dict[str, Term | None]:
    """What finds a person by name, sound, or family name and birth date."""
    birth_date = date.fromisoformat(person.birth_date) if person.birth_date else None
    tokens = rules.tokens_of(person.name, birth_date)
    return {
        "name_token": (NAME, tokens.name),
        "pinyin_token": (PINYIN, tokens.pinyin),
        "surname_birth_token": (SURNAME_BIRTH, tokens.surname_birth) if tokens.surname_birth else None,
    }


def _of_identifier(row: "Identifier") -> dict[str, Term | None]:
    return {"value_index": (IDENTIFIER, rules.index_form(row.type, row.value))}


def _of_source_record(row: "SourceRecord") -> dict[str, Term | None]:
    return {"local_index": (LOCAL_ID, row.local_id)}
