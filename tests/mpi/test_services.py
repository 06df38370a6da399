"""Registering, changing and erasing persons."""

from dataclasses import replace
from datetime import date

import pytest

from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput, NotFound
from foundation.events.models import OutboxMessage
from mpi import rules, selectors, services
from mpi.errors import (
    BirthDateDisagrees,
    IdentifierTaken,
    IdentityConflict,
    InvalidCertificateNumber,
    InvalidName,
    InvalidPhoneNumber,
    PersonErased,
    SourceRecordTaken,
    UnknownCertificateType,
)
from mpi.models import Identifier, Person
from mpi.types import PersonChanges, PersonIdentity

pytestmark = pytest.mark.django_db

CLERK = Actor.system("tests")
ZHANG = PersonIdentity(name="张晓明", id_type="01", id_number="11010020171225006X", phone="13900000001")


def register(identity: PersonIdentity = ZHANG) -> services.Registration:
    return services.register_person(identity=identity, source="h5", actor=CLERK)


def citizen_number(first_seventeen: str) -> str:
    return first_seventeen + rules.check_digit_of(first_seventeen)


def test_a_new_person_is_registered_with_what_the_number_tells() -> None:
    registration = register()
    data = selectors.particulars(registration.person_pk)
    assert registration.created
    assert (data.name, data.id_type, data.id_number) == ("张晓明", "01", "11010020171225006X")
    assert (data.birth_date, data.sex, data.nationality) == (date(2017, 12, 25), "2", "156")
    assert data.phone == "13900000001"


def test_the_same_person_again_is_found_and_nothing_of_them_changes() -> None:
    first = register()
    again = register(replace(ZHANG, name=" 张晓明 ", id_number="11010020171225006x", phone="13900000002"))
    assert again == replace(first, created=False)
    assert selectors.particulars(first.person_pk).phone == "13900000001"
    assert OutboxMessage.objects.filter(topic="person.registered.v1").count() == 1


def test_a_registration_is_in_the_audit_and_in_an_event_without_personal_data() -> None:
    person_id = register().person_id
    entry = AuditEntry.objects.get(action="person.registered")
    message = OutboxMessage.objects.get(topic="person.registered.v1")
    assert (entry.subject_type, entry.subject_id) == ("mpi.Person", person_id)
    assert message.payload == {"person_id": person_id, "source": "h5"}
    assert "晓明" not in str(entry.__dict__) + str(message.__dict__)


def test_the_same_number_with_another_name_is_a_conflict_and_changes_nothing() -> None:
    first = register()
    with pytest.raises(IdentityConflict) as caught:
        register(replace(ZHANG, name="李红"))
    assert (caught.value.person_pk, caught.value.fields) == (first.person_pk, ("name",))
    assert "登记" not in caught.value.text()
    assert (Person.objects.count(), Identifier.objects.count()) == (1, 1)
    assert selectors.particulars(first.person_pk).name == "张晓明"


def test_the_same_passport_with_another_birth_date_is_a_conflict() -> None:
    passport = PersonIdentity(
        name="JOHN SMITH", id_type="03", id_number="E1234567", birth_date=date(1990, 1, 1)
    )
    register(passport)
    with pytest.raises(IdentityConflict) as caught:
        register(replace(passport, birth_date=date(1991, 1, 1)))
    assert caught.value.fields == ("birth_date",)


@pytest.mark.parametrize(
    ("change", "error", "field"),
    [
        ({"id_number": "110100201712250061"}, InvalidCertificateNumber, "id_number"),
        ({"id_type": "77"}, UnknownCertificateType, "id_type"),
        ({"birth_date": date(2017, 12, 24)}, BirthDateDisagrees, "birth_date"),
        ({"name": "张3"}, InvalidName, "name"),
        ({"phone": "123"}, InvalidPhoneNumber, "phone"),
        ({"sex": "x"}, InvalidInput, "sex"),
        ({"nation": "60"}, InvalidInput, "nation"),
        ({"nationality": "CN"}, InvalidInput, "nationality"),
        ({"address": "路" * 201}, InvalidInput, "address"),
    ],
)
def test_each_fault_is_an_error_of_its_own_that_names_its_field(
    change: dict[str, object], error: type[InvalidInput], field: str
) -> None:
    with pytest.raises(error) as caught:
        register(replace(ZHANG, **change))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    "name", ["𠮷田龘", "䶮", "买买提·吐尔逊", "A" * 26, "MARIA DEL CARMEN FERNANDEZ-RUIZ", "\U0003134a明"]
)
def test_rare_and_long_names_survive_the_way_in_and_out(name: str) -> None:
    registration = register(replace(ZHANG, name=name))
    assert selectors.particulars(registration.person_pk).name == name
    assert [ref.person_pk for ref in selectors.find_by_name(name)] == [registration.person_pk]


