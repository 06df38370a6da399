"""Rows of persons before they are written, and what tells two statements about one person apart."""

from collections.abc import Sequence

from gmcrypto.index import latest_blind_index
from mpi import indexes
from mpi.models import Person
from mpi.types import PersonIdentity


def differences(identity: PersonIdentity, anchors: Sequence[Person]) -> tuple[str, ...]:
    """What the registered person, by any of the anchors, does not share with the identity."""
    differing = []
    if all(identity.name != anchor.name for anchor in anchors):
        differing.append("name")
    known = {anchor.birth_date for anchor in anchors if anchor.birth_date}
    if identity.birth_date and known and identity.birth_date.isoformat() not in known:
        differing.append("birth_date")
    return tuple(differing)


def unsaved_person(identity: PersonIdentity) -> Person:
    """A person with the particulars of a checked identity."""
    person = Person(
        name=identity.name,
        birth_date=identity.birth_date.isoformat() if identity.birth_date else None,
        sex=identity.sex,
        nation=identity.nation,
        nationality=identity.nationality,
        phone=identity.phone or None,
        address=identity.address or None,
    )
    set_tokens(person)
    return person


def set_tokens(person: Person) -> None:
    """Index the name; during a rotation already under the next key, which is searched as well."""
    for column, term in indexes.terms_of_person(person).items():
        setattr(person, column, None if term is None else latest_blind_index(*term))
