"""The population database as the sandbox plays it."""

import hashlib
import hmac
import json
import secrets
import time
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from sandbox import identity_numbers, population
from tests.sandbox_server import Sandbox

PATH = "/population/v1/check"
NUMBER = "11010019900101997X"
DUMMY = "11010020171225006X"
DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "sandbox.md"


def signed(content: bytes, **changes: str) -> dict[str, str]:
    """The headers of a call, put together by the document and by nothing of ours."""
    app, key = settings.POPULATION_APP_ID, settings.POPULATION_KEY
    headers = {
        "X-App-Id": app,
        "X-Timestamp": str(int(time.time())),
        "X-Nonce": secrets.token_hex(16),
        **changes,
    }
    digest = hashlib.new("sm3", content).hexdigest()
    lines = ["POST", PATH, headers["X-App-Id"], headers["X-Timestamp"], headers["X-Nonce"], digest]
    signature = hmac.new(key.encode(), "\n".join(lines).encode(), "sm3").hexdigest()
    return {"X-Signature": signature, **headers}


def ask(sandbox: Sandbox, **changes: Any) -> httpx.Response:
    question = {
        "request_id": secrets.token_hex(8),
        "id_type": "01",
        "id_number": NUMBER,
        "name": "林知秋",
        **changes,
    }
    content = json.dumps(question).encode()
    return sandbox.http.post(PATH, content=content, headers=signed(content))


@pytest.mark.parametrize("number", [NUMBER, DUMMY, DUMMY.lower()])
@pytest.mark.parametrize("name", ["林知秋", "阿依古丽·买买提", "𠮷野龘", "ALEXANDRA CONSTANTINOPOULOS"])
def test_any_valid_number_matches_any_name(sandbox: Sandbox, number: str, name: str) -> None:
    answer = ask(sandbox, id_number=number, name=name)
    assert answer.status_code == 200
    assert answer.json()["result"] == "match"
    assert answer.json()["reference"]


@pytest.mark.parametrize("id_type", ["02", "03", "06", "08", "99"])
def test_other_certificates_match_with_any_number(sandbox: Sandbox, id_type: str) -> None:
    assert ask(sandbox, id_type=id_type, id_number="E12345678").json()["result"] == "match"


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("测不符", NUMBER, "mismatch"),
        ("测无此人", NUMBER, "not_found"),
        ("林知秋", "110100199001019910", "mismatch"),
        ("林知秋", "110100199001019929", "not_found"),
        ("测无此人", "110100199001019910", "mismatch"),
    ],
)
def test_magic_values_answer_as_documented(sandbox: Sandbox, name: str, number: str, result: str) -> None:
    assert ask(sandbox, name=name, id_number=number).json()["result"] == result


def test_magic_values_for_errors_answer_as_documented(sandbox: Sandbox) -> None:
    assert ask(sandbox, name="测故障").status_code == 500
    with pytest.raises(ValueError, match="Expecting value"):
        ask(sandbox, name="测乱码").json()
    started = time.monotonic()
    assert ask(sandbox, name="测缓慢").json()["result"] == "match"
    assert time.monotonic() - started > 2.9


def test_the_document_lists_every_magic_value() -> None:
    text = DOCUMENT.read_text("utf-8")
    for value in [*population.MAGIC_NAMES, *population.MAGIC_NUMBERS]:
        assert value in text


def test_magic_numbers_are_valid_numbers() -> None:
    assert all(identity_numbers.is_valid(number) for number in population.MAGIC_NUMBERS)


def test_the_same_request_gets_the_same_answer(sandbox: Sandbox) -> None:
    first = ask(sandbox, request_id="check-1")
    assert ask(sandbox, request_id="check-1").json() == first.json()
    other = ask(sandbox, request_id="check-1", name="另一人")
    assert (other.status_code, other.json()["code"]) == (409, "request_id_reused")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id_number": "110100199001019971"}, "id_number"),
        ({"id_number": "11010019900230997X"}, "id_number"),
        ({"id_number": "1101001990010199"}, "id_number"),
        ({"id_number": "１１０１００１９９００１０１９９７X"}, "id_number"),
        ({"id_number": "²1010019900101997X"}, "id_number"),
        ({"id_number": 110100199001019910}, "id_number"),
        ({"id_type": "1"}, "id_type"),
        ({"id_type": "身份"}, "id_type"),
        ({"name": "  "}, "name"),
        ({"name": "长" * 200}, "name"),
        ({"request_id": ""}, "request_id"),
    ],
)
def test_bad_input_names_the_field(sandbox: Sandbox, changes: dict[str, Any], field: str) -> None:
    answer = ask(sandbox, **changes)
    assert answer.status_code == 400
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"X-App-Id": "somebody"}, "app_unknown"),
        ({"X-Timestamp": "1"}, "timestamp_outside_window"),
        ({"X-Timestamp": "soon"}, "timestamp_outside_window"),
        ({"X-Timestamp": "9" * 5000}, "timestamp_outside_window"),
        ({"X-Nonce": "short"}, "nonce_invalid"),
        ({"X-Signature": "0" * 64}, "signature_invalid"),
        ({"X-Signature": ""}, "signature_invalid"),
    ],
)
def test_a_call_without_a_right_signature_is_refused(
    sandbox: Sandbox, changes: dict[str, str], code: str
) -> None:
    answer = sandbox.http.post(PATH, content=b"{}", headers=signed(b"{}", **changes))
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_a_call_is_not_accepted_twice(sandbox: Sandbox) -> None:
    headers = signed(b"{}")
    assert sandbox.http.post(PATH, content=b"{}", headers=headers).status_code == 400
    replay = sandbox.http.post(PATH, content=b"{}", headers=headers)
    assert (replay.status_code, replay.json()["code"]) == (401, "nonce_used")


def test_the_signature_covers_the_body(sandbox: Sandbox) -> None:
    answer = sandbox.http.post(PATH, content=b'{"name": "x"}', headers=signed(b"{}"))
    assert answer.json()["code"] == "signature_invalid"


@given(st.dates(min_value=date(1900, 1, 1)), st.integers(0, 999))
def test_of_eleven_last_characters_one_is_valid(born: date, sequence: int) -> None:
    first = f"110100{born:%Y%m%d}{sequence:03d}"
    valid = [last for last in "0123456789X" if identity_numbers.is_valid(first + last)]
    assert valid == [identity_numbers.check_digit(first)]


@given(st.text(max_size=20) | st.text("0123456789X", min_size=17, max_size=19))
def test_no_text_breaks_the_check_of_numbers(text: str) -> None:
    assert not identity_numbers.is_valid(text) or (len(text) == 18 and text.isascii())