def test_an_old_number_of_15_digits_finds_the_person_of_the_long_one() -> None:
    registration = register(replace(ZHANG, id_number=citizen_number("11010019491231002")))
    assert selectors.find_by_identifier("01", "110100491231002") == selectors.by_public_id(
        registration.person_id
    )


def test_a_child_entered_by_household_register_is_found_by_the_identity_card() -> None:
    by_register = register(replace(ZHANG, id_type="02"))
    by_card = register()
    assert by_card.person_pk == by_register.person_pk
    assert not by_card.created
    assert selectors.particulars(by_card.person_pk).id_type == "02"


def test_who_has_an_identity_card_is_found_by_the_household_register() -> None:
    assert register().person_pk == register(replace(ZHANG, id_type="02")).person_pk


def test_a_renewed_pass_is_the_same_pass() -> None:
    first = register(PersonIdentity(name="陈大文", id_type="06", id_number="H0123456701"))
    assert (
        register(PersonIdentity(name="陈大文", id_type="06", id_number="H01234567")).person_pk
        == first.person_pk
    )


def test_nobody_is_found_by_a_number_of_another_type() -> None:
    register(PersonIdentity(name="陈大文", id_type="03", id_number="H01234567"))
    assert selectors.find_by_identifier("06", "H01234567") is None


def test_persons_are_found_by_sound_and_by_family_name_with_birth_date() -> None:
    registration = register()
    born = date(2017, 12, 25)
    assert [ref.person_pk for ref in selectors.find_by_sound("章小鸣")] == [registration.person_pk]
    assert [ref.person_pk for ref in selectors.find_by_surname_and_birth("张", born)] == [
        registration.person_pk
    ]
    assert selectors.find_by_surname_and_birth("章", born) == []
    assert selectors.find_by_name("张晓") == []


def test_an_update_changes_what_is_given_moves_the_tokens_and_says_which_fields() -> None:
    registration = register()
    changed = services.update_person(
        person_pk=registration.person_pk,
        changes=PersonChanges(name="张大明", phone="", nation="01"),
        actor=CLERK,
        reason="改名",
    )
    data = selectors.particulars(registration.person_pk)
    assert set(changed) == {"name", "phone", "nation"}
    assert (data.name, data.phone, data.nation) == ("张大明", "", "01")
    assert selectors.find_by_name("张晓明") == []
    assert [ref.person_pk for ref in selectors.find_by_name("张大明")] == [registration.person_pk]
    message = OutboxMessage.objects.get(topic="person.updated.v1")
    assert set(message.payload["fields"]) == {"name", "phone", "nation"}


def test_an_update_that_changes_nothing_says_nothing() -> None:
    registration = register()
    assert (
        services.update_person(
            person_pk=registration.person_pk, changes=PersonChanges(name="张晓明"), actor=CLERK
        )
        == ()
    )
    assert not OutboxMessage.objects.filter(topic="person.updated.v1").exists()


def test_an_update_cannot_contradict_the_identity_number() -> None:
    registration = register()
    with pytest.raises(BirthDateDisagrees):
        services.update_person(
            person_pk=registration.person_pk,
            changes=PersonChanges(birth_date=date(2018, 1, 1)),
            actor=CLERK,
        )


def test_another_certificate_finds_the_same_person_until_it_is_retired() -> None:
    registration = register()
    added = services.add_identifier(
        person_pk=registration.person_pk, id_type="03", number="E1234567", actor=CLERK
    )
    assert added == services.add_identifier(
        person_pk=registration.person_pk, id_type="03", number="e1234567", actor=CLERK
    )
    found = selectors.find_by_identifier("03", "E1234567")
    assert found is not None
    assert found.person_pk == registration.person_pk
    services.retire_identifier(identifier_id=added, actor=CLERK, reason="护照已换")
    assert selectors.find_by_identifier("03", "E1234567") is None
    with pytest.raises(NotFound):
        services.retire_identifier(identifier_id=added, actor=CLERK, reason="护照已换")


