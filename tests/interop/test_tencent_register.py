"""99 registerHealthCard."""

from typing import Any

import pytest

from cards.models import Card
from cards.services.binding import is_bound
from foundation.audit.models import AuditEntry
from identity.models import Holding, IdentityCheck
from interop.dialects.tencent.errors import NUMBERS
from mpi import selectors as mpi
from tests.cards.world import citizen_number
from tests.interop.programs import CSharpProgram, PhpProgram, Program
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("HI-09")

OPERATION = "registerHealthCard"


def code_of(answer: dict[str, Any]) -> int:
    return int(answer["commonOut"]["resultCode"])


@pytest.mark.row("CC-13")
def test_a_registration_gives_the_card(program: Program, place: Place, applicant: dict[str, Any]) -> None:
    rsp = program.ok(OPERATION, applicant)
    assert set(rsp) == {
        "qrCodeText",
        "healthCardId",
        "phid",
        "adminExt",
        "unbindOrderId",
        "unbindURL",
        "ecardNo",
    }
    assert rsp["qrCodeText"] == f"{rsp['healthCardId']}:1"
    assert len(rsp["healthCardId"]) == len(rsp["phid"]) == 64
    card = Card.objects.get()
    assert is_bound(card.pk, place.public_id)
    assert mpi.local_id_of(card.person_id, place.public_id) == applicant["patid"]
    assert IdentityCheck.objects.get().person_id == card.person_id


def test_it_makes_no_user_of_wechat_a_holder(program: Program, applicant: dict[str, Any]) -> None:
    program.ok(OPERATION, applicant)
    assert not Holding.objects.exists()


def test_the_same_request_again_gets_the_same_answer(program: Program, applicant: dict[str, Any]) -> None:
    body = program.body(applicant)
    path = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/registerHealthCard"
    first, second = program.post(path, body), program.post(path, body)
    assert code_of(first) == 0
    assert first == second
    assert Card.objects.count() == 1


def test_a_second_registration_gets_the_same_card(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    first = program.ok(OPERATION, applicant)
    second = program.ok(OPERATION, {**applicant, "wechatCode": sandbox.weixin_code()})
    assert second["healthCardId"] == first["healthCardId"]
    assert Card.objects.count() == 1
    assert AuditEntry.objects.filter(action="card.read").count() == 1


def test_a_second_institution_gets_the_same_card_and_knows_the_person(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    first = program.ok(OPERATION, applicant)
    other = Place()
    other.program.sign_in()
    second = other.program.ok(OPERATION, {**applicant, "wechatCode": sandbox.weixin_code()})
    assert second["healthCardId"] == first["healthCardId"]
    assert is_bound(Card.objects.get().pk, other.public_id)


def test_clients_in_php_and_c_sharp_are_understood(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    info = {"userAgent": "a/b", "referer": None, "ip": "192.0.2.1", "deep": {"b": 1, "a": [True, None]}}
    for other in (PhpProgram(program), CSharpProgram(program)):
        rsp = other.ok(
            OPERATION, {**applicant, "wechatCode": sandbox.weixin_code(), "clientInfo": info, "phone2": ""}
        )
        assert rsp["healthCardId"]
    assert Card.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"idNumber": "110199199001019001"}, "invalid_certificate_number"),
        ({"idNumber": "11019919900101"}, "invalid_certificate_number"),
        ({"idType": "77"}, "unknown_certificate_type"),
        ({"birthday": "1949-12-31"}, "birth_date_disagrees"),
        ({"birthday": "1990-02-30"}, "tencent_bad_parameter"),
        ({"birthday": "1990/02/03"}, "tencent_bad_parameter"),
        ({"birthday": "１９９０-02-03"}, "tencent_bad_parameter"),
        ({"gender": "M"}, "tencent_bad_parameter"),
        ({"nation": "火星族"}, "tencent_bad_parameter"),
        ({"phone1": "12345"}, "invalid_phone_number"),
        ({"name": "测试1"}, "invalid_name"),
        ({"name": "·测试"}, "invalid_name"),
        ({"name": ""}, "tencent_missing_parameter"),
        ({"name": "   "}, "tencent_missing_parameter"),
        ({"wechatCode": ""}, "tencent_missing_parameter"),
        ({"wechatCode": None}, "tencent_missing_parameter"),
        ({"name": ["测试"]}, "tencent_bad_parameter"),
        ({"name": {"first": "测试"}}, "tencent_bad_parameter"),
        ({"name": True}, "tencent_bad_parameter"),
        ({"relation": {}}, "tencent_bad_parameter"),
        ({"address": "一\n二"}, "tencent_bad_parameter"),
        ({"patid": "P" * 65}, "tencent_bad_parameter"),
        ({"childInfo": {"motherName": "测试乙"}}, "tencent_missing_parameter"),
        ({"childInfo": "测试乙"}, "tencent_bad_parameter"),
    ],
)
def test_what_cannot_be_is_refused_before_the_code_is_spent(
    program: Program,
    applicant: dict[str, Any],
    changes: dict[str, Any],
    error: str,
) -> None:
    answer = program.call(OPERATION, {**applicant, **changes})
    assert code_of(answer) == NUMBERS[error], answer
    assert error in answer["commonOut"]["errMsg"]
    assert set(answer["rsp"].values()) == {""}
    assert len(answer["rsp"]) == 7
    assert not Card.objects.exists()
    # The very same one-time code still works: nothing was lost.
    program.ok(OPERATION, applicant)


