"""Numbers, releases and what residents are told of a band."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.rules import ScheduleState
from appointments.rules.places import PlaceState, free_numbers, place_state
from appointments.rules.release import ReleaseTerms, window_of
from foundation.core.clock import BEIJING

pytestmark = pytest.mark.row("OP-02")

NUMBERS = st.sets(st.integers(1, 60), max_size=40)


@given(capacity=st.integers(0, 50), taken=NUMBERS, returning=NUMBERS)
def test_free_numbers_are_nobodys_and_never_too_many(
    capacity: int, taken: set[int], returning: set[int]
) -> None:
    free = free_numbers(capacity, taken=taken, returning=returning)
    assert not set(free) & (taken | returning)
    assert free == sorted(set(free))
    assert all(1 <= number <= capacity for number in free)
    assert not free or len(free) + len(taken | returning) <= capacity


def test_a_smaller_capacity_leaves_everybody_their_number_and_lets_out_no_more() -> None:
    assert free_numbers(20, taken=set(range(1, 26))) == []
    assert free_numbers(20, taken={*range(1, 6), *range(21, 26)}) == list(range(6, 16))


def test_a_larger_capacity_adds_the_numbers_above() -> None:
    assert free_numbers(5, taken={1, 3}, returning={2}) == [4, 5]


def test_places_come_out_some_days_ahead_at_the_settled_second() -> None:
    begins = datetime(2026, 12, 10, 8, 0, tzinfo=BEIJING)
    terms = ReleaseTerms(days_ahead=7, release_time=time(7, 0, 30), closes_minutes=45)
    releases_at, closes_at = window_of(day=date(2026, 12, 10), begins_at=begins, terms=terms)
    assert releases_at == datetime(2026, 12, 3, 7, 0, 30, tzinfo=BEIJING)
    assert closes_at == datetime(2026, 12, 10, 7, 15, tzinfo=BEIJING)


@given(days=st.integers(0, 3), hour=st.integers(0, 23), minutes=st.integers(0, 1_440))
def test_places_always_come_out_before_the_session_closes(days: int, hour: int, minutes: int) -> None:
    terms = ReleaseTerms(days_ahead=days, release_time=time(hour), closes_minutes=minutes)
    begins = datetime(2026, 12, 10, 8, 0, tzinfo=BEIJING)
    releases_at, closes_at = window_of(day=date(2026, 12, 10), begins_at=begins, terms=terms)
    assert releases_at < closes_at


@pytest.mark.parametrize(
    ("minutes", "free", "changes", "shown"),
    [
        (0, 3, {}, PlaceState.OPEN),
        (0, 0, {}, PlaceState.FULL),
        (-1, 3, {}, PlaceState.NOT_YET),
        (60, 3, {}, PlaceState.CLOSED),
        (59, 3, {}, PlaceState.OPEN),
        (0, 3, {"state": ScheduleState.STOPPED}, PlaceState.STOPPED),
        (0, 0, {"is_stopped": True}, PlaceState.STOPPED),
        (60, 0, {"is_stopped": True}, PlaceState.STOPPED),
    ],
)
def test_a_band_says_why_it_cannot_be_booked(
    minutes: int, free: int, changes: dict[str, object], shown: PlaceState
) -> None:
    released = datetime(2026, 12, 3, 7, tzinfo=BEIJING)
    usual = {"state": ScheduleState.OPEN, "is_stopped": False}
    found = place_state(
        free=free,
        releases_at=released,
        closes_at=released + timedelta(hours=1),
        moment=released + timedelta(minutes=minutes),
        **(usual | changes),  # type: ignore[arg-type]
    )
    assert found == shown