def test_a_certificate_of_somebody_else_is_refused() -> None:
    register(PersonIdentity(name="李红", id_type="03", id_number="E1234567"))
    mine = register()
    with pytest.raises(IdentifierTaken):
        services.add_identifier(person_pk=mine.person_pk, id_type="03", number="E1234567", actor=CLERK)


def test_a_number_of_a_hospital_is_linked_once_and_to_one_person() -> None:
    mine = register()
    other = register(PersonIdentity(name="李红", id_type="03", id_number="E1234567"))
    assert services.link_source_record(person_pk=mine.person_pk, source="hospital-a", local_id="P1")
    assert not services.link_source_record(person_pk=mine.person_pk, source="hospital-a", local_id="P1")
    assert services.link_source_record(person_pk=other.person_pk, source="hospital-b", local_id="P1")
    with pytest.raises(SourceRecordTaken):
        services.link_source_record(person_pk=other.person_pk, source="hospital-a", local_id="P1")
    with pytest.raises(InvalidInput):
        services.link_source_record(person_pk=mine.person_pk, source="hospital-a", local_id=" ")
    found = selectors.find_by_source("hospital-a", "P1")
    assert found is not None
    assert found.person_pk == mine.person_pk


def test_joined_anchors_answer_as_one_person() -> None:
    old = register(PersonIdentity(name="张晓明", id_type="03", id_number="E1234567"))
    kept = register()
    Person.objects.filter(pk=old.person_pk).update(survivor_id=kept.person_pk)
    assert (
        selectors.cluster(old.person_pk)
        == selectors.cluster(kept.person_pk)
        == [old.person_pk, kept.person_pk]
    )
    assert selectors.survivor(old.person_pk) == kept.person_pk
    assert selectors.particulars(old.person_pk).person_id == kept.person_id
    found = selectors.find_by_identifier("03", "E1234567")
    assert found is not None
    assert found.person_id == kept.person_id
    again = register(PersonIdentity(name="张晓明", id_type="03", id_number="E1234567"))
    assert (again.person_pk, again.created) == (kept.person_pk, False)


def test_chains_of_joined_anchors_are_followed_to_their_end() -> None:
    refs = [
        register(PersonIdentity(name="张晓明", id_type="03", id_number=f"E123456{number}")).person_pk
        for number in range(3)
    ]
    Person.objects.filter(pk=refs[0]).update(survivor_id=refs[1])
    Person.objects.filter(pk=refs[1]).update(survivor_id=refs[2])
    assert selectors.survivors(refs) == dict.fromkeys(refs, refs[2])
    assert selectors.clusters(refs) == dict.fromkeys(refs, refs)


def test_an_unknown_anchor_is_not_found() -> None:
    for question in (selectors.survivor, selectors.cluster, selectors.particulars, selectors.public_id_of):
        with pytest.raises(NotFound):
            question(999_999)


def test_an_erased_person_leaves_an_anchor_that_nobody_can_read_or_find() -> None:
    registration = register()
    services.link_source_record(person_pk=registration.person_pk, source="hospital-a", local_id="P1")
    assert services.destroy_person_key(person_pk=registration.person_pk, actor=CLERK, reason="注销账户")
    assert not services.destroy_person_key(person_pk=registration.person_pk, actor=CLERK, reason="注销账户")
    with pytest.raises(PersonErased):
        selectors.particulars(registration.person_pk)
    assert selectors.particulars_many([registration.person_pk]) == {}
    assert selectors.find_by_name("张晓明") == []
    assert selectors.find_by_identifier("01", ZHANG.id_number) is None
    assert selectors.find_by_source("hospital-a", "P1") is None
    assert Person.objects.filter(public_id=registration.person_id).exists()
    assert register().person_pk != registration.person_pk


def test_what_is_stored_shows_nobody() -> None:
    from django.db import connection

    registration = register(replace(ZHANG, address="示范路1号"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person::text || number::text FROM mpi_person AS person"
            " JOIN mpi_identifier AS number ON number.person_id = person.id WHERE person.id = %s",
            [registration.person_pk],
        )
        stored = cursor.fetchone()[0]
    for text in ("张晓明", ZHANG.id_number, "13900000001", "示范路"):
        assert text not in stored
        assert text.encode().hex() not in stored


def test_repr_shows_nobody() -> None:
    registration = register()
    shown = (
        repr(ZHANG) + repr(selectors.particulars(registration.person_pk)) + repr(PersonChanges(name="张晓明"))
    )
    for text in ("张晓明", ZHANG.id_number, "13900000001", "2017"):
        assert text not in shown
