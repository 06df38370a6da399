"""The envelope of the national SDK's dialect: form, encryption and digest."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from foundation.core import clock
from foundation.gateway import services as gateway
from foundation.gateway.models import ClientKey
from institutions import services as institution_services
from tests.cards.world import CENTRE, Holder, code_of, static_of
from tests.interop.answers import refused_by_sdk as refused
from tests.interop.sdk_programs import (
    PATHS,
    DesktopProgram,
    EncryptingProgram,
    SdkProgram,
    encoded,
    numbered,
    read,
    sm3,
    sm4,
)
from tests.interop.world import Place, bind

pytestmark = [pytest.mark.django_db, pytest.mark.row("HI-11")]
NOBODY = "0" * 64 + ":1"

# The vector of the description, which no code of ours has made.

VECTOR_APP, VECTOR_KEY = "APPTEST01", "SYSTEMKEY-TEST01"
VECTOR_SECRET = "EBB82658B4B3705B7C70FC1EBB88D91517C911167870A331EA1D87B29C260B2D"
VECTOR_CONTENT = '{"ehealth_code":"AB:1"}'
VECTOR_DIGEST = "A8F179E1FFCFB3FFB8B10EA0D87C2C8B523298E398CB8812CFEBE7BBED1C5032"
VECTOR_CIPHERTEXT = "289589ee9ad8786b14c5e7bbff3c6e9dc5fc2b9d745bb28cb66471a79b235646"


def test_the_program_of_these_tests_makes_the_published_values() -> None:
    program = SdkProgram(VECTOR_APP, sm3(VECTOR_APP + VECTOR_KEY), "T001")
    form = program.form("verify", VECTOR_CONTENT, timestamp="1700000000000")
    assert program.app_secret == VECTOR_SECRET
    assert form["digest"] == VECTOR_DIGEST
    assert sm4(VECTOR_CONTENT) == VECTOR_CIPHERTEXT
    assert list(form) == sorted(form)


@pytest.mark.parametrize("enc_type", ["PLAIN", "SM4"])
def test_the_published_request_is_let_in(place: Place, enc_type: str) -> None:
    key = gateway.add_key(client=place.client, algorithm="NATIONAL", actor=CENTRE)
    row = ClientKey.objects.get(public_id=key.public_id)
    row.kid, row.secret, row.not_before = VECTOR_APP, VECTOR_KEY, clock.now() - timedelta(days=3650)
    row.save()
    institution_services.add_terminal(
        institution=place.public_id, terminal_id="T001", name="二号窗口", kind="01", actor=CENTRE
    )
    is_clear = enc_type == "PLAIN"
    form = {
        "app_id": VECTOR_APP,
        "biz_content": VECTOR_CONTENT if is_clear else VECTOR_CIPHERTEXT,
        "digest": VECTOR_DIGEST if is_clear else sm4_digest(),
        "digest_type": "SM3",
        "enc_type": enc_type,
        "method": "verify",
        "term_id": "T001",
        "timestamp": "1700000000000",
        "version": "v1.0.0",
    }
    with time_machine.travel("2023-11-14T22:13:21Z", tick=False):
        answer = SdkProgram(VECTOR_APP, VECTOR_SECRET, "T001").post(PATHS["verify"], encoded(form))
    refused(answer, "code_malformed")


def sm4_digest() -> str:
    text = (
        '{"method":"verify","app_id":"APPTEST01","term_id":"T001","version":"v1.0.0",'
        '"timestamp":"1700000000000","digest_type":"SM3","enc_type":"SM4",'
        '"biz_content":{"ehealth_code":"AB:1"}}'
    )
    return sm3(text + VECTOR_SECRET)


# Variants that the description names, or that programs of other languages make


@pytest.mark.parametrize("kind", [EncryptingProgram, DesktopProgram])
def test_programs_of_other_kinds_are_let_in(sdk: SdkProgram, who: Holder, kind: type[Any]) -> None:
    assert kind(sdk).ok("verify", {"ehealth_code": code_of(who)})["ehealth_card_id"] == who.number.value


def test_the_digest_covers_the_text_as_it_was_written(sdk: SdkProgram, place: Place, who: Holder) -> None:
    bind(who, place)
    for address in ('"\\u6d4b\\/试 1/2"', '"测/试 A&B=C%+?\\"\\\\"'):
        text = f'{{ "address" : {address},\t"ehealth_card_id":"{who.number.value}"'
        for program in (sdk, EncryptingProgram(sdk)):
            serial = ",".join(f'"{name}":"{value}"' for name, value in numbered("alterinfo").items())
            program.ok("alterinfo", f"{text},{serial}}}\n")


def test_hexadecimal_digits_may_be_of_either_case(sdk: SdkProgram, who: Holder) -> None:
    form = EncryptingProgram(sdk).form("verify", {"ehealth_code": static_of(who)})
    form["biz_content"] = form["biz_content"].upper()
    form["digest"] = form["digest"].lower()
    assert sdk.post(PATHS["verify"], encoded(form))["return_code"] == "0"


def test_a_content_of_whole_blocks_may_have_a_block_of_zeros_behind_it(sdk: SdkProgram) -> None:
    program = EncryptingProgram(sdk)
    text = '{"ehealth_code":"' + NOBODY + '"'
    text += " " * (-(len(text) + 1) % 16) + "}"
    form = program.form("verify", text)
    assert len(text) % 16 == 0
    assert len(form["biz_content"]) == 2 * len(text)
    refused(sdk.post(PATHS["verify"], encoded(form)), "card_unknown")
    form = program.form("verify", text)
    form["biz_content"] = sm4(text + "\0" * 16)
    refused(sdk.post(PATHS["verify"], encoded(form)), "card_unknown")


def test_a_form_without_a_type_is_read_as_one(sdk: SdkProgram) -> None:
    body = sdk.body("verify", {"ehealth_code": NOBODY})
    refused(sdk.post(PATHS["verify"], body, content_type=""), "card_unknown")


def test_fields_that_are_not_of_the_envelope_are_passed_over(sdk: SdkProgram) -> None:
    form = {**sdk.form("verify", {"ehealth_code": NOBODY}), "sign": "x", "扩展": "1"}
    refused(sdk.post(PATHS["verify"], encoded(form)), "card_unknown")


# What is no form of the dialect


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "national_missing_parameter"),
        (b"{}", "national_missing_parameter"),
        (b'{"method":"verify"}', "national_missing_parameter"),
        (b"method=verify&method=verify", "national_bad_form"),
        (b"method=verify&app_id=%ff%fe", "national_bad_form"),
        ("method=verify&app_id=测试".encode(), "national_bad_form"),
        (b"&".join(b"a%d=1" % n for n in range(40)), "national_bad_form"),
        (b"\x00\xff" * 50, "national_bad_form"),
        (b"x" * 70_000, "body_too_large"),
    ],
)
def test_what_is_no_form_is_refused(sdk: SdkProgram, body: bytes, error: str) -> None:
    for path in PATHS.values():
        refused(sdk.post(path, body), error)


def test_other_types_methods_and_addresses_are_refused(sdk: SdkProgram) -> None:
    body = sdk.body("verify", {"ehealth_code": NOBODY})
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = sdk.post(PATHS["verify"], body, content_type=content_type)
        refused(answer, "unsupported_content_type")
        assert "application/x-www-form-urlencoded" in answer["return_msg"]
    for path in ("/hospital/v3/", "/hospital/v3/user/delete", "/hospital/v3/register/"):
        refused(sdk.post(path, body), "national_method_unknown")
    for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
        got = Client().generic(method, PATHS["verify"], body, sdk.content_type)
        assert got.status_code == 200
        if method != "HEAD":
            refused(read(got.content, got["Content-Type"]), "national_method")
    refused(sdk.post(PATHS["verify"], body, HTTP_TRANSFER_ENCODING="chunked"), "length_required")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"method": "query"}, "national_bad_parameter"),
        ({"method": "VERIFY"}, "national_bad_parameter"),
        ({"version": "v2.0.0"}, "national_bad_parameter"),
        ({"version": ""}, "national_missing_parameter"),
        ({"digest_type": "MD5"}, "national_bad_parameter"),
        ({"enc_type": "AES"}, "national_bad_parameter"),
        ({"enc_type": "plain"}, "national_bad_parameter"),
        ({"enc_type": ""}, "national_missing_parameter"),
        ({"timestamp": "1700000000"}, "national_bad_parameter"),
        ({"timestamp": "20261121093000"}, "national_bad_parameter"),
        ({"timestamp": "１７０００００００００００"}, "national_bad_parameter"),
        ({"timestamp": "1700000000000"}, "national_clock_skew"),
        ({"timestamp": "9999999999999"}, "national_clock_skew"),
        ({"app_id": "nobody-here"}, "national_bad_parameter"),
        ({"app_id": "nobodyhere"}, "national_bad_digest"),
        ({"app_id": ""}, "national_missing_parameter"),
        ({"term_id": ""}, "national_missing_parameter"),
        ({"term_id": "W" * 33}, "national_bad_parameter"),
        ({"term_id": "一号/窗口"}, "national_bad_parameter"),
        ({"term_id": "W99"}, "terminal_unknown"),
        ({"digest": "0" * 64}, "national_bad_digest"),
        ({"digest": "Z" * 64}, "national_bad_parameter"),
        ({"digest": ""}, "national_missing_parameter"),
    ],
)
def test_a_wrong_field_of_the_envelope_is_refused_and_spends_nothing(
    sdk: SdkProgram, who: Holder, changes: dict[str, str], error: str
) -> None:
    text = code_of(who)
    refused(sdk.call("verify", {"ehealth_code": text}, **changes), error)
    sdk.ok("verify", {"ehealth_code": text})


@pytest.mark.parametrize("name", ["method", "app_id", "term_id", "version", "timestamp", "digest_type"])
def test_the_digest_covers_every_field(sdk: SdkProgram, name: str) -> None:
    form = sdk.form("verify", {"ehealth_code": NOBODY})
    other = {
        "method": "verify",
        "app_id": sdk.app_id,
        "term_id": "W02",
        "timestamp": str(int(form["timestamp"]) + 1),
    }.get(name)
    del form[name]
    refused(sdk.post(PATHS["verify"], encoded(form)), "national_missing_parameter")
    if other is not None and name in {"term_id", "timestamp"}:
        refused(sdk.post(PATHS["verify"], encoded({**form, name: other})), "national_bad_digest")


def test_the_digest_covers_the_content(sdk: SdkProgram) -> None:
    for program in (sdk, EncryptingProgram(sdk)):
        form = program.form("verify", {"ehealth_code": NOBODY})
        text = program.write({"ehealth_code": "1" * 64 + ":1"})
        form["biz_content"] = sm4(text) if program.enc_type == "SM4" else text
        refused(sdk.post(PATHS["verify"], encoded(form)), "national_bad_digest")


def test_the_kind_of_encryption_is_under_the_digest(sdk: SdkProgram) -> None:
    form = sdk.form("verify", {"ehealth_code": NOBODY})
    form["enc_type"], form["biz_content"] = "SM4", sm4(form["biz_content"])
    refused(sdk.post(PATHS["verify"], encoded(form)), "national_bad_digest")


@pytest.mark.parametrize(
    "content",
    [
        "zz" * 16,
        "00" * 15,
        "00" * 16,
        "AB" * 16,
        '{"ehealth_code":"AB:1"}',
        "KJWJ7prYeGsUxee7/zxuncX8K510W7KMtmRxp5sjVkY=",
    ],
)
def test_what_cannot_be_decrypted_is_refused(sdk: SdkProgram, content: str) -> None:
    form = EncryptingProgram(sdk).form("verify", {"ehealth_code": NOBODY})
    refused(sdk.post(PATHS["verify"], encoded({**form, "biz_content": content})), "national_bad_encryption")


@pytest.mark.parametrize(
    "content",
    [
        "AB:1",
        "[]",
        "null",
        '"text"',
        "{",
        '{"ehealth_code":"a","ehealth_code":"b"}',
        '{"ehealth_code":NaN}',
        '{"ehealth_code":"\\ud800"}',
        '{"ehealth_code":"\\u0000"}',
        '{"a":' * 50 + "1" + "}" * 50,
        '{"ehealth_code":' + "9" * 5_000 + "}",
    ],
)
def test_a_content_that_is_no_object_is_refused(sdk: SdkProgram, content: str) -> None:
    for program in (sdk, EncryptingProgram(sdk)):
        refused(program.call("verify", content), "not_json")
