"""The SMS gateway as the sandbox plays it."""

from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.sandbox_server import Sandbox

PHONE = "19900001234"


def send(sandbox: Sandbox, key: bytes | None = None, **changes: Any) -> httpx.Response:
    message = {
        "phone": PHONE,
        "template": "sign_in_code",
        "params": {"code": "402817", "minutes": 5},
        "request_id": "request-1",
        **changes,
    }
    headers = {b"X-Api-Key": settings.SMS_KEY.encode() if key is None else key}
    return sandbox.http.post("/sms/v1/messages", json=message, headers=headers)


def test_a_message_is_shown_with_its_code(sandbox: Sandbox) -> None:
    assert send(sandbox).status_code == 200
    (message,) = sandbox.messages(PHONE)
    assert message["code"] == "402817"
    assert "402817" in message["text"]
    assert "402817" in sandbox.http.get("/console/sms").text


def test_the_newest_message_stands_first(sandbox: Sandbox) -> None:
    send(sandbox)
    send(sandbox, request_id="request-2", params={"code": "999000", "minutes": 5})
    assert sandbox.sms_code(PHONE) == "999000"


def test_the_same_request_sends_once(sandbox: Sandbox) -> None:
    first, second = send(sandbox).json(), send(sandbox).json()
    assert first == second
    assert len(sandbox.messages(PHONE)) == 1


def test_the_same_request_id_with_other_content_is_refused(sandbox: Sandbox) -> None:
    send(sandbox)
    answer = send(sandbox, params={"code": "111111", "minutes": 5})
    assert (answer.status_code, answer.json()["code"]) == (409, "request_id_reused")
    assert sandbox.sms_code(PHONE) == "402817"


def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    assert send(sandbox, key=b"").status_code == 401
    assert send(sandbox, key="密钥".encode()).status_code == 401
    assert sandbox.messages(PHONE) == []


def test_an_unknown_template_is_shown_with_its_parameters(sandbox: Sandbox) -> None:
    assert send(sandbox, template="card.issued", params={"place": "示范医院"}).status_code == 200
    assert "place：示范医院" in sandbox.messages(PHONE)[0]["text"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "12345678901"}, "phone_invalid"),
        ({"phone": 13900001111}, "field_missing"),
        ({"phone": ""}, "field_missing"),
        ({"template": "../etc"}, "template_invalid"),
        ({"template": "x" * 80}, "field_too_long"),
        ({"params": ["a"]}, "params_invalid"),
        ({"params": {"code": None}}, "params_invalid"),
        ({"params": {"code": "1"}}, "params_missing"),
        ({"request_id": None}, "field_missing"),
    ],
)
def test_bad_input_is_refused_with_a_reason(sandbox: Sandbox, changes: dict[str, Any], code: str) -> None:
    answer = send(sandbox, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert sandbox.messages(PHONE) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff\xfe", b'"text"', b'{"phone": NaN}', b'{"phone": "\\ud800"}', b"[" * 9000],
)
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, content: bytes) -> None:
    answer = sandbox.http.post("/sms/v1/messages", content=content, headers={"X-Api-Key": settings.SMS_KEY})
    assert answer.status_code == 400
    assert answer.json()["code"] in {"body_not_json", "body_not_object"}


def test_magic_numbers_behave_as_documented(sandbox: Sandbox) -> None:
    assert send(sandbox, phone="19900004030").json()["code"] == "number_rejected"
    assert send(sandbox, phone="19900005000").status_code == 500


def test_a_number_can_be_rejected_by_a_switch(sandbox: Sandbox) -> None:
    sandbox.fault("sms", "reject", phone=PHONE)
    assert send(sandbox).status_code == 422
    assert send(sandbox, phone="19900009999").status_code == 200
