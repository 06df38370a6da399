"""Kept answers: one that a change overtook is not used, and an old one is made by one caller."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from appointments import cache
from foundation.core import clock

pytestmark = [pytest.mark.django_db, pytest.mark.row("OP-02")]


def once(value: Any, asked: list[str]) -> cache.Build:
    def build(names: Sequence[str]) -> Mapping[str, Any]:
        asked.extend(names)
        return dict.fromkeys(names, value)

    return build


def test_an_answer_is_made_once() -> None:
    asked: list[str] = []
    for _ in range(3):
        assert cache.read(["a", "b"], once(1, asked), fresh_seconds=60)["a"].value == 1
    assert asked == ["a", "b"]


def test_an_answer_that_a_change_overtook_while_it_was_made_is_not_used_again() -> None:
    def overtaken(names: Sequence[str]) -> Mapping[str, Any]:
        cache.forget(names)
        return dict.fromkeys(names, "before")

    assert cache.read(["a"], overtaken, fresh_seconds=60)["a"].value == "before"
    assert cache.read(["a"], once("after", []), fresh_seconds=60)["a"].value == "after"


def test_without_the_version_the_overtaken_answer_would_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(names: Sequence[str]) -> Mapping[str, Any]:
        return dict.fromkeys(names, "before")

    cache.read(["a"], overtaken, fresh_seconds=60)
    assert cache.read(["a"], once("after", []), fresh_seconds=60)["a"].value == "before"


def test_an_old_answer_is_made_by_one_while_the_others_get_the_old_one(time_machine: Any) -> None:
    begun = clock.now()
    time_machine.move_to(begun, tick=False)
    cache.read(["a"], once("old", []), fresh_seconds=2)
    time_machine.move_to(begun + timedelta(seconds=3), tick=False)
    beside: list[str] = []

    def slow(names: Sequence[str]) -> Mapping[str, Any]:
        # Somebody else asks while this one is at it.
        other = cache.read(["a"], once("never", beside), fresh_seconds=2)["a"]
        assert (other.value, other.cached_at) == ("old", begun)
        return dict.fromkeys(names, "new")

    assert cache.read(["a"], slow, fresh_seconds=2)["a"].value == "new"
    assert beside == []


def test_a_thing_that_does_not_exist_is_kept_as_such() -> None:
    asked: list[str] = []
    for _ in range(2):
        assert cache.read(["a"], once(None, asked), fresh_seconds=60)["a"].value is None
    assert asked == ["a"]
