"""What is given of a person, checked and in the form in which it is stored."""

from dataclasses import fields
from datetime import date
from typing import Any

from foundation.core import clock
from foundation.core.errors import InvalidInput
from foundation.core.text import normalise_name
from mpi import rules
from mpi.errors import raise_first
from mpi.models import Identifier, IdentifierState, Person, Sex
from mpi.types import PersonChanges, PersonIdentity

LONGEST_ADDRESS = 200


def checked_identity(identity: PersonIdentity) -> PersonIdentity:
    """The identity in stored form, with what the number tells filled in."""
    day = today()
    raise_first(
        [
            *rules.check_certificate(identity.id_type, identity.id_number, identity.birth_date, today=day),
            *rules.check_name(identity.name),
            *(rules.check_phone(identity.phone) if identity.phone.strip() else []),
        ]
    )
    number = rules.canonical_number(identity.id_type, identity.id_number)
    _check_address(identity.address)
    sex = identity.sex or rules.sex_of(identity.id_type, number) or Sex.UNKNOWN.value
    check_codes(sex=sex, nation=identity.nation, nationality=identity.nationality)
    return PersonIdentity(
        name=normalise_name(identity.name),
        id_type=identity.id_type,
        id_number=number,
        sex=sex,
        birth_date=identity.birth_date or rules.birth_date_of(identity.id_type, number),
        nation=identity.nation,
        nationality=identity.nationality,
        phone=rules.normalise_phone(identity.phone),
        address=identity.address.strip(),
    )


def checked_changes(changes: PersonChanges, person: Person) -> dict[str, Any]:
    """The values to store, by field; only those that were given."""
    given = {
        field.name: value for field in fields(changes) if (value := getattr(changes, field.name)) is not None
    }
    check_codes(
        sex=given.get("sex", person.sex),
        nation=given.get("nation", person.nation),
        nationality=given.get("nationality", person.nationality),
    )
    if "name" in given:
        raise_first(rules.check_name(given["name"]))
        given["name"] = normalise_name(given["name"])
    if given.get("phone"):
        raise_first(rules.check_phone(given["phone"]))
        given["phone"] = rules.normalise_phone(given["phone"])
    _check_address(given.get("address", ""))
    if "birth_date" in given:
        _check_birth_date(person, given["birth_date"])
        given["birth_date"] = given["birth_date"].isoformat()
    return {name: value or None if name in {"phone", "address"} else value for name, value in given.items()}


def _check_birth_date(person: Person, birth_date: date) -> None:
    current = Identifier.objects.filter(person=person, state=IdentifierState.CURRENT)
    for identifier in current:
        raise_first(rules.check_certificate(identifier.type, identifier.value, birth_date, today=today()))


def _check_address(address: str) -> None:
    if len(address.strip()) > LONGEST_ADDRESS:
        raise InvalidInput(field="address")


def check_codes(*, sex: str, nation: str, nationality: str) -> None:
    """Refuse codes that stand in no table."""
    if sex not in Sex.values:
        raise InvalidInput(field="sex")
    if nation and nation not in rules.NATIONS:
        raise InvalidInput(field="nation")
    if not (len(nationality) == 3 and nationality.isascii() and nationality.isdigit()):
        raise InvalidInput(field="nationality")


def today() -> date:
    """The date in Beijing."""
    return clock.beijing(clock.now()).date()
