"""One-time codes: used once, for one number and purpose, for five minutes, tried five times."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from foundation.accounts import phone_codes
from foundation.accounts.errors import CodeRefused
from foundation.core import redis
from foundation.core.errors import TooManyRequests

PHONE = "13900000001"
IP = "192.0.2.1"

pytestmark = pytest.mark.django_db


def consume(code: str, *, phone: str = PHONE, purpose: str = phone_codes.SIGN_IN) -> None:
    phone_codes.consume(phone=phone, purpose=purpose, code=code, ip=IP)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_has_six_digits_and_works_once() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    assert len(code) == 6
    assert code.isdigit()
    consume(code)
    with pytest.raises(CodeRefused):
        consume(code)


def test_a_code_is_of_one_number_and_one_purpose() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    phone_codes.issue(phone="13900000002", purpose=phone_codes.SIGN_IN)
    phone_codes.issue(phone=PHONE, purpose=phone_codes.BIND)
    with pytest.raises(CodeRefused):
        consume(code, phone="13900000002")
    with pytest.raises(CodeRefused):
        consume(code, purpose=phone_codes.BIND)
    consume(code)


def test_a_new_code_replaces_the_one_before_it() -> None:
    first = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    second = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    if first != second:
        with pytest.raises(CodeRefused):
            consume(first)
    consume(second)


def test_after_five_wrong_tries_the_right_code_is_refused_too() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    for _ in range(phone_codes.MAX_TRIES):
        with pytest.raises(CodeRefused):
            consume(wrong(code))
    with pytest.raises(CodeRefused):
        consume(code)


def test_after_four_wrong_tries_the_right_code_still_works() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    for _ in range(phone_codes.MAX_TRIES - 1):
        with pytest.raises(CodeRefused):
            consume(wrong(code))
    consume(code)


def test_of_twenty_requests_with_the_right_code_one_succeeds() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    mac = phone_codes._mac(PHONE, phone_codes.SIGN_IN, code)
    key = phone_codes._key(PHONE, phone_codes.SIGN_IN)

    def use(_: int) -> int:
        return int(redis.client().eval(phone_codes._CONSUME, 1, key, mac, phone_codes.MAX_TRIES))

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(use, range(20)))
    assert sorted(outcomes) == [0] * 19 + [1]


def test_a_code_lives_for_five_minutes_and_its_store_knows_neither_number_nor_code() -> None:
    code = phone_codes.issue(phone=PHONE, purpose=phone_codes.SIGN_IN)
    (key,) = redis.client().scan_iter(redis.key("phone-code", "*"))
    assert 295 <= redis.client().ttl(key) <= 300
    stored = f"{key!r} {redis.client().hgetall(key)}"
    assert PHONE not in stored
    assert code not in stored


def test_a_number_gets_one_code_a_minute_and_an_address_three_hundred_an_hour() -> None:
    phone_codes.check_request_limits(phone=PHONE, ip=IP)
    with pytest.raises(TooManyRequests) as caught:
        phone_codes.check_request_limits(phone=PHONE, ip=IP)
    assert 1 <= caught.value.retry_after <= 60
    for number in range(298):
        phone_codes.check_request_limits(phone=f"13900001{number:03d}", ip=IP)
    with pytest.raises(TooManyRequests):
        phone_codes.check_request_limits(phone="13900002000", ip=IP)
    phone_codes.check_request_limits(phone="13900002001", ip="192.0.2.2")


def test_a_number_gets_five_codes_an_hour() -> None:
    for _ in range(5):
        phone_codes.check_request_limits(phone=PHONE, ip=IP)
        redis.client().delete(redis.key("limit", f"code:{phone_codes.phone_digest(PHONE)}:minute"))
    with pytest.raises(TooManyRequests) as caught:
        phone_codes.check_request_limits(phone=PHONE, ip=IP)
    assert caught.value.retry_after > 60


def test_an_address_tries_six_hundred_codes_an_hour() -> None:
    for number in range(600):
        with pytest.raises(CodeRefused):
            consume("000000", phone=f"13900001{number:03d}")
    with pytest.raises(TooManyRequests):
        consume("000000", phone="13900002000")
