"""143 verifyQRCode: a code at a terminal."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from cards.models import UsageRecord
from foundation.core import clock
from institutions import selectors as institutions
from institutions import services as institution_services
from institutions.models import Terminal
from tests.cards.world import CENTRE, Holder, code_of, holder, static_of
from tests.crossdomain.world import FOREIGN_CARD, foreign_code, national
from tests.interop.answers import VERIFY_KEYS, freeze, refused
from tests.interop.programs import CSharpProgram, PhpProgram, Program
from tests.interop.world import TERMINAL, Place, visit
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("HI-09")

# 143 verifyQRCode


def test_a_dynamic_code_is_verified(program: Program, who: Holder) -> None:
    rsp = program.ok("verifyQRCode", visit(code_of(who)))
    assert set(rsp) == VERIFY_KEYS
    assert rsp["name"] == "测试甲"
    assert rsp["gender"] in {"男", "女"}
    assert rsp["nation"] == "汉族"
    assert rsp["idNumber"] == who.id_number
    assert rsp["birthday"].replace("-", "") == who.id_number[6:14]
    assert rsp["healthCardId"] == who.number.value
    assert rsp["phid"] == who.number.main_index
    row = UsageRecord.objects.get()
    assert (row.operation, row.kind, row.scene, row.terminal) == ("143", "direct", "0101012", TERMINAL)
    assert (row.channel, row.use_city) == ("0100", "110100")
    # The caller's clock is recorded; the time that counts is the server's.
    assert row.caller_time is not None
    assert row.caller_time.isoformat() == "2026-11-21T01:30:00+00:00"
    assert abs(row.at - clock.now()) < timedelta(seconds=10)


def test_without_the_scope_the_person_is_masked(masked: Program, who: Holder) -> None:
    rsp = masked.ok("verifyQRCode", visit(code_of(who)))
    assert rsp["name"] == "**甲"
    assert who.id_number not in json.dumps(rsp)
    assert (rsp["nation"], rsp["birthday"], rsp["address"], rsp["phid"]) == ("", "", "", "")


@pytest.mark.parametrize("dialect", [PhpProgram, CSharpProgram])
def test_clients_of_other_kinds_verify(program: Program, who: Holder, dialect: type[Any]) -> None:
    assert dialect(program).ok("verifyQRCode", visit(code_of(who), qrCodeType=0))["healthCardId"]


def test_a_dynamic_code_is_good_once(program: Program, who: Holder) -> None:
    text = code_of(who)
    program.ok("verifyQRCode", visit(text))
    refused(program.call("verifyQRCode", visit(text)), "code_used", VERIFY_KEYS)
    other = Place().program
    other.sign_in()
    refused(other.call("verifyQRCode", visit(text)), "code_used", VERIFY_KEYS)
    assert UsageRecord.objects.count() == 1


def test_the_same_request_gets_the_same_person_again(program: Program, who: Holder) -> None:
    path = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/verifyQRCode"
    body = program.body(visit(code_of(who)))
    assert program.post(path, body) == program.post(path, body)
    assert UsageRecord.objects.count() == 1


def test_an_expired_code_is_refused(program: Program, who: Holder) -> None:
    old = code_of(who, at=clock.now() - timedelta(seconds=90))
    refused(program.call("verifyQRCode", visit(old)), "code_expired", VERIFY_KEYS)


def test_a_code_from_the_future_is_refused(program: Program, who: Holder) -> None:
    early = code_of(who, at=clock.now() + timedelta(seconds=90))
    refused(program.call("verifyQRCode", visit(early)), "code_not_yet_valid", VERIFY_KEYS)


def test_a_code_mixed_from_two_is_forged(program: Program, who: Holder) -> None:
    own, other = code_of(who).split(":"), code_of(holder()).split(":")
    refused(program.call("verifyQRCode", visit(":".join([other[0], *own[1:]]))), "code_forged", VERIFY_KEYS)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("A" * 64 + ":0:" + "B" * 32 + "::35020001001", "code_foreign"),
        ("A" * 64 + ":0:" + "B" * 32, "code_foreign"),
        ("A" * 64 + ":0:" + "B" * 32 + "::11010100001", "code_forged"),
        ("https://example.com/", "code_malformed"),
        ("A" * 200, "code_too_long"),
        ("A" * 24, "city_card_not_accepted"),
        ("A" * 64 + ":9", "temporary_card_not_accepted"),
        ("A" * 64 + ":1", "card_unknown"),
    ],
)
def test_other_texts_are_told_apart(program: Program, text: str, error: str) -> None:
    refused(program.call("verifyQRCode", visit(text)), error, VERIFY_KEYS)


def test_a_frozen_card_shows_nothing(program: Program, who: Holder) -> None:
    text = code_of(who)
    freeze(who)
    refused(program.call("verifyQRCode", visit(text)), "card_frozen", VERIFY_KEYS)
    refused(program.call("getHealthCardByQRCode", {"qrCodeText": text}), "card_frozen", {"card"})
    by_id = {"healthCardId": who.number.value}
    refused(program.call("getHealthCardByHealthCardId", by_id), "card_frozen", {"card"})


def test_reading_a_code_first_does_not_spare_a_terminal_its_sign_in(
    program: Program, place: Place, who: Holder
) -> None:
    Terminal.objects.filter(institution__public_id=place.public_id).update(
        must_sign_in=True, client=place.client
    )
    for text in (static_of(who), code_of(who)):
        refused(program.call("verifyQRCode", visit(text)), "terminal_not_signed_in", VERIFY_KEYS)
        refused(program.call("getHealthCardByQRCode", {"qrCodeText": text}), "terminal_not_named", {"card"})
        refused(program.call("verifyQRCode", visit(text)), "terminal_not_signed_in", VERIFY_KEYS)
    assert UsageRecord.objects.count() == 0


def test_a_terminal_that_signs_in_binds_its_own_application_alone(
    program: Program, place: Place, who: Holder
) -> None:
    client, _, native = place.new_program("窗口系统")
    institution_services.add_terminal(
        institution=place.public_id, terminal_id="W02", name="二号窗口", kind="01", actor=CENTRE
    )
    Terminal.objects.filter(terminal_id="W02").update(must_sign_in=True, client=client, state="disabled")
    program.ok("getHealthCardByQRCode", {"qrCodeText": static_of(who)})
    native.sign_in()
    answer = native.call("getHealthCardByQRCode", {"qrCodeText": static_of(who)})
    refused(answer, "terminal_not_named", {"card"})
    # A report reads nobody: what was scanned at the institution may be told without a terminal.
    use = {"time": "2026-11-21 09:30:00", "scene": "010101", "cardChannel": "0100"}
    native.ok("reportHISData", {"qrCodeText": static_of(who), **use})


def test_a_scan_is_not_shown_in_the_name_of_a_terminal_that_has_not_signed_in(
    program: Program, place: Place
) -> None:
    program.ok("ssmGenQrCode", {"ssmId": TERMINAL})
    Terminal.objects.filter(institution__public_id=place.public_id).update(
        must_sign_in=True, client=place.client
    )
    institutions.forget_terminals()
    keys = {"imageContent", "uid"}
    refused(program.call("ssmGenQrCode", {"ssmId": TERMINAL}), "terminal_not_signed_in", keys)
    refused(program.call("ssmGenQrCode", {"ssmId": "own-1"}), "terminal_not_named", keys)


def test_a_static_code_registers_and_does_not_pay(program: Program, who: Holder) -> None:
    text = static_of(who)
    program.ok("verifyQRCode", visit(text, medicalStep="010101"))
    program.ok("verifyQRCode", visit(text, medicalStep="0101012"))
    for scene in ("010105", "0101081"):
        answer = program.call("verifyQRCode", visit(text, medicalStep=scene))
        refused(answer, "static_code_not_allowed", VERIFY_KEYS)
    assert UsageRecord.objects.count() == 2


def test_a_static_code_that_was_read_first_does_not_pay_either(program: Program, who: Holder) -> None:
    program.ok("getHealthCardByQRCode", {"qrCodeText": static_of(who)})
    answer = program.call("verifyQRCode", visit(static_of(who), medicalStep="010105"))
    refused(answer, "static_code_not_allowed", VERIFY_KEYS)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"medicalStep": ""}, "tencent_missing_parameter"),
        ({"medicalStep": "12"}, "tencent_bad_parameter"),
        ({"medicalStep": "999999"}, "tencent_bad_parameter"),
        ({"medicalStep": "02010184"}, "tencent_bad_parameter"),
        ({"medicalStep": ["010101"]}, "tencent_bad_parameter"),
        ({"terminalId": None}, "tencent_missing_parameter"),
        ({"terminalId": "W99"}, "terminal_unknown"),
        ({"terminalId": "W" * 33}, "tencent_bad_parameter"),
        ({"time": "2026-11-21"}, "tencent_bad_parameter"),
        ({"time": "2026-13-21 00:00:00"}, "tencent_bad_parameter"),
        ({"time": "0001-01-01 00:00:00"}, "tencent_bad_parameter"),
        ({"time": "2000-01-01 07:59:59"}, "tencent_bad_parameter"),
        ({"time": 1_700_000_000}, "tencent_bad_parameter"),
        ({"qrCodeText": ""}, "tencent_missing_parameter"),
        ({"qrCodeText": {"a": 1}}, "tencent_bad_parameter"),
        ({"qrCodeText": "A" * 4_001}, "tencent_bad_parameter"),
        ({"channelCode": "01000"}, "tencent_bad_parameter"),
        ({"orgId": {}}, "tencent_bad_parameter"),
    ],
)
def test_what_is_wrong_is_refused_and_the_code_stays_good(
    program: Program, who: Holder, changes: dict[str, Any], error: str
) -> None:
    text = code_of(who)
    refused(program.call("verifyQRCode", {**visit(text), **changes}), error, VERIFY_KEYS)
    program.ok("verifyQRCode", visit(text))


def test_a_terminal_that_was_switched_off_reads_nothing(place: Place, program: Program, who: Holder) -> None:
    terminal = institutions.terminal_of(place.public_id, TERMINAL)
    assert terminal is not None
    institution_services.disable_terminal(terminal=terminal.public_id, actor=CENTRE, reason="测试")
    refused(program.call("verifyQRCode", visit(code_of(who))), "terminal_disabled", VERIFY_KEYS)


def test_the_cost_of_a_verification_is_known(
    program: Program, who: Holder, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    program.ok("verifyQRCode", visit(code_of(who)))
    text = code_of(who)
    with django_assert_max_num_queries(10):
        program.ok("verifyQRCode", visit(text))


@pytest.mark.row("CC-03")
def test_a_code_of_another_centre_is_verified_there(program: Program, sandbox: Sandbox) -> None:
    national(sandbox)
    found = program.ok("verifyQRCode", visit(foreign_code("99999900001")))
    assert (found["name"], found["healthCardId"]) == ("国示范", FOREIGN_CARD)
    refused(program.call("verifyQRCode", visit(foreign_code("88888800001"))), "route_unknown", VERIFY_KEYS)
