"""141 reportHISData: uses that have happened."""

from typing import Any

import pytest

from cards.models import UsageRecord
from tests.cards.world import Holder, code_of, static_of
from tests.interop.answers import refused
from tests.interop.programs import Program
from tests.interop.world import Place, bind, visit

# 141 reportHISData

REPORT_KEYS = {"none", "resultCode", "time"}


def use(**changes: Any) -> dict[str, Any]:
    return {
        "time": "2026-11-21 10:00:00",
        "hospitalCode": "90001",
        "scene": "010103",
        "department": "0300",
        "cardType": "11",
        "cardChannel": "0100",
        **changes,
    }


def test_a_use_within_the_scan_is_direct(program: Program, who: Holder) -> None:
    text = code_of(who)
    program.ok("verifyQRCode", visit(text))
    rsp = program.ok("reportHISData", use(qrCodeText=text, subHospitalCode="B1"))
    assert set(rsp) == REPORT_KEYS
    assert rsp["resultCode"] == 0
    row = UsageRecord.objects.get(operation="141")
    assert (row.kind, row.scene, row.channel, row.card_type, row.branch, row.department) == (
        "direct",
        "010103",
        "0100",
        "11",
        "B1",
        "0300",
    )
    assert row.is_report


def test_a_static_code_that_was_scanned_here_is_a_direct_use(program: Program, who: Holder) -> None:
    program.ok("verifyQRCode", visit(static_of(who), medicalStep="010101"))
    program.ok("reportHISData", use(qrCodeText=static_of(who)))
    row = UsageRecord.objects.get(operation="141")
    assert (row.kind, row.code_kind, row.is_report) == ("direct", "static", True)


def test_a_static_code_that_another_hospital_scanned_is_refused(program: Program, who: Holder) -> None:
    other = Place().program
    other.sign_in()
    other.ok("verifyQRCode", visit(static_of(who), medicalStep="010101"))
    refused(program.call("reportHISData", use(qrCodeText=static_of(who))), "person_not_bound", REPORT_KEYS)
    assert not UsageRecord.objects.filter(operation="141").exists()


def test_a_patients_use_by_card_number_is_indirect(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    program.ok("reportHISData", use(qrCodeText=static_of(who)))
    program.ok("reportHISData", use(qrCodeText=who.number.value))
    assert UsageRecord.objects.filter(kind="indirect", operation="141").count() == 2


def test_a_use_by_identity_number_is_for_patients_of_the_hospital(
    program: Program, place: Place, who: Holder
) -> None:
    req = use(idCardNumber=who.id_number, name="测试甲")
    refused(program.call("reportHISData", req), "person_not_bound", REPORT_KEYS)
    unknown = use(idCardNumber="11010020171225006X")
    refused(program.call("reportHISData", unknown), "person_not_bound", REPORT_KEYS)
    bind(who, place)
    program.ok("reportHISData", req)
    other_name = use(idCardNumber=who.id_number, name="测试乙")
    refused(program.call("reportHISData", other_name), "tencent_bad_parameter", REPORT_KEYS)
    row = UsageRecord.objects.get()
    assert (row.kind, row.code_kind) == ("indirect", "none")


def test_a_code_that_nobody_scanned_is_not_reported(program: Program, who: Holder) -> None:
    refused(program.call("reportHISData", use(qrCodeText=code_of(who))), "no_scan_session", REPORT_KEYS)


@pytest.mark.parametrize("scene", ["010105", "0101051", "0101053"])
def test_a_payment_says_out_of_which_purse(program: Program, place: Place, who: Holder, scene: str) -> None:
    bind(who, place)
    req = use(qrCodeText=static_of(who), scene=scene)
    refused(program.call("reportHISData", req), "tencent_missing_parameter", REPORT_KEYS)
    program.ok("reportHISData", {**req, "cardCostTypes": "0200"})
    assert UsageRecord.objects.get().cost_type == "0200"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scene": "99"}, "tencent_bad_parameter"),
        ({"scene": ""}, "tencent_missing_parameter"),
        ({"cardChannel": ""}, "tencent_missing_parameter"),
        ({"cardChannel": "0400"}, "tencent_bad_parameter"),
        ({"cardType": "12"}, "tencent_bad_parameter"),
        ({"cardCostTypes": "9"}, "tencent_bad_parameter"),
        ({"time": ""}, "tencent_missing_parameter"),
        ({"time": "yesterday"}, "tencent_bad_parameter"),
        ({"department": "科" * 61}, "tencent_bad_parameter"),
        ({"subHospitalCode": "1" * 23}, "tencent_bad_parameter"),
        ({"qrCodeText": ""}, "tencent_missing_parameter"),
        ({"qrCodeText": "0" * 64 + ":1"}, "card_unknown"),
        ({"qrCodeText": "hello"}, "code_malformed"),
    ],
)
def test_a_report_that_cannot_be_counted_is_refused(
    program: Program, place: Place, who: Holder, changes: dict[str, Any], error: str
) -> None:
    bind(who, place)
    refused(program.call("reportHISData", use(qrCodeText=static_of(who)) | changes), error, REPORT_KEYS)
    assert not UsageRecord.objects.exists()


def test_a_report_is_counted_once(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    path = "/rest/auth/HealthCard/HealthOpenPlatform/ISVOpenObj/reportHISData"
    body = program.body(use(qrCodeText=static_of(who)))
    assert program.post(path, body) == program.post(path, body)
    assert UsageRecord.objects.count() == 1
