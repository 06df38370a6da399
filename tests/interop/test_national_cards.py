"""register, alterinfo, close and query, in clear and encrypted, as programs of the national SDK call them."""

from typing import Any

import pytest

from cards.history import history_of
from cards.models import Card
from cards.services import channels, life, numbers
from cards.services.binding import is_bound
from cards.states import Channel
from foundation.audit.models import AuditEntry
from foundation.core.actor import Actor, ActorKind
from identity.models import Holding, IdentityCheck
from mpi.models import Person
from tests.cards.world import CENTRE, Holder, citizen_number, code_of, holder, static_of
from tests.interop.answers import MASKED
from tests.interop.answers import refused_by_sdk as refused
from tests.interop.sdk_programs import (
    PERSON,
    DesktopProgram,
    EncryptingProgram,
    SdkProgram,
    by_number,
    numbered,
    sm3,
)
from tests.interop.world import Place, bind
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-11")]
KINDS = [lambda sdk: sdk, EncryptingProgram, DesktopProgram]


# register


@pytest.mark.parametrize("kind", KINDS)
def test_a_person_is_registered_and_gets_a_card(
    place: Place, sdk: SdkProgram, registration: dict[str, Any], kind: Any
) -> None:
    answer = kind(sdk).ok("register", numbered("register", **registration))
    assert set(answer) == {"ehealth_card_id", "mindex_id", "static_code", "card_state", "is_new"}
    assert len(answer["ehealth_card_id"]) == len(answer["mindex_id"]) == 64
    assert answer["static_code"] == answer["ehealth_card_id"] + ":1"
    assert (answer["card_state"], answer["is_new"]) == ("1", "1")
    card = Card.objects.get()
    assert is_bound(card.pk, place.public_id)
    assert card.channel == Channel.WINDOW
    assert IdentityCheck.objects.get().person_id == card.person_id
    assert not Holding.objects.exists()
    entry = AuditEntry.objects.get(action="card.issued")
    assert (entry.actor_id, entry.institution) == (place.client, place.public_id)


