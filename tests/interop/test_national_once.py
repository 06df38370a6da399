"""What has a serial number is done once, however often it is sent, and by however many at once."""

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from cards.models import Card, CodeMint, UsageRecord
from foundation.gateway.models import IdempotencyRecord
from identity.models import IdentityCheck
from interop.dialects.national.errors import RETURN_CODES
from tests.cards.world import Holder, code_of, holder, set_rules
from tests.interop.answers import refused_by_sdk as refused
from tests.interop.sdk_programs import (
    PATHS,
    EncryptingProgram,
    SdkProgram,
    by_number,
    numbered,
)
from tests.interop.world import Place, bind

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("HI-11")]
CALLERS = 8


def at_once(call: Any) -> list[dict[str, Any]]:
    barrier = threading.Barrier(CALLERS)

    def one(_: int) -> dict[str, Any]:
        barrier.wait()
        try:
            answer: dict[str, Any] = call()
        finally:
            connections.close_all()
        return answer

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(one, range(CALLERS)))


def settled(answers: list[dict[str, Any]], again: dict[str, Any]) -> None:
    """One was served, the others got its answer or were told to wait; later all get it."""
    assert again["return_code"] == "0", again
    told = {json.dumps(answer, sort_keys=True) for answer in answers if answer["return_code"] == "0"}
    assert told == {json.dumps(again, sort_keys=True)}
    assert {answer["return_code"] for answer in answers} <= {"0", RETURN_CODES["request_in_progress"]}


