"""Envelope, signature and single use: how a request has to look."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.core import clock
from foundation.gateway.tasks import purge_idempotency
from interop.dialects.tencent.errors import NUMBERS
from tests.cards.world import holder
from tests.interop import programs
from tests.interop.answers import number_of
from tests.interop.programs import Program
from tests.interop.world import Place

BY_ID = "getHealthCardByHealthCardId"
BY_ID_PATH = programs.CARD_SERVER + BY_ID


@pytest.fixture
def by_id(db: None) -> dict[str, Any]:
    return {"healthCardId": holder().number.value}


# Envelope


def test_a_wrong_signature_is_refused_and_does_not_use_up_the_request_id(
    program: Program, by_id: dict[str, Any]
) -> None:
    answer = program.call(BY_ID, by_id, requestId="R1", sign="A" * 43 + "=")
    assert number_of(answer) == NUMBERS["tencent_bad_signature"]
    program.ok(BY_ID, by_id, requestId="R1")


def test_a_changed_field_breaks_the_signature(program: Program, by_id: dict[str, Any]) -> None:
    body = program.body({**by_id, "ext": "a"}).replace(b'"ext":"a"', b'"ext":"b"')
    assert number_of(program.post(BY_ID_PATH, body)) == NUMBERS["tencent_bad_signature"]


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_a_skewed_clock_is_told_the_right_time(program: Program, by_id: dict[str, Any], seconds: int) -> None:
    # The clock stands: a second later the early one would be in time.
    with time_machine.travel(int(time.time()), tick=False):
        answer = program.call(BY_ID, by_id, timestamp=int(time.time()) + seconds)
        assert number_of(answer) == NUMBERS["tencent_clock_skew"]
        assert str(int(time.time()))[:8] in answer["commonOut"]["errMsg"]


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_within_five_minutes_is_right_enough(
    program: Program, by_id: dict[str, Any], seconds: int
) -> None:
    program.ok(BY_ID, by_id, timestamp=str(int(time.time()) + seconds))


@pytest.mark.parametrize(
    ("common", "error"),
    [
        ({"requestId": ""}, "tencent_missing_parameter"),
        ({"requestId": None}, "tencent_missing_parameter"),
        ({"requestId": "R 1"}, "tencent_bad_parameter"),
        ({"requestId": "R" * 65}, "tencent_bad_parameter"),
        ({"requestId": {"a": 1}}, "tencent_bad_parameter"),
        ({"requestId": "<script>"}, "tencent_bad_parameter"),
        ({"hospitalId": None}, "tencent_missing_parameter"),
        ({"hospitalId": []}, "tencent_bad_parameter"),
        ({"hospitalId": "00000"}, "tencent_hospital_mismatch"),
        ({"timestamp": None}, "tencent_missing_parameter"),
        ({"timestamp": "now"}, "tencent_bad_parameter"),
        ({"timestamp": 1.5e9}, "tencent_bad_parameter"),
        ({"timestamp": int(time.time() * 1000)}, "tencent_bad_parameter"),
        ({"timestamp": True}, "tencent_bad_parameter"),
        ({"timestamp": "٠" * 10}, "tencent_bad_parameter"),
        ({"channelNum": "app"}, "tencent_bad_parameter"),
        ({"channelNum": {}}, "tencent_bad_parameter"),
        ({"appToken": None}, "tencent_missing_parameter"),
        ({"appToken": 7}, "tencent_bad_token"),
        ({"sign": None}, "tencent_bad_signature"),
        ({"sign": 7}, "tencent_bad_signature"),
    ],
)
def test_each_wrong_field_of_the_envelope_gets_a_clear_error(
    program: Program, by_id: dict[str, Any], common: dict[str, Any], error: str
) -> None:
    answer = program.call(BY_ID, by_id, **common)
    assert number_of(answer) == NUMBERS[error], answer
    assert answer["rsp"] == {"card": ""}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "tencent_bad_body"),
        (b"commonIn=%7B%7D&req=%7B%7D", "tencent_bad_body"),
        (b"<xml/>", "tencent_bad_body"),
        (b"\xff\xfe\x00", "tencent_bad_body"),
        (b"[]", "tencent_bad_body"),
        (b"null", "tencent_bad_body"),
        (b'{"commonIn":[],"req":{}}', "tencent_bad_body"),
        (b'{"commonIn":{},"req":[]}', "tencent_bad_body"),
        (b'{"req":{}}', "tencent_bad_body"),
        (b'{"commonIn":{"requestId":"a","requestId":"b"},"req":{}}', "tencent_bad_body"),
        (b'{"commonIn":{"requestId":"a"},"req":{"requestId":"b"}}', "tencent_bad_body"),
        (b'{"commonIn":{"requestId":"\\u0000"},"req":{}}', "tencent_bad_parameter"),
        (b'{"commonIn":{"requestId":"\\ud800"},"req":{}}', "tencent_bad_body"),
        (b'{"commonIn":' * 30_000, "body_too_large"),
        (b"[" * 60_000, "tencent_bad_body"),
        (b" " * 65_537, "body_too_large"),
    ],
)
def test_what_is_no_envelope_gets_a_clear_error(program: Program, body: bytes, error: str) -> None:
    answer = program.post(BY_ID_PATH, body)
    assert number_of(answer) == NUMBERS[error]
    assert answer["rsp"] == {"card": ""}
    assert answer["commonOut"]["requestId"] == ""


def test_a_body_in_pieces_without_a_length_is_refused(program: Program) -> None:
    answer = program.post(BY_ID_PATH, b"{}", HTTP_TRANSFER_ENCODING="chunked")
    assert number_of(answer) == NUMBERS["length_required"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_post_is_spoken(db: None, method: str) -> None:
    answer = Client().generic(method, BY_ID_PATH)
    assert answer.status_code == 200
    assert number_of(json.loads(answer.content)) == NUMBERS["tencent_method"]


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "", "multipart/form-data; boundary=x"]
)
def test_the_body_is_read_whatever_its_type_says(
    program: Program, by_id: dict[str, Any], content_type: str
) -> None:
    answer = program.post(BY_ID_PATH, program.body(by_id), content_type=content_type)
    assert number_of(answer) == 0


def test_errors_are_chinese_whatever_the_http_library_asks_for(program: Program) -> None:
    answer = program.post(BY_ID_PATH, b"", HTTP_ACCEPT_LANGUAGE="en")
    assert "请" in answer["commonOut"]["errMsg"]


# Single use


def test_the_same_request_gets_the_stored_answer(program: Program, by_id: dict[str, Any]) -> None:
    body = program.body(by_id, requestId="R1")
    assert program.post(BY_ID_PATH, body) == program.post(BY_ID_PATH, body)


def test_a_request_id_belongs_to_one_request_of_one_operation(
    program: Program, by_id: dict[str, Any]
) -> None:
    program.ok(BY_ID, by_id, requestId="R1")
    other_body = program.call(BY_ID, {**by_id, "ext": "x"}, requestId="R1")
    assert number_of(other_body) == NUMBERS["tencent_request_id_used"]
    text = by_id["healthCardId"] + ":1"
    other_operation = program.call("getHealthCardByQRCode", {"qrCodeText": text}, requestId="R1")
    assert number_of(other_operation) == NUMBERS["tencent_request_id_used"]
    assert number_of(program.ask_token(requestId="R1")) == NUMBERS["tencent_request_id_used"]


def test_a_refusal_is_kept_like_any_answer(program: Program) -> None:
    program.call(BY_ID, {"healthCardId": "0" * 64}, requestId="R1")
    again = program.call(BY_ID, {"healthCardId": "1" * 64}, requestId="R1")
    assert number_of(again) == NUMBERS["tencent_request_id_used"]


def test_two_programs_may_number_alike(place: Place, by_id: dict[str, Any]) -> None:
    _, _, other = place.new_program("LIS")
    for program in (place.program, other):
        program.sign_in()
        program.ok(BY_ID, by_id, requestId="0001")


def test_a_request_id_is_kept_for_two_days(program: Program, by_id: dict[str, Any]) -> None:
    program.ok(BY_ID, by_id, requestId="R1")
    with time_machine.travel(clock.now() + timedelta(hours=47), tick=True):
        purge_idempotency()
        program.sign_in()
        answer = program.call(BY_ID, {**by_id, "ext": "x"}, requestId="R1")
    assert number_of(answer) == NUMBERS["tencent_request_id_used"]
