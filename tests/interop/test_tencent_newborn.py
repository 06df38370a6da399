"""99 with ``childInfo``: the same birth as over the native interface."""

from typing import Any

import pytest

from cards.models import Card
from cards.services.life import cancel_card
from foundation.core import clock
from mpi import selectors as mpi
from tests.cards.families import number_of, years_ago
from tests.cards.world import CENTRE
from tests.interop.answers import number_of as result_of
from tests.interop.answers import refused
from tests.interop.programs import Program
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("HI-09"), pytest.mark.row("ID-07")]

OPERATION = "registerHealthCard"
KEYS = {"qrCodeText", "healthCardId", "phid", "adminExt", "unbindOrderId", "unbindURL", "ecardNo"}


@pytest.fixture
def mother() -> dict[str, Any]:
    return {
        "motherName": "测试妈妈",
        "motherIdType": "01",
        "motherIdNumber": number_of(years_ago(30), sex=2),
        "motherPhone": "13900000000",
        "fatherName": "测试爸爸",
        "parity": 1,
        "multipleBirthsFlag": "0",
    }


def born(sandbox: Sandbox, mother: dict[str, Any], *, at: str = "08:30:00", **changes: Any) -> dict[str, Any]:
    today = clock.beijing(clock.now()).date().isoformat()
    about = {**mother, "birthTime": f"{today} {at}"} | changes.pop("childInfo", {})
    return {
        "wechatCode": sandbox.weixin_code(),
        "gender": "女",
        "birthday": today,
        "childInfo": about,
        **changes,
    }


def test_a_birth_is_registered_on_the_mothers_record_and_found_again(
    program: Program, place: Place, sandbox: Sandbox, mother: dict[str, Any]
) -> None:
    rsp = program.ok(OPERATION, born(sandbox, mother, patid="NB1"))
    assert set(rsp) == KEYS
    again = program.ok(OPERATION, born(sandbox, mother, name="测小宝"))
    assert again["healthCardId"] == rsp["healthCardId"]
    card = Card.objects.get()
    assert card.face["name"] == "测试妈妈之女"
    assert mpi.local_id_of(card.person_id, place.public_id) == "NB1"
    assert program.ok(OPERATION, born(sandbox, mother, at="09:00:00"))["healthCardId"] != rsp["healthCardId"]


def test_twins_are_told_apart_by_the_hospitals_numbers(
    program: Program, sandbox: Sandbox, mother: dict[str, Any]
) -> None:
    several: dict[str, Any] = {"childInfo": {"multipleBirthsFlag": "2"}}
    found = {
        program.ok(OPERATION, born(sandbox, mother, patid=patid, **several))["healthCardId"]
        for patid in ("NB1", "NB2", "NB1")
    }
    assert len(found) == 2
    answer = program.call(OPERATION, born(sandbox, mother, **several))
    refused(answer, "tencent_missing_parameter", KEYS)


def test_a_birth_certificate_makes_the_number_and_other_certificates_none(
    program: Program, sandbox: Sandbox, mother: dict[str, Any]
) -> None:
    program.ok(OPERATION, born(sandbox, mother, idType="08", idNumber="R110100777"))
    assert Card.objects.get().face["id_type"] == "08"
    own = born(sandbox, mother, idType="01", idNumber=number_of(years_ago(1)))
    refused(program.call(OPERATION, own), "tencent_bad_parameter", KEYS)


def test_a_cancelled_card_and_a_father_as_the_mother_are_refused(
    program: Program, sandbox: Sandbox, mother: dict[str, Any]
) -> None:
    program.ok(OPERATION, born(sandbox, mother))
    cancel_card(card_pk=Card.objects.get().pk, reason="测试", actor=CENTRE)
    refused(program.call(OPERATION, born(sandbox, mother)), "reported_card_cancelled", KEYS)
    man = {"motherIdNumber": number_of(years_ago(30), sex=1)}
    refused(program.call(OPERATION, born(sandbox, mother, childInfo=man)), "mother_not_female", KEYS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"parity": "x"},
        {"parity": 0},
        {"birthTime": ""},
        {"birthTime": "2020-01-01 08:00:00"},
        {"motherIdNumber": None},
        {"motherName": {}},
        {"fatherName": []},
    ],
)
def test_what_is_wrong_is_refused_and_the_code_is_not_spent(
    program: Program, sandbox: Sandbox, mother: dict[str, Any], wrong: dict[str, Any]
) -> None:
    given = born(sandbox, mother, childInfo=wrong)
    assert result_of(program.call(OPERATION, given)) in {-10044, -10045}
    right = born(sandbox, mother) | {"wechatCode": given["wechatCode"]}
    assert program.ok(OPERATION, right)["healthCardId"]
