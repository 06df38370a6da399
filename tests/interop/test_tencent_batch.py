"""102 registerBatchHealthCard: fifteen people a call, each with an answer of its own."""

from typing import Any

import pytest

from cards.models import Card, CardBinding
from cards.services.channels import switch_channel
from cards.states import Channel
from identity.models import Holding
from interop.dialects.tencent.errors import NUMBERS
from tests.cards.world import CENTRE, citizen_number, holder
from tests.interop.answers import number_of
from tests.interop.programs import CSharpProgram, PhpProgram, Program
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.row("ID-09"), pytest.mark.django_db]

OPERATION = "registerBatchHealthCard"
KEYS = {"qrCodeText", "idNumber", "idType", "healthCardId", "resultCode", "errMsg"}


def item(**changes: Any) -> dict[str, Any]:
    number = citizen_number()
    return {
        "wechatCode": "",
        "name": "测试甲",
        "gender": "男",
        "nation": "汉族",
        "birthday": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "idNumber": number,
        "idType": "01",
        "address": "测试路1号",
        "phone1": "13900000000",
        "phone2": "",
        "patid": f"P{number[-8:]}",
        "openId": "",
        "wechatUrl": "https://example.invalid/open/batchActiveCard",
        **changes,
    }


@pytest.mark.parametrize("kind", [Program, PhpProgram, CSharpProgram])
@pytest.mark.parametrize("name", ["healthCardItems", "healthCardInfos"])
def test_fifteen_people_get_their_cards_in_their_order(
    program: Program, place: Place, sandbox: Sandbox, kind: Any, name: str
) -> None:
    items = [item() for _ in range(15)]
    caller = program if kind is Program else kind(program)
    found = caller.ok(OPERATION, {name: items})["rspItems"]
    assert [one["idNumber"] for one in found] == [one["idNumber"] for one in items]
    assert all(set(one) == KEYS and one["resultCode"] == 0 for one in found)
    assert all(one["qrCodeText"] == f"{one['healthCardId']}:1" for one in found)
    assert len({one["healthCardId"] for one in found}) == 15
    assert set(Card.objects.values_list("channel", flat=True)) == {Channel.BATCH}
    assert CardBinding.objects.filter(institution=place.public_id).count() == 15
    assert not Holding.objects.exists()
    read = program.ok("getHealthCardByHealthCardId", {"healthCardId": found[3]["healthCardId"]})["card"]
    assert (read["idNumber"], read["patid"]) == (items[3]["idNumber"], items[3]["patid"])


def test_what_is_wrong_with_one_is_told_in_their_item_and_the_others_get_theirs(
    program: Program, sandbox: Sandbox
) -> None:
    known = holder(name="测试丁")
    items = [
        item(),
        item(idNumber="110100201712250060", birthday="2017-12-25"),
        item(name="测不符"),
        item(name="测故障"),
        item(name=""),
        item(gender="X"),
        item(idNumber=known.id_number, birthday=""),
        item(name=["测试甲"]),
        item(gender="", nation="", birthday="", phone1="", patid=""),
    ]
    found = program.ok(OPERATION, {"healthCardItems": items})["rspItems"]
    errors = [
        "",
        "invalid_certificate_number",
        "real_name_mismatch",
        "real_name_unanswered",
        "tencent_missing_parameter",
        "tencent_bad_parameter",
        "identity_conflict",
        "tencent_bad_parameter",
        "",
    ]
    assert [one["resultCode"] for one in found] == [NUMBERS.get(error, 0) for error in errors]
    for one, error in zip(found, errors, strict=True):
        assert bool(one["healthCardId"]) == bool(one["qrCodeText"]) == (not error)
        assert error in one["errMsg"]
    assert Card.objects.count() == 3


def test_who_stands_twice_and_is_refused_once_gets_a_card_by_the_other_item(
    program: Program, sandbox: Sandbox
) -> None:
    other, twice = item(patid="P1"), item(patid="P1")
    program.ok(OPERATION, {"healthCardItems": [other]})
    items = [twice, {**twice, "patid": "P2"}, {**twice, "patid": ""}]
    found = program.ok(OPERATION, {"healthCardItems": items})["rspItems"]
    assert [one["resultCode"] for one in found] == [NUMBERS["source_record_taken"], 0, 0]
    assert found[1]["healthCardId"] == found[2]["healthCardId"] != ""
    assert Card.objects.count() == 2


def test_the_same_request_gets_the_same_answer_and_a_new_one_the_same_cards(
    program: Program, sandbox: Sandbox
) -> None:
    body = program.body({"healthCardItems": [item(), item()]})
    path = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/registerBatchHealthCard"
    first = program.post(path, body)
    assert program.post(path, body) == first
    assert Card.objects.count() == 2


def test_who_has_a_card_gets_that_one(program: Program, sandbox: Sandbox) -> None:
    known = holder()
    twice = item(idNumber=known.id_number, birthday="")
    found = program.ok(OPERATION, {"healthCardItems": [twice, {**twice, "patid": ""}]})["rspItems"]
    assert [one["healthCardId"] for one in found] == [known.number.value] * 2
    assert Card.objects.count() == 1


@pytest.mark.parametrize(
    ("req", "error"),
    [
        ({}, "tencent_missing_parameter"),
        ({"healthCardItems": []}, "tencent_bad_parameter"),
        ({"healthCardItems": "x"}, "tencent_bad_parameter"),
        ({"healthCardItems": [1]}, "tencent_bad_parameter"),
        ({"healthCardItems": [{}] * 16}, "tencent_bad_parameter"),
    ],
)
def test_a_list_that_is_none_fails_as_a_whole(program: Program, req: dict[str, Any], error: str) -> None:
    answer = program.call(OPERATION, req)
    assert number_of(answer) == NUMBERS[error]
    assert answer["rsp"] == {"rspItems": ""}


def test_a_stopped_channel_and_a_missing_scope_refuse_the_call(program: Program, sandbox: Sandbox) -> None:
    reader = Place(scopes=("card:read",)).program
    reader.sign_in()
    assert number_of(reader.call(OPERATION, {"healthCardItems": [item()]})) == NUMBERS["scope_missing"]
    switch_channel(channel=Channel.BATCH, is_open=False, reason="测试", actor=CENTRE)
    assert number_of(program.call(OPERATION, {"healthCardItems": [item()]})) != 0
    assert not Card.objects.exists()
