"""Phone numbers as people type them, and silence."""

from datetime import UTC, datetime, timedelta

import pytest

from foundation.accounts import rules
from foundation.accounts.errors import InvalidPhone

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "13900000001",
        " 139 0000 0001 ",
        "139-0000-0001",
        "+86 13900000001",
        "8613900000001",
        "１３９０００００００１",
    ],
)
def test_a_number_is_read_in_every_usual_form(typed: str) -> None:
    assert rules.normalise_phone(typed) == "13900000001"


@pytest.mark.parametrize("typed", ["", "1390000000", "139000000011", "12900000001", "abc", "+85291234567"])
def test_what_is_no_mainland_mobile_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidPhone):
        rules.normalise_phone(typed)


@pytest.mark.parametrize(("days", "silent"), [(0, False), (179, False), (180, True), (400, True)])
def test_half_a_year_is_a_long_silence(days: int, silent: bool) -> None:
    assert rules.was_long_silent(NOW - timedelta(days=days), NOW) is silent


def test_an_account_that_was_never_used_is_not_silent() -> None:
    assert rules.was_long_silent(None, NOW) is False


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148 MicroMessenger/8.0.50",
            ("iPhone", "WeChat"),
        ),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", ("Android", "Chrome")),
        ("curl/8", ("", "")),
    ],
)
def test_a_device_is_named_by_what_its_owner_knows_it_as(agent: str, words: tuple[str, str]) -> None:
    assert rules.device_words(agent) == words
