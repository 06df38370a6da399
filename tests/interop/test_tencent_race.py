"""Many windows of one hospital at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from cards.models import UsageRecord
from interop.dialects.tencent.errors import NUMBERS
from tests.cards.world import code_of, holder
from tests.interop import programs
from tests.interop.answers import number_of
from tests.interop.world import Place, visit

pytestmark = pytest.mark.django_db(transaction=True)
CALLERS = 12


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


def test_all_windows_of_a_hospital_read_the_card_and_one_of_them_consumes_the_code() -> None:
    program = Place().program
    program.sign_in()
    text = code_of(holder())
    answers = at_once(lambda: program.call("getHealthCardByQRCode", {"qrCodeText": text}))
    assert {number_of(answer) for answer in answers} == {0}
    assert UsageRecord.objects.count() == 1


def test_one_window_verifies_the_code() -> None:
    program = Place().program
    program.sign_in()
    text = code_of(holder())
    numbers = [number_of(answer) for answer in at_once(lambda: program.call("verifyQRCode", visit(text)))]
    assert numbers.count(0) == 1
    assert numbers.count(NUMBERS["code_used"]) == CALLERS - 1


def test_one_window_completes_a_scan() -> None:
    program = Place().program
    program.sign_in()
    text = code_of(holder())
    program.ok("getHealthCardByQRCode", {"qrCodeText": text})
    numbers = [number_of(answer) for answer in at_once(lambda: program.call("verifyQRCode", visit(text)))]
    assert numbers.count(0) == 1
    assert numbers.count(NUMBERS["code_used"]) == CALLERS - 1


def test_a_double_click_is_carried_out_once() -> None:
    program = Place().program
    program.sign_in()
    body = program.body(visit(code_of(holder())))
    answers = at_once(lambda: program.post(programs.OPEN_PLATFORM + "verifyQRCode", body))
    numbers = {number_of(answer) for answer in answers}
    assert 0 in numbers
    assert numbers <= {0, NUMBERS["request_in_progress"]}
    assert UsageRecord.objects.count() == 1
    assert number_of(program.post(programs.OPEN_PLATFORM + "verifyQRCode", body)) == 0