def test_a_registration_that_is_sent_again_gets_the_first_answer(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    content = numbered("register", **registration)
    body = sdk.body("register", content)
    first = sdk.post(PATHS["register"], body)
    assert first["return_code"] == "0"
    # The same bytes; another time; encrypted; the fields of the content in another order.
    assert sdk.post(PATHS["register"], body) == first
    time.sleep(0.002)
    assert sdk.call("register", {**content, "register_time": "2026-11-21 09:31:00"}) == first
    assert EncryptingProgram(sdk).call("register", content) == first
    assert sdk.call("register", dict(reversed(content.items()))) == first
    assert IdentityCheck.objects.count() == Card.objects.count() == 1
    # It says who was new when it was first asked.
    assert first["biz_content"]["is_new"] == "1"


def test_a_number_belongs_to_one_content(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    content = numbered("register", **registration)
    first = sdk.call("register", content)
    refused(sdk.call("register", {**content, "name": "测试乙"}), "national_serial_used")
    assert sdk.call("register", content) == first


def test_a_refusal_is_an_answer_like_any_other(sdk: SdkProgram, registration: dict[str, Any]) -> None:
    wrong = numbered("register", **{**registration, "cellphone": "1"})
    refused(sdk.call("register", wrong), "invalid_phone_number")
    refused(sdk.call("register", wrong), "invalid_phone_number")
    refused(sdk.call("register", {**wrong, "cellphone": "13900000000"}), "national_serial_used")
    sdk.ok("register", numbered("register", **registration))


def test_numbers_are_apart_by_method_and_by_client(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    for method, stem in (("generate", "generate"), ("alterinfo", "alter"), ("close", "revoke")):
        content = by_number(who, **{f"{stem}_no": "1", f"{stem}_time": "1"}, gender="1")
        sdk.ok(method, content)
    other = Place()
    second = holder()
    bind(second, other)
    content = by_number(second, generate_no="1", generate_time="1")
    other.sdk_program(other.client).ok("generate", content)


def test_a_client_keeps_its_numbers_when_its_key_is_changed(
    place: Place, sdk: SdkProgram, who: Holder
) -> None:
    bind(who, place)
    content = numbered("generate", **by_number(who))
    first = sdk.call("generate", content)
    assert place.sdk_program(place.client).call("generate", content) == first


def test_a_code_that_is_asked_for_again_is_the_same_code(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    content = numbered("generate", **by_number(who))
    first = sdk.ok("generate", content)
    assert sdk.ok("generate", content) == first
    assert CodeMint.objects.count() == 1
    assert sdk.ok("generate", numbered("generate", **by_number(who))) != first


def test_what_is_kept_is_kept_encrypted(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    sdk.ok("generate", numbered("generate", **by_number(who)))
    record = IdempotencyRecord.objects.get()
    assert len(record.key) == 64
    stored = IdempotencyRecord.objects.extra(select={"raw": "answer"}).values_list("raw", flat=True)[0]
    assert who.number.value.encode() not in bytes(stored)


def test_after_a_closing_was_answered_its_repeat_is_no_second_closing(
    place: Place, sdk: SdkProgram, who: Holder
) -> None:
    bind(who, place)
    content = numbered("close", **by_number(who))
    first = sdk.call("close", content)
    assert first["return_code"] == "0"
    assert sdk.call("close", content) == first
    refused(sdk.call("close", numbered("close", **by_number(who))), "card_move_refused")


def test_not_now_is_not_kept(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    set_rules(institution_codes_per_hour=1)
    sdk.ok("generate", numbered("generate", **by_number(who)))
    late = numbered("generate", **by_number(who))
    refused(sdk.call("generate", late), "too_many_requests")
    set_rules(institution_codes_per_hour=100)
    sdk.ok("generate", late)


def test_a_refusal_at_the_door_uses_no_number_up(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    content = numbered("generate", **by_number(who))
    refused(sdk.call("generate", content, term_id="W99"), "terminal_unknown")
    refused(sdk.call("generate", content, digest="0" * 64), "national_bad_digest")
    sdk.ok("generate", content)


def test_a_registration_that_is_sent_by_many_is_done_once(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    content = numbered("register", **registration)
    answers = at_once(lambda: sdk.call("register", content))
    settled(answers, sdk.call("register", content))
    assert IdentityCheck.objects.count() == Card.objects.count() == 1


def test_registrations_of_one_person_under_many_numbers_give_one_card(
    sdk: SdkProgram, registration: dict[str, Any]
) -> None:
    answers = at_once(lambda: sdk.call("register", numbered("register", **registration)))
    assert {answer["return_code"] for answer in answers} == {"0"}
    assert len({answer["biz_content"]["ehealth_card_id"] for answer in answers}) == 1
    assert [answer["biz_content"]["is_new"] for answer in answers].count("1") == 1
    assert Card.objects.count() == 1


def test_a_code_is_made_once_for_many(place: Place, sdk: SdkProgram, who: Holder) -> None:
    bind(who, place)
    content = numbered("generate", **by_number(who))
    answers = at_once(lambda: sdk.call("generate", content))
    settled(answers, sdk.call("generate", content))
    assert CodeMint.objects.count() == 1


def test_a_card_is_closed_once_by_many_under_numbers_of_their_own(
    place: Place, sdk: SdkProgram, who: Holder
) -> None:
    bind(who, place)
    codes = [
        answer["return_code"]
        for answer in at_once(lambda: sdk.call("close", numbered("close", **by_number(who))))
    ]
    assert codes.count("0") == 1
    assert set(codes) <= {"0", RETURN_CODES["card_move_refused"], RETURN_CODES["stale_page"]}


def test_one_of_many_terminals_consumes_a_code(place: Place, sdk: SdkProgram, who: Holder) -> None:
    text, moments = code_of(who), itertools.count(time.time_ns() // 1_000_000)
    codes = [
        answer["return_code"]
        for answer in at_once(
            lambda: sdk.call("verify", {"ehealth_code": text}, timestamp=str(next(moments)))
        )
    ]
    assert codes.count("0") == 1
    assert codes.count(RETURN_CODES["code_used"]) == CALLERS - 1
    assert UsageRecord.objects.count() == 1


def test_one_of_many_same_requests_without_a_number_is_let_in(sdk: SdkProgram, who: Holder) -> None:
    body = sdk.body("verify", {"ehealth_code": code_of(who)})
    codes = [answer["return_code"] for answer in at_once(lambda: sdk.post(PATHS["verify"], body))]
    assert sorted(codes) == ["0", *[RETURN_CODES["nonce_replayed"]] * (CALLERS - 1)]
    assert UsageRecord.objects.count() == 1