@pytest.mark.parametrize(
    "name",
    [
        "阿卜杜拉·测试",
        "阿卜杜拉•测试",
        "𠮷田测试",
        "㛃测试",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "Anna-Maria O'Test",
    ],
)
def test_uncommon_names_are_names(program: Program, applicant: dict[str, Any], name: str) -> None:
    rsp = program.ok(OPERATION, {**applicant, "name": name})
    read = program.ok("getHealthCardByHealthCardId", {"healthCardId": rsp["healthCardId"]})["card"]
    assert read["name"].replace("·", "•") in {name.replace("·", "•"), name.upper()}


def test_a_one_time_code_is_good_once(program: Program, applicant: dict[str, Any]) -> None:
    program.ok(OPERATION, applicant)
    number = citizen_number()
    other = {
        **applicant,
        "idNumber": number,
        "birthday": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "patid": "",
    }
    answer = program.call(OPERATION, other)
    assert code_of(answer) == NUMBERS["tencent_wechat_code"]
    assert Card.objects.count() == 1


def test_a_name_that_the_population_database_denies_is_refused(
    program: Program, applicant: dict[str, Any]
) -> None:
    answer = program.call(OPERATION, {**applicant, "name": "测不符"})
    assert code_of(answer) == NUMBERS["real_name_mismatch"]
    assert not Card.objects.exists()


def test_while_the_population_database_is_away_the_window_goes_on(
    program: Program, applicant: dict[str, Any]
) -> None:
    assert program.ok(OPERATION, {**applicant, "name": "测故障"})["healthCardId"]


def test_a_number_registered_under_another_name_is_for_people_to_decide(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    program.ok(OPERATION, applicant)
    answer = program.call(
        OPERATION, {**applicant, "name": "测试乙", "patid": "", "wechatCode": sandbox.weixin_code()}
    )
    assert code_of(answer) == NUMBERS["identity_conflict"]


def test_a_patient_number_of_somebody_else_is_refused(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    program.ok(OPERATION, applicant)
    number = citizen_number()
    answer = program.call(
        OPERATION,
        {
            **applicant,
            "wechatCode": sandbox.weixin_code(),
            "idNumber": number,
            "birthday": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        },
    )
    assert code_of(answer) == NUMBERS["source_record_taken"]
    assert Card.objects.count() == 1


def test_while_wechat_is_away_the_same_request_may_be_sent_again(
    program: Program, applicant: dict[str, Any], sandbox: Sandbox
) -> None:
    body = program.body(applicant)
    path = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/registerHealthCard"
    sandbox.fault("weixin", "error")
    assert code_of(program.post(path, body)) == NUMBERS["internal_error_tencent"]
    sandbox.repair()
    assert code_of(program.post(path, body)) == 0
