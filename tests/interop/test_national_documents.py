"""What the page for programs of the national SDK says is what the dialect does."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import time_machine
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.padding import PKCS7

from cards.errors import CodeUsed
from foundation.gateway.models import ClientKey
from institutions import services as institution_services
from interop.dialects.national.errors import REFUSED, RETURN_CODES, sentence_of
from interop.dialects.national.methods import METHODS
from interop.dialects.national.methods.base import Method
from tests.cards.world import CENTRE, Holder, code_of
from tests.interop.sdk_programs import PATHS, SdkProgram, sm3, sm4
from tests.interop.world import Place
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("HI-11")
PAGE = (Path(__file__).resolve().parents[2] / "docs/institutions/national.md").read_text()
TEXTS = re.findall(r"```text\n(.*?)\n```", PAGE, re.S)
SECRET, SYSTEM_KEY, SIGNED, DIGEST, IN_CLEAR, ENCRYPTED, REGISTRATION = TEXTS
APP_ID, CLEAR_KEY, PIN = "APPTEST01", "SYSTEMKEY-TEST01", "123456"


def tables(part: str) -> list[list[list[str]]]:
    """The cells of the tables of a part, without their heads."""
    found = [block.splitlines()[2:] for block in re.findall(r"(?:^\|.*\n)+", part, re.M)]
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in lines] for lines in found]


def section(heading: str) -> str:
    return re.split(r"\n##+ ", PAGE.split(f"{heading}\n", 1)[1], maxsplit=1)[0]


def names(rows: list[list[str]]) -> list[str]:
    return [name for row in rows for name in re.findall(r"`(\w+)`", row[0])]


def test_the_sample_application_is_made_up_of_its_parts() -> None:
    assert sm3(APP_ID + CLEAR_KEY) == SECRET
    pin = PIN.encode() + bytes(range(len(PIN), 16))
    assert pin.hex() in section("## Setting up the SDK")
    padder = PKCS7(128).padder()
    padded = padder.update(CLEAR_KEY.encode()) + padder.finalize()
    cipher = Cipher(SM4(pin), modes.ECB()).encryptor()
    assert (cipher.update(padded) + cipher.finalize()).hex() == SYSTEM_KEY


def test_the_sample_digests_are_right() -> None:
    assert sm3(SIGNED + SECRET) == DIGEST
    program = SdkProgram(APP_ID, SECRET, "")
    for text in (IN_CLEAR, ENCRYPTED, REGISTRATION):
        form = dict(parse_qsl(text, strict_parsing=True))
        assert list(form) == sorted(form)
        content = form["biz_content"] if form["enc_type"] == "PLAIN" else '{"ehealth_code":"AB:1"}'
        assert program.digest(form, content) == form["digest"]
        assert form["biz_content"] == (content if form["enc_type"] == "PLAIN" else sm4(content))
    assert dict(parse_qsl(IN_CLEAR))["digest"] == DIGEST


@pytest.mark.django_db
def test_the_sample_requests_are_answered_as_the_page_says(place: Place, sandbox: Sandbox) -> None:
    program = place.sdk_program(place.client)
    row = ClientKey.objects.get(kid=program.app_id)
    row.kid, row.secret, row.not_before = APP_ID, CLEAR_KEY, datetime(2020, 1, 1, tzinfo=UTC)
    row.save()
    for terminal_id in ("T001", "T0001"):
        institution_services.add_terminal(
            institution=place.public_id, terminal_id=terminal_id, name="窗口", kind="01", actor=CENTRE
        )
    for text, method, answer in (
        (IN_CLEAR, "verify", "4001"),
        (ENCRYPTED, "verify", "4001"),
        (REGISTRATION, "register", "0"),
    ):
        milliseconds = int(dict(parse_qsl(text))["timestamp"])
        with time_machine.travel(milliseconds / 1000, tick=False):
            found = program.post(PATHS[method], text.encode())
        assert found["return_code"] == answer
    stated = json.loads(section("### register").split("```json\n", 1)[1].split("```", 1)[0])
    assert stated["biz_content"].keys() == found["biz_content"].keys()
    for name in ("mindex_id", "card_state", "is_new"):
        assert stated["biz_content"][name] == found["biz_content"][name]


@pytest.mark.django_db
@pytest.mark.parametrize("enc_type", ["PLAIN", "SM4"])
def test_the_sample_program_is_let_in(sdk: SdkProgram, who: Holder, enc_type: str) -> None:
    room: dict[str, Any] = {}
    exec(section("### Without the SDK").split("```python\n", 1)[1].split("```", 1)[0], room)
    body = room["request"](
        "verify",
        {"ehealth_code": code_of(who)},
        app_id=sdk.app_id,
        app_secret=sdk.app_secret,
        term_id=sdk.term_id,
        enc_type=enc_type,
    )
    assert sdk.post(PATHS["verify"], body.encode())["return_code"] == "0"


def test_the_sample_answers_are_answers() -> None:
    success, failure = (
        json.loads(text) for text in re.findall(r"```json\n(.*?)\n```", section("## Answer"), re.S)
    )
    assert success["return_code"] == "0"
    assert (failure["return_code"], failure["biz_content"]) == (RETURN_CODES["code_used"], {})
    assert failure["return_msg"] == sentence_of(CodeUsed())


def test_every_return_code_is_explained() -> None:
    (rows,) = tables(section("## Return codes"))
    assert {(row[1].strip("`"), row[0]) for row in rows if row[1]} == set(RETURN_CODES.items())
    assert all(row[2] for row in rows)
    assert f"is {REFUSED}" in section("## Return codes")


def test_the_table_of_methods_is_that_of_the_dialect() -> None:
    (rows,) = tables(section("## Methods"))
    stated = {
        (name.strip("`"), address.strip("`"), frozenset(re.findall(r"`(.*?)`", scopes)), serial.strip("`"))
        for name, address, scopes, serial in rows
    }
    assert stated == {(method.name, f"/{method.path}", method.scopes, method.serial) for method in METHODS}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_names_of_content_and_answer_are_stated(method: Method) -> None:
    content, answer, *_ = tables(section(f"### {method.name}"))
    assert names(answer) == list(method.answers)
    assert {name for name in (method.serial, method.time) if name} <= set(names(content))
