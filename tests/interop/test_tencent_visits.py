"""145, 235, 236, 237, 250, 261, 293 and 294: around a visit."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from cards.models import CardNumber, UsageRecord, VisitSlip
from cards.services import life, numbers, visits
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.events import relay
from foundation.events.models import OutboxMessage
from foundation.gateway.caller import actor_of_caller
from mpi import services as mpi
from notifications.models import Message
from tests.cards.holding import card_holder
from tests.cards.test_api_institution import call as native
from tests.cards.world import (
    CENTRE,
    Holder,
    citizen_number,
    code_of,
    holder,
    hospital,
    set_rules,
    static_of,
)
from tests.interop.answers import freeze, number_of, refused
from tests.interop.programs import Program
from tests.interop.world import Place, bind
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.row("HI-09")

# 145 updateHealthCardId

UPDATE_KEYS = {"result", "updateHealthCardIdRspItems"}


def wish(who: Holder, **changes: Any) -> dict[str, Any]:
    return {"healthCardId": who.number.value, "idType": "01", "idNumber": who.id_number, **changes}


def update(program: Program, *items: dict[str, Any]) -> dict[str, Any]:
    return program.call("updateHealthCardId", {"updateHealthCardIdItems": list(items)})


@pytest.mark.row("ID-14")
def test_a_number_is_replaced_and_the_old_one_is_dead(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    old = static_of(who)
    rsp = program.ok("updateHealthCardId", {"updateHealthCardIdItems": [wish(who)]})
    assert rsp["result"] is True
    (item,) = rsp["updateHealthCardIdRspItems"]
    assert set(item) == {"oldHealthCardId", "newHealthCardId", "idType", "idNumber"}
    assert item["oldHealthCardId"] == who.number.value
    assert item["newHealthCardId"] == CardNumber.objects.get(card=who.card, state="current").value
    assert item["newHealthCardId"] != who.number.value
    answer = program.call("getHealthCardByQRCode", {"qrCodeText": old})
    assert number_of(answer) in {-20101, -20105}
    assert AuditEntry.objects.filter(action="card.reissued").count() == 1


@pytest.mark.row("ID-14")
def test_of_several_numbers_all_are_replaced_or_none(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    stranger = {**wish(who), "healthCardId": "0" * 64}
    refused(update(program, wish(who), stranger), "card_unknown", UPDATE_KEYS)
    assert CardNumber.objects.get(card=who.card).state == "current"
    refused(update(program), "tencent_missing_parameter", UPDATE_KEYS)
    refused(update(program, *[wish(who)] * 16), "tencent_bad_parameter", UPDATE_KEYS)
    refused(update(program, wish(who, idNumber=citizen_number())), "tencent_bad_parameter", UPDATE_KEYS)


@pytest.mark.row("ID-14")
def test_a_number_is_replaced_once_a_year(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    first = program.ok("updateHealthCardId", {"updateHealthCardIdItems": [wish(who)]})
    new = first["updateHealthCardIdRspItems"][0]["newHealthCardId"]
    again = wish(who, healthCardId=new)
    refused(update(program, again), "reissued_lately", UPDATE_KEYS)
    with time_machine.travel(clock.now() + timedelta(days=366), tick=True):
        program.sign_in()
        program.ok("updateHealthCardId", {"updateHealthCardIdItems": [again]})
    assert who.card.numbers.count() == 3


@pytest.mark.row("ID-14")
def test_nobody_replaces_the_number_of_a_stranger(program: Program, who: Holder) -> None:
    refused(update(program, wish(who)), "person_not_bound", UPDATE_KEYS)


# 294 reportScanQRCode and 237 reportRealNamePatientData

USE = {"time": "2026-11-21 09:30:00", "scene": "010103", "cardChannel": "0100", "department": "0300"}


@pytest.mark.row("CC-05")
def test_a_scan_is_reported_by_code_or_by_number(program: Program, place: Place, who: Holder) -> None:
    text = code_of(who)
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    assert program.ok("reportScanQRCode", {**USE, "qrCodeText": text}) == {}
    bind(who, place)
    program.ok("reportScanQRCode", {**USE, "healthCardId": who.number.value, "hospitalName": "测试医院"})
    kinds = UsageRecord.objects.filter(operation="294").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["direct", "indirect"]


@pytest.mark.row("CC-05")
def test_a_scan_of_a_stranger_is_not_reported(program: Program, who: Holder) -> None:
    refused(
        program.call("reportScanQRCode", {**USE, "healthCardId": who.number.value}), "person_not_bound", set()
    )
    refused(program.call("reportScanQRCode", USE), "tencent_missing_parameter", set())


@pytest.mark.row("CC-05")
def test_a_use_is_reported_by_the_hospitals_own_number(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    mpi.link_source_record(person_pk=who.card.person_id, source=place.public_id, local_id="P77")
    program.ok("reportRealNamePatientData", {**USE, "patientId": "P77", "platformId": "x"})
    assert UsageRecord.objects.get().operation == "237"
    answer = program.call("reportRealNamePatientData", {**USE, "patientId": "P78"})
    refused(answer, "person_not_bound", set())


# 235 and 236

PLATFORM_KEYS = {"adminId", "hospitalId", "supportStatus"}
PASS_KEYS = {"pass", "patientId"}


def test_a_city_is_served_or_not(program: Program, place: Place) -> None:
    found = program.ok("getThirdPartyPlatformInfo", {"cityCode": 110100})
    assert found == {"adminId": "11010100001", "hospitalId": place.hospital_id, "supportStatus": 1}
    for req in ({"cityCode": "999900"}, {"cityCode": "110100", "platformId": "other"}):
        assert program.ok("getThirdPartyPlatformInfo", req)["supportStatus"] == 0
    answer = program.call("getThirdPartyPlatformInfo", {"cityCode": "北京"})
    refused(answer, "tencent_bad_parameter", PLATFORM_KEYS)


def test_a_patient_is_checked_by_name_and_number(
    sandbox: Sandbox, program: Program, place: Place, who: Holder
) -> None:
    asked = {"userName": "测试甲", "idCard": who.id_number, "platformId": ""}
    # Somebody whom the hospital does not know is checked, and nothing is told of them.
    assert program.ok("verifyRealNamePatient", asked) == {"pass": True, "patientId": ""}
    bind(who, place)
    mpi.link_source_record(person_pk=who.card.person_id, source=place.public_id, local_id="P5")
    assert program.ok("verifyRealNamePatient", asked) == {"pass": True, "patientId": "P5"}
    wrong = {**asked, "userName": "测不符"}
    assert program.ok("verifyRealNamePatient", wrong) == {"pass": False, "patientId": ""}


def test_a_check_without_an_answer_says_so(sandbox: Sandbox, program: Program, who: Holder) -> None:
    sandbox.fault("population", "outage")
    asked = {"userName": "测试甲", "idCard": who.id_number}
    refused(program.call("verifyRealNamePatient", asked), "tencent_real_name_unavailable", PASS_KEYS)
    refused(
        program.call("verifyRealNamePatient", {**asked, "idCard": "1"}),
        "invalid_certificate_number",
        PASS_KEYS,
    )


# 250 checkAppointmentLimit

RISK_KEYS = {"verify", "riskLevel", "toast"}


def test_too_many_bookings_of_a_day_are_a_risk(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    set_rules(appointments_per_card=3)
    asked = {"openId": "o1", "healthCardId": who.number.value, "clientIp": "192.0.2.7"}
    found = [program.ok("checkAppointmentLimit", asked) for _ in range(4)]
    assert [each["verify"] for each in found] == [True, True, True, False]
    assert [each["riskLevel"] for each in found] == [0, 0, 1, 2]
    assert found[0]["toast"] == ""
    assert "明天" in found[3]["toast"]


def test_one_address_that_books_for_many_is_a_risk(program: Program, place: Place, who: Holder) -> None:
    set_rules(appointments_per_address=1)
    other = holder()
    for patient in (who, other):
        bind(patient, place)
    number = other.number.value
    program.ok("checkAppointmentLimit", {"healthCardId": who.number.value, "clientIp": "2001:db8::1"})
    second = program.ok("checkAppointmentLimit", {"healthCardId": number, "clientIp": "2001:db8::1"})
    assert second["verify"] is False


def test_nothing_is_told_of_the_card_of_a_stranger(program: Program, who: Holder) -> None:
    asked = {"openId": "o", "healthCardId": who.number.value}
    refused(program.call("checkAppointmentLimit", asked), "person_not_bound", RISK_KEYS)
    freeze(who)
    refused(program.call("checkAppointmentLimit", asked), "person_not_bound", RISK_KEYS)
    life.unfreeze_card(card_pk=who.card.pk, actor=CENTRE, reason="测试")
    numbers.reissue_number(card_pk=who.card.pk, actor=CENTRE, reason="测试")
    refused(program.call("checkAppointmentLimit", asked), "person_not_bound", RISK_KEYS)


def test_a_card_that_is_not_in_use_books_nothing(program: Program, place: Place, who: Holder) -> None:
    bind(who, place)
    freeze(who)
    answer = program.call("checkAppointmentLimit", {"openId": "o", "healthCardId": who.number.value})
    refused(answer, "card_frozen", RISK_KEYS)
    life.unfreeze_card(card_pk=who.card.pk, actor=CENTRE, reason="测试")
    bad = {"healthCardId": who.number.value, "clientIp": "x"}
    refused(program.call("checkAppointmentLimit", bad), "tencent_bad_parameter", RISK_KEYS)


# 261 sendMedicalRecordNotice


def test_the_holders_are_told_and_not_of_what(program: Program, place: Place) -> None:
    holder = card_holder()
    number = holder.card.numbers.get().value
    record = {"time": "2026-11-21 09:30:00", "department": "1500", "cardChannel": "0100", "scene": "010103"}
    asked = {"appId": "a", "hospitalName": "测试医院", "healthCardId": number, "userCardInfoList": [record]}
    refused(program.call("sendMedicalRecordNotice", asked), "person_not_bound", set())
    bind(Holder(holder.card, holder.card.numbers.get(), holder.id_number), place)
    assert program.ok("sendMedicalRecordNotice", asked) == {}
    relay.expand()
    relay.deliver()
    message = Message.objects.get(kind="record.noticed")
    assert message.account_id == holder.account.pk
    assert "1500" not in str(message.params) + str(
        OutboxMessage.objects.get(topic="record.noticed.v1").payload
    )
    bad = {**asked, "userCardInfoList": ["x"]}
    refused(program.call("sendMedicalRecordNotice", bad), "tencent_bad_parameter", set())


# 293 saveScanQrField


def test_the_fields_behind_a_printed_code_are_read_by_their_hospital_alone(
    program: Program, place: Place, who: Holder
) -> None:
    bind(who, place)
    fields = {"registerId": "R1", "caregiverName": "测试乙", "caregiverPhone": "13900000009"}
    code = program.ok("saveScanQrField", {**fields, "healthCardId": who.number.value})["fieldCode"]
    slip = VisitSlip.objects.get()
    assert (slip.card_id, slip.fields) == (who.card.pk, fields)
    assert native(hospital(), f"/api/v1/slips/{code}", method="GET").status_code == 404
    refused(program.call("saveScanQrField", {}), "tencent_missing_parameter", {"fieldCode"})


@pytest.mark.django_db
def test_a_slip_is_read_by_the_native_interface() -> None:
    here = hospital()
    code = visits.keep_slip(card_pk=None, fields={"registerId": "R1"}, actor=actor_of_caller(here.caller))
    assert native(here, f"/api/v1/slips/{code}", method="GET").json() == {"values": {"registerId": "R1"}}
