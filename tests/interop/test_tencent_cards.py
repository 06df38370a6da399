"""104, 158 and 161: cards, and codes for them."""

import base64
import json
import struct
import time
import zlib
from datetime import timedelta
from typing import Any

import pytest
import time_machine
import zxingcpp

from cards.models import CodeMint, UsageRecord
from cards.services import life
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events.models import OutboxMessage
from tests.cards.world import CENTRE, Holder, code_of, holder, set_rules, static_of
from tests.interop.answers import CARD_KEYS, VERIFY_KEYS, freeze, number_of, refused
from tests.interop.programs import CARD_SERVER, OPEN_PLATFORM, Program
from tests.interop.world import TERMINAL, Place, bind, visit

pytestmark = pytest.mark.row("HI-09")

BY_ID = "getHealthCardByHealthCardId"
READING = {"getHealthCardByQRCode": {"card"}, "verifyQRCode": VERIFY_KEYS, BY_ID: {"card"}}


@pytest.mark.parametrize("operation", READING)
@pytest.mark.parametrize("kind", ["dynamic", "static"])
def test_a_stored_answer_is_not_read_out_while_the_card_is_frozen(
    program: Program, who: Holder, operation: str, kind: str
) -> None:
    text = code_of(who) if kind == "dynamic" else static_of(who)
    req = {
        "getHealthCardByQRCode": {"qrCodeText": text},
        "verifyQRCode": visit(text, medicalStep="010101"),
        BY_ID: {"healthCardId": who.number.value},
    }[operation]
    path = (CARD_SERVER if operation == BY_ID else OPEN_PLATFORM) + operation
    body = program.body(req)
    first = program.post(path, body)
    assert number_of(first) == 0
    freeze(who)
    refused(program.post(path, body), "card_frozen", READING[operation])
    life.unfreeze_card(card_pk=who.card.pk, actor=CENTRE, reason="测试")
    assert program.post(path, body) == first


# 104 getHealthCardByQRCode


def test_the_card_behind_a_code_has_all_its_keys(program: Program, who: Holder) -> None:
    card = program.ok("getHealthCardByQRCode", {"qrCodeText": code_of(who)})["card"]
    assert set(card) == CARD_KEYS
    assert card["qrCodeText"] == static_of(who)
    assert card["idNumber"] == who.id_number
    assert card["phone1"] == "13900000000"
    row = UsageRecord.objects.get()
    assert (row.operation, row.terminal, row.completed_at) == ("104", "", None)


def test_104_consumes_and_143_completes_it_once(program: Program, who: Holder) -> None:
    text = code_of(who)
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    program.ok("verifyQRCode", visit(text, medicalStep="010105"))
    row = UsageRecord.objects.get()
    assert row.completed_at is not None
    assert (row.scene, row.terminal, row.operation) == ("010105", TERMINAL, "104")
    refused(program.call("verifyQRCode", visit(text)), "code_used", VERIFY_KEYS)
    assert UsageRecord.objects.count() == 1


def test_another_program_of_the_hospital_does_not_complete_it(place: Place, who: Holder) -> None:
    place.program.sign_in()
    _, _, other = place.new_program("LIS")
    other.sign_in()
    text = code_of(who)
    place.program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    refused(other.call("verifyQRCode", visit(text)), "code_used", VERIFY_KEYS)
    # It may ask for the card, though: the scan is the institution's.
    other.ok("getHealthCardByQRCode", {"qrCodeText": text})


def test_within_the_scan_the_card_may_be_read_again_and_is_put_on_record(
    program: Program, who: Holder
) -> None:
    text = code_of(who)
    first = program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    with time_machine.travel(time.time() + 25 * 60, tick=True):
        assert program.ok("getHealthCardByQRCode", {"qrCodeText": text}) == first
    assert UsageRecord.objects.count() == 1
    assert AuditEntry.objects.filter(action="card.read").count() == 1


def test_after_half_an_hour_the_scan_is_over(program: Program, who: Holder) -> None:
    text = code_of(who)
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    with time_machine.travel(time.time() + 31 * 60, tick=True):
        answer = program.call("getHealthCardByQRCode", {"qrCodeText": text})
        refused(answer, "scan_session_over", {"card"})
        refused(program.call("verifyQRCode", visit(text)), "scan_session_over", VERIFY_KEYS)


def test_another_hospital_does_not_read_a_code_that_was_scanned(program: Program, who: Holder) -> None:
    text = code_of(who)
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    other = Place().program
    other.sign_in()
    refused(other.call("getHealthCardByQRCode", {"qrCodeText": text}), "code_used", {"card"})


def test_an_expired_code_opens_no_scan(program: Program, who: Holder) -> None:
    old = code_of(who, at=clock.now() - timedelta(seconds=90))
    refused(program.call("getHealthCardByQRCode", {"qrCodeText": old}), "code_expired", {"card"})


def test_a_static_code_gives_the_card_as_often_as_it_is_shown(program: Program, who: Holder) -> None:
    for _ in range(2):
        program.ok("getHealthCardByQRCode", {"qrCodeText": static_of(who)})
    assert UsageRecord.objects.filter(code_kind="static", operation="104").count() == 2


