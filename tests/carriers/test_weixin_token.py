"""The keeper of access tokens, with WeChat's side given by the test."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from foundation.carriers.errors import CarrierTemporary, CarrierTimeout
from foundation.carriers.weixin_token import FreshToken, access_token
from foundation.core import redis

APPID = "wx-token-test"
SECRET = "invented-secret"


class Weixin:
    """Gives token-1, token-2, ... and counts."""

    def __init__(self, *, seconds: int = 7200, pause: float = 0.0) -> None:
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self._seconds = seconds
        self._pause = pause
        self._lock = threading.Lock()

    def give(self) -> FreshToken:
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            token = FreshToken(f"token-{self.asked}", self._seconds)
        time.sleep(self._pause)
        with self._lock:
            self.at_once -= 1
        return token


def get(side: Weixin, *, secret: str = SECRET, refused: str = "") -> str:
    return access_token(appid=APPID, secret=secret, fetch=side.give, refused=refused)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    def forget() -> None:
        redis.client().delete(redis.key("weixin-token", APPID), redis.key("weixin-token-lock", APPID))

    forget()
    yield
    forget()


def test_a_token_is_kept() -> None:
    side = Weixin()
    assert [get(side) for _ in range(3)] == ["token-1"] * 3
    assert side.asked == 1


def test_twenty_callers_make_one_call() -> None:
    side = Weixin(pause=0.2)
    with ThreadPoolExecutor(20) as callers:
        tokens = set(callers.map(lambda _: get(side), range(20)))
    assert tokens == {"token-1"}
    assert side.asked == 1


@pytest.mark.parametrize(("later", "token"), [(6900, "token-1"), (7000, "token-2")])
def test_a_token_is_renewed_before_its_end(later: int, token: str) -> None:
    side = Weixin()
    with time_machine.travel(1_800_000_000, tick=False) as moving:
        get(side)
        moving.shift(later)
        assert get(side) == token


def test_while_one_caller_renews_the_others_use_the_old_token() -> None:
    side = Weixin(pause=0.3)
    with time_machine.travel(1_800_000_000, tick=True) as moving:
        get(side)
        moving.shift(7000)
        with ThreadPoolExecutor(10) as callers:
            tokens = sorted(callers.map(lambda _: get(side), range(10)))
    assert tokens == ["token-1"] * 9 + ["token-2"]
    assert side.asked == 2


def test_a_refused_token_is_not_given_again() -> None:
    side = Weixin()
    assert get(side) == "token-1"
    assert get(side, refused="token-1") == "token-2"
    # A second caller who was refused the first token gets the second without another call.
    assert get(side, refused="token-1") == "token-2"
    assert side.asked == 2


def test_ten_callers_who_were_refused_make_one_call() -> None:
    side = Weixin(pause=0.2)
    get(side)
    with ThreadPoolExecutor(10) as callers:
        tokens = set(callers.map(lambda _: get(side, refused="token-1"), range(10)))
    assert tokens == {"token-2"}
    assert side.asked == 2
    assert side.most_at_once == 1


def test_a_changed_secret_makes_the_kept_token_worthless() -> None:
    side = Weixin()
    get(side)
    assert get(side, secret="another-secret") == "token-2"


def test_a_short_lived_token_is_used_for_half_its_life() -> None:
    side = Weixin(seconds=100)
    with time_machine.travel(1_800_000_000, tick=False) as moving:
        get(side)
        moving.shift(49)
        assert get(side) == "token-1"
        moving.shift(2)
        assert get(side) == "token-2"


def test_a_failed_call_leaves_the_way_free() -> None:
    def fail() -> FreshToken:
        raise CarrierTemporary("weixin", "-1")

    with pytest.raises(CarrierTemporary):
        access_token(appid=APPID, secret=SECRET, fetch=fail)
    assert get(Weixin()) == "token-1"


def test_nobody_waits_for_ever_for_another_callers_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundation.carriers.weixin_token.WAIT_SECONDS", 0.2)
    redis.client().set(redis.key("weixin-token-lock", APPID), "somebody", ex=10)
    with pytest.raises(CarrierTimeout):
        get(Weixin())