def test_the_numbers_are_those_of_the_national_rule(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    answer = sdk.ok("register", numbered("register", **registration))
    assert answer["mindex_id"] == sm3(f"01{registration['id_no']}{registration['name']}")


def test_only_what_is_always_sent_is_needed(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    for name in ("birthday", "cellphone", "address", "unit"):
        del registration[name]
    registration["gender"] = "0"
    answer = sdk.ok("register", numbered("register", **registration))
    read = sdk.ok("query", {"ehealth_card_id": answer["ehealth_card_id"], "id_type": "", "id_no": ""})
    assert read["birthday"].replace("-", "") == registration["id_no"][6:14]


@pytest.mark.parametrize("birthday", ["%s-%s-%s", "%s%s%s"])
def test_forms_of_a_birthday(sdk: SdkProgram, registration: dict[str, Any], birthday: str) -> None:
    number = registration["id_no"]
    registration["birthday"] = birthday % (number[6:10], number[10:12], number[12:14])
    sdk.ok("register", numbered("register", **registration))


def test_a_second_registration_gets_the_same_card(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    first = sdk.ok("register", numbered("register", **registration))
    second = EncryptingProgram(sdk).ok("register", numbered("register", **registration))
    assert second == {**first, "is_new": "0"}
    assert AuditEntry.objects.filter(action="card.read").count() == 1


def test_a_landline_is_kept_where_there_is_no_mobile_number(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    del registration["cellphone"]
    answer = sdk.ok("register", numbered("register", **registration, telephone="010-88880000"))
    assert "88880000" in sdk.ok("query", {"ehealth_card_id": answer["ehealth_card_id"]})["cellphone"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"register_no": ""}, "national_missing_parameter"),
        ({"register_no": None}, "national_missing_parameter"),
        ({"register_no": "S" * 65}, "national_bad_parameter"),
        ({"register_no": ["1"]}, "national_bad_parameter"),
        ({"register_time": ""}, "national_missing_parameter"),
        ({"register_time": {}}, "national_bad_parameter"),
        ({"apply_type": "5"}, "national_bad_parameter"),
        ({"apply_type": ""}, "national_missing_parameter"),
        ({"id_type": ""}, "national_missing_parameter"),
        ({"id_type": "77"}, "unknown_certificate_type"),
        ({"id_no": ""}, "national_missing_parameter"),
        ({"id_no": "110199199001019001"}, "invalid_certificate_number"),
        ({"id_no": 1.5}, "national_bad_parameter"),
        ({"name": ""}, "national_missing_parameter"),
        ({"name": "   "}, "national_missing_parameter"),
        ({"name": "测试1"}, "invalid_name"),
        ({"name": True}, "national_bad_parameter"),
        ({"name": ["测试甲"]}, "national_bad_parameter"),
        ({"name": "测\n试"}, "national_bad_parameter"),
        ({"gender": "3"}, "national_bad_parameter"),
        ({"gender": "男"}, "national_bad_parameter"),
        ({"birthday": "1949-12-31"}, "birth_date_disagrees"),
        ({"birthday": "1990-02-30"}, "national_bad_parameter"),
        ({"birthday": "1990/02/03"}, "national_bad_parameter"),
        ({"birthday": "１９９０0203"}, "national_bad_parameter"),
        ({"birthday": "-9999999999999"}, "birth_date_disagrees"),
        ({"birthday": [1990]}, "national_bad_parameter"),
        ({"cellphone": "12345"}, "invalid_phone_number"),
        ({"address": "路" * 201}, "national_bad_parameter"),
        ({"unit": {"a": 1}}, "national_bad_parameter"),
        ({"name": "测不符"}, "real_name_mismatch"),
    ],
)
def test_what_cannot_be_is_refused(
    sdk: SdkProgram, registration: dict[str, Any], changes: dict[str, Any], error: str
) -> None:
    refused(sdk.call("register", {**numbered("register", **registration), **changes}), error)
    assert not Card.objects.exists()
    sdk.ok("register", numbered("register", **registration))


def test_a_number_with_another_name_is_for_people_to_decide(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    sdk.ok("register", numbered("register", **registration))
    other = {**registration, "name": "测试乙"}
    refused(sdk.call("register", numbered("register", **other)), "identity_conflict")


def test_numbers_may_come_as_numbers(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    content = {**numbered("register", **registration), "apply_type": 3, "gender": 1, "register_no": 20261121}
    sdk.ok("register", {**content, "cellphone": 13900000000})


def test_a_population_database_that_does_not_answer_holds_nobody_up(
    sdk: SdkProgram, registration: dict[str, Any], sandbox: Sandbox
) -> None:
    sandbox.fault("population", "error")
    assert sdk.ok("register", numbered("register", **registration))["is_new"] == "1"


def test_a_way_of_issuing_that_was_stopped_issues_nothing(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    channels.switch_channel(channel=Channel.KIOSK, is_open=False, actor=CENTRE, reason="测试")
    registration["apply_type"] = "2"
    refused(sdk.call("register", numbered("register", **registration)), "channel_stopped")
    registration["apply_type"] = "1"
    sdk.ok("register", numbered("register", **registration))


# alterinfo


@pytest.mark.parametrize("kind", KINDS)
def test_particulars_are_changed_and_the_card_follows(sdk: SdkProgram, patient: Holder, kind: Any) -> None:
    program = kind(sdk)
    content = by_number(patient, gender="2", cellphone="13900000009", address="测试路 9/1 号", unit="x")
    answer = program.ok("alterinfo", numbered("alterinfo", **content))
    assert answer == by_number(patient, card_state="1")
    read = program.ok("verify", {"ehealth_code": code_of(patient)})
    assert (read["cellphone"], read["address"]) == ("13900000009", "测试路 9/1 号")
    assert read["gender"] == "2"


def test_what_is_not_sent_stays_as_it_is(sdk: SdkProgram, patient: Holder) -> None:
    before = sdk.ok("query", by_number(patient))
    sdk.ok("alterinfo", numbered("alterinfo", **by_number(patient, gender="0", cellphone="")))
    assert sdk.ok("query", by_number(patient)) == before


def test_the_holder_reads_who_changed_what_is_kept(place: Place, sdk: SdkProgram, patient: Holder) -> None:
    sdk.ok("alterinfo", numbered("alterinfo", **by_number(patient, gender="0", address="测试路9号")))
    entry = AuditEntry.objects.get(action="person.updated")
    assert (entry.actor_id, entry.institution) == (place.client, place.public_id)
    assert "测试路" not in str(entry.details)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ehealth_card_id": ""}, "national_missing_parameter"),
        ({"ehealth_card_id": "A" * 64}, "card_unknown"),
        ({"ehealth_card_id": "A" * 65}, "national_bad_parameter"),
        ({"ehealth_card_id": {"a": 1}}, "national_bad_parameter"),
        ({"alter_no": ""}, "national_missing_parameter"),
        ({"alter_time": None}, "national_missing_parameter"),
        ({"gender": "x"}, "national_bad_parameter"),
        ({"birthday": "19000101"}, "birth_date_disagrees"),
        ({"birthday": "2999-01-01"}, "birth_date_disagrees"),
        ({"cellphone": "1"}, "invalid_phone_number"),
        ({"address": "a\tb"}, "national_bad_parameter"),
    ],
)
def test_a_change_that_cannot_be_is_refused(
    sdk: SdkProgram, patient: Holder, changes: dict[str, Any], error: str
) -> None:
    before = Person.objects.get().updated_at
    content = {**numbered("alterinfo", **by_number(patient, gender="1", cellphone="13900000009")), **changes}
    refused(sdk.call("alterinfo", content), error)
    assert Person.objects.get().updated_at == before


# close


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_is_closed(sdk: SdkProgram, patient: Holder, kind: Any) -> None:
    program = kind(sdk)
    text = code_of(patient)
    assert program.ok("close", numbered("close", **by_number(patient))) == by_number(patient, card_state="3")
    refused(program.call("verify", {"ehealth_code": text}), "card_cancelled")
    refused(program.call("generate", numbered("generate", **by_number(patient))), "card_cancelled")
    refused(program.call("close", numbered("close", **by_number(patient))), "card_move_refused")
    changes = numbered("alterinfo", **by_number(patient, gender="1"))
    refused(program.call("alterinfo", changes), "card_cancelled")
    read = program.ok("query", by_number(patient))
    assert read["card_state"] == "3"
    assert {read[name] for name in PERSON} == {""}


def test_the_holder_reads_which_hospital_did_it_and_how(
    place: Place, sdk: SdkProgram, patient: Holder
) -> None:
    sdk.ok("alterinfo", numbered("alterinfo", **by_number(patient, gender="0", address="测试路9号")))
    sdk.ok("close", numbered("close", **by_number(patient)))
    entries = history_of(patient.card.person_id, account_id="nobody").entries[:2]
    assert [(entry.action, entry.why) for entry in entries] == [
        ("card.cancelled", "医院按接口注销"),
        ("person.updated", "医院按接口变更信息"),
    ]
    assert {entry.who for entry in entries} == {"测试医院"}


def test_what_the_centre_stopped_a_hospital_does_not_close(sdk: SdkProgram, patient: Holder) -> None:
    staff = Actor(kind=ActorKind.STAFF, id="staff", scopes=frozenset({"centre", "centre_admin"}))
    life.freeze_card(card_pk=patient.card.pk, actor=staff, reason="测试")
    refused(sdk.call("close", numbered("close", **by_number(patient))), "card_held_by_centre")
    assert sdk.ok("query", by_number(patient))["card_state"] == "6"


# query


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_is_read(sdk: SdkProgram, patient: Holder, kind: Any) -> None:
    program = kind(sdk)
    answer = program.ok("query", by_number(patient, id_type="01", id_no=patient.id_number))
    assert set(answer) == {
        *("ehealth_card_id", "mindex_id", "card_state", "superseded_by", "valid_until", "static_code"),
        *("masked", *PERSON),
    }
    assert answer["mindex_id"] == patient.number.main_index
    assert answer["static_code"] == static_of(patient)
    assert (answer["name"], answer["id_type"], answer["id_no"]) == ("测试甲", "01", patient.id_number)
    assert (answer["card_state"], answer["masked"], answer["superseded_by"]) == ("1", "0", "")
    only_the_certificate = {"ehealth_card_id": "", "id_type": "01", "id_no": patient.id_number.lower()}
    assert program.ok("query", only_the_certificate) == answer
    assert AuditEntry.objects.filter(action="card.read").count() == 2


def test_without_the_scope_the_person_is_masked(who: Holder) -> None:
    place = Place(scopes=MASKED)
    bind(who, place)
    program = place.sdk_program(place.client)
    for answer in (
        program.ok("query", by_number(who)),
        program.ok("verify", {"ehealth_code": code_of(who)}),
    ):
        assert (answer["masked"], answer["name"], answer["mindex_id"]) == ("1", "**甲", "")
        assert who.id_number not in str(answer)


def test_an_old_number_names_the_present_one(sdk: SdkProgram, patient: Holder) -> None:
    now = numbers.reissue_number(card_pk=patient.card.pk, reason="测试", actor=CENTRE)
    refused(sdk.call("query", by_number(patient)), "card_number_revoked")
    assert sdk.ok("query", {"ehealth_card_id": now.value})["superseded_by"] == ""


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({}, "national_missing_parameter"),
        ({"id_type": "01"}, "national_missing_parameter"),
        ({"id_no": "x"}, "national_missing_parameter"),
        ({"id_type": "01", "id_no": "110199195001019005"}, "person_not_bound"),
        ({"id_type": "zz", "id_no": "110199195001019005"}, "person_not_bound"),
        ({"ehealth_card_id": "A" * 64}, "card_unknown"),
        ({"ehealth_card_id": "测试"}, "card_unknown"),
        ({"ehealth_card_id": []}, "national_bad_parameter"),
        ({"ehealth_card_id": False, "id_type": "01", "id_no": "1"}, "national_bad_parameter"),
        ({"id_type": 1.5, "id_no": "1"}, "national_bad_parameter"),
    ],
)
def test_a_question_about_nobody_is_refused(
    sdk: SdkProgram, patient: Holder, content: dict[str, Any], error: str
) -> None:
    refused(sdk.call("query", content), error)
    assert not AuditEntry.objects.filter(action="card.read").exists()


def test_another_certificate_than_the_holders_is_refused(sdk: SdkProgram, patient: Holder) -> None:
    other = holder()
    content = by_number(patient, id_type="01", id_no=other.id_number)
    refused(sdk.call("query", content), "national_certificate_differs")


def test_nobody_tries_certificates_or_finds_out_who_is_registered(who: Holder) -> None:
    place = Place(scopes=MASKED)
    stranger = place.sdk_program(place.client)
    for number in (who.id_number, citizen_number()):
        refused(stranger.call("query", {"id_type": "01", "id_no": number}), "person_not_bound")
        content = by_number(who, id_type="01", id_no=number)
        refused(stranger.call("query", content), "person_not_bound")
