"""Which certificate speaks for a person, and changing it."""

from datetime import date

import pytest

from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor
from foundation.events.models import OutboxMessage
from mpi import rules, selectors, services
from mpi.errors import BirthDateDisagrees, IdentifierTaken, InvalidCertificateNumber
from mpi.models import Identifier
from mpi.types import PersonIdentity

pytestmark = pytest.mark.django_db

CLERK = Actor.system("tests")
NUMBER = "11010020171225006X"


def register(id_type: str, id_number: str, name: str = "张晓明") -> int:
    identity = PersonIdentity(name=name, id_type=id_type, id_number=id_number)
    return services.register_person(identity=identity, source="h5", actor=CLERK).person_pk


def change(person_pk: int, id_type: str, id_number: str, **changes: object) -> tuple[str, ...]:
    return services.change_identity(
        person_pk=person_pk,
        id_type=id_type,
        id_number=id_number,
        actor=CLERK,
        reason="核对证件",
        **changes,  # type: ignore[arg-type]
    )


def test_an_identity_card_speaks_for_a_person_who_was_known_by_another_paper() -> None:
    person = register("08", "T110000001")
    services.add_identifier(person_pk=person, id_type="01", number=NUMBER, actor=CLERK)
    assert selectors.particulars(person).id_type == "01"
    assert selectors.particulars_many([person])[person].id_number == NUMBER


def test_a_provisional_number_gives_way_to_the_certificate_and_finds_nobody_any_more() -> None:
    provisional = rules.provisional_number("A0000001")
    person = register("99", provisional, name="测试之子")
    changed = change(person, "01", NUMBER, name="张晓明")
    data = selectors.particulars(person)
    assert (data.id_type, data.id_number, data.name) == ("01", NUMBER, "张晓明")
    assert (data.birth_date, data.sex) == (date(2017, 12, 25), "2")
    assert set(changed) == {"identifiers", "name", "birth_date", "sex"}
    assert selectors.find_by_identifier("99", provisional) is None


def test_a_corrected_number_retires_the_wrong_one_and_what_else_showed_it() -> None:
    person = register("02", "110100201712250051"[:17] + rules.check_digit_of("11010020171225005"))
    change(person, "01", NUMBER)
    assert selectors.particulars(person).id_number == NUMBER
    assert list(Identifier.objects.filter(state="current").values_list("type", flat=True)) == ["01"]


def test_a_household_register_speaks_until_the_identity_card_is_shown() -> None:
    person = register("02", NUMBER)
    assert selectors.particulars(person).id_type == "02"
    change(person, "01", NUMBER)
    assert selectors.particulars(person).id_type == "01"
    found = selectors.find_by_identifier("02", NUMBER)
    assert found is not None
    assert found.person_pk == person


def test_a_renewed_passport_takes_the_place_of_the_old_one() -> None:
    person = register("03", "E1234567", name="JOHN SMITH")
    change(person, "03", "E7654321")
    assert selectors.particulars(person).id_number == "E7654321"
    assert selectors.find_by_identifier("03", "E1234567") is None


def test_a_certificate_that_speaks_already_changes_nothing() -> None:
    person = register("01", NUMBER)
    assert change(person, "01", NUMBER.lower()) == ()
    assert not OutboxMessage.objects.filter(topic="person.updated.v1").exists()


def test_the_change_is_one_entry_and_one_event_without_a_number() -> None:
    person = register("03", "E1234567", name="JOHN SMITH")
    change(person, "01", NUMBER, name="张晓明")
    entry = AuditEntry.objects.get(action="person.updated")
    event = OutboxMessage.objects.get(topic="person.updated.v1")
    assert (entry.reason, set(entry.details["fields"])) == (
        "核对证件",
        {"identifiers", "name", "birth_date", "sex"},
    )
    assert NUMBER not in str(entry.__dict__) + str(event.__dict__)


def test_the_certificate_of_somebody_else_is_refused_and_nothing_changes() -> None:
    register("01", NUMBER)
    person = register("03", "E1234567", name="JOHN SMITH")
    with pytest.raises(IdentifierTaken):
        change(person, "01", NUMBER, name="李红")
    assert selectors.particulars(person).name == "JOHN SMITH"


def test_a_number_that_cannot_be_is_refused() -> None:
    person = register("03", "E1234567", name="JOHN SMITH")
    with pytest.raises(InvalidCertificateNumber):
        change(person, "01", "110100201712250061")
    with pytest.raises(BirthDateDisagrees):
        change(person, "01", NUMBER, birth_date=date(2018, 1, 1))