def test_where_the_centre_takes_no_static_codes_the_card_is_not_given(program: Program, who: Holder) -> None:
    set_rules(static_allowed=False)
    answer = program.call("getHealthCardByQRCode", {"qrCodeText": static_of(who)})
    refused(answer, "static_code_not_allowed", {"card"})


# 158 getHealthCardByHealthCardId


def test_the_card_is_read_by_its_number_and_the_read_is_on_record(program: Program, who: Holder) -> None:
    card = program.ok("getHealthCardByHealthCardId", {"healthCardId": who.number.value.lower()})["card"]
    assert set(card) == CARD_KEYS
    assert card["healthCardId"] == who.number.value
    entry = AuditEntry.objects.get(action="card.read")
    assert entry.subject_id == who.card.public_id
    assert not UsageRecord.objects.exists()


def test_the_historic_misspelling_is_read(program: Program, who: Holder) -> None:
    assert program.ok("getHealthCardByHealthCardId", {"healthCardld": who.number.value})["card"]


def test_a_masked_card_has_all_its_keys(masked: Program, who: Holder) -> None:
    card = masked.ok("getHealthCardByHealthCardId", {"healthCardId": who.number.value})["card"]
    assert set(card) == CARD_KEYS
    assert card["name"] == "**甲"
    assert who.id_number not in json.dumps(card)
    assert card["phone1"] == "139****0000"


@pytest.mark.parametrize("card_id", ["0" * 64, "x", "健康卡", "0" * 199])
def test_an_unknown_number_is_no_card(program: Program, card_id: str) -> None:
    answer = program.call("getHealthCardByHealthCardId", {"healthCardId": card_id})
    refused(answer, "card_unknown", {"card"})


# 161 getDynamicQRCode

MINT_KEYS = {"qrCodeText", "qrCodeImg", "color"}


def wish(who: Holder, **changes: Any) -> dict[str, Any]:
    return {"healthCardId": who.number.value, "idType": "01", "idNumber": who.id_number, **changes}


def read_back(rsp: dict[str, Any]) -> str:
    """The text in the picture: an unfiltered greyscale PNG, as ours are."""
    png = base64.b64decode(rsp["qrCodeImg"], validate=True)
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (8, 0)
    at = png.index(b"IDAT")
    lines = zlib.decompress(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at])])
    rows = [lines[row * (width + 1) :][: width + 1] for row in range(height)]
    assert {row[0] for row in rows} == {0}
    grey = memoryview(b"".join(row[1:] for row in rows)).cast("B", (height, width))
    found = zxingcpp.read_barcode(grey)
    assert found is not None
    return str(found.text)


def test_a_hospital_gets_a_code_for_its_patient_who_is_told(
    program: Program, place: Place, who: Holder
) -> None:
    bind(who, place)
    rsp = program.ok("getDynamicQRCode", wish(who, codeType="0"))
    assert set(rsp) == MINT_KEYS
    assert rsp["color"] == "green"
    assert read_back(rsp) == rsp["qrCodeText"]
    mint = CodeMint.objects.get()
    assert (mint.client, mint.institution, mint.code_kind) == (place.client, place.public_id, "dynamic")
    assert OutboxMessage.objects.filter(topic="code.minted.v1").count() == 1
    program.ok("verifyQRCode", visit(rsp["qrCodeText"]))


def test_a_static_code_on_request(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    rsp = program.ok("getDynamicQRCode", wish(who, codeType=1))
    assert rsp["qrCodeText"] == static_of(who)
    assert read_back(rsp) == rsp["qrCodeText"]


def test_a_stranger_gets_no_code_whatever_certificate_it_names(program: Program, who: Holder) -> None:
    for number in (who.id_number, holder().id_number):
        answer = program.call("getDynamicQRCode", wish(who, idNumber=number))
        refused(answer, "person_not_bound", MINT_KEYS)
    assert not CodeMint.objects.exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"idNumber": "11010020171225006X"}, "tencent_bad_parameter"),
        ({"idType": "03"}, "tencent_bad_parameter"),
        ({"idType": ""}, "tencent_missing_parameter"),
        ({"codeType": "2"}, "tencent_bad_parameter"),
        ({"codeType": []}, "tencent_bad_parameter"),
        ({"healthCardId": "0" * 64}, "card_unknown"),
    ],
)
def test_what_does_not_fit_the_card_gets_no_code(
    program: Program, place: Place, who: Holder, changes: dict[str, Any], error: str
) -> None:
    bind(who, place)
    refused(program.call("getDynamicQRCode", wish(who, **changes)), error, MINT_KEYS)


def test_a_frozen_card_gets_no_code(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    freeze(who)
    refused(program.call("getDynamicQRCode", wish(who)), "card_frozen", MINT_KEYS)


def test_codes_for_one_card_are_limited(program: Program, place: Place, who: Holder) -> None:
    set_rules(institution_codes_per_hour=1)
    bind(who, place)
    program.ok("getDynamicQRCode", wish(who))
    refused(program.call("getDynamicQRCode", wish(who)), "too_many_requests", MINT_KEYS)


def test_making_codes_has_a_scope_of_its_own(who: Holder) -> None:
    place = Place(scopes=("card:read", "card:read_full", "code:verify"))
    bind(who, place)
    place.program.sign_in()
    refused(place.program.call("getDynamicQRCode", wish(who)), "scope_missing", MINT_KEYS)
