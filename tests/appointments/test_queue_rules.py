"""Who stands where, how long it may take, and who is in the hospital."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appointments.rules.queueing import (
    BACK_PLACES,
    TicketClass,
    estimate,
    is_within,
    letter_of,
    metres_between,
    position_behind,
    position_of,
    shown_surname,
    threshold_of,
)
from foundation.core.clock import BEIJING

pytestmark = pytest.mark.row("OP-05")

DAY = datetime(2026, 12, 10, tzinfo=BEIJING)
EIGHT = DAY + timedelta(hours=8)
HALF = timedelta(minutes=30)


def place(arrived: datetime, **more: object) -> int:
    given = {"priority": TicketClass.NORMAL, "day": DAY, "arrived_at": arrived} | more
    return position_of(**given)  # type: ignore[arg-type]


def test_whoever_booked_stands_in_the_band_and_by_number_whenever_they_came() -> None:
    first = place(EIGHT + timedelta(minutes=20), band=(EIGHT, EIGHT + HALF, 1))
    second = place(EIGHT - timedelta(hours=1), band=(EIGHT, EIGHT + HALF, 2))
    later_band = place(EIGHT - timedelta(hours=1), band=(EIGHT + HALF, EIGHT + 2 * HALF, 1))
    assert first < second < later_band


def test_whoever_comes_too_late_or_has_not_booked_stands_where_they_arrive() -> None:
    late = place(EIGHT + timedelta(minutes=50), band=(EIGHT, EIGHT + HALF, 1))
    assert late == place(EIGHT + timedelta(minutes=50))
    assert place(EIGHT + timedelta(minutes=45)) < late


@given(
    minutes=st.integers(0, 24 * 60 - 1),
    number=st.integers(0, 999),
    other=st.integers(0, 24 * 60 - 1),
)
def test_a_class_goes_before_every_moment_of_the_next_one(minutes: int, number: int, other: int) -> None:
    urgent = place(DAY + timedelta(minutes=minutes), priority=TicketClass.FIRST)
    band = (DAY + timedelta(minutes=other), DAY + timedelta(minutes=other + 1), number)
    assert urgent < place(DAY + timedelta(minutes=other), band=band)


@given(st.lists(st.integers(0, 10**12), max_size=9, unique=True))
def test_going_back_is_behind_three_or_behind_everybody(positions: list[int]) -> None:
    waiting = sorted(positions)
    behind = position_behind(waiting)
    if behind is None:
        assert not waiting
    else:
        assert sum(1 for one in waiting if one < behind) == min(BACK_PLACES, len(waiting))


@pytest.mark.parametrize(("ahead", "told"), [(6, None), (5, 5), (4, 5), (3, 3), (2, 3), (1, 1), (0, 1)])
def test_thresholds(ahead: int, told: int | None) -> None:
    assert threshold_of(ahead) == told


def test_no_estimate_rests_on_few_visits() -> None:
    assert estimate(ahead=3, seconds=[300] * 4) is None


@given(
    ahead=st.integers(0, 60),
    seconds=st.lists(st.integers(20, 3_600), min_size=5, max_size=30),
    desks=st.integers(1, 6),
)
def test_an_estimate_is_a_range_around_the_median(ahead: int, seconds: list[int], desks: int) -> None:
    found = estimate(ahead=ahead, seconds=seconds, desks=desks)
    assert found is not None
    assert 0 <= found.low < found.high
    middle = sorted(seconds)[len(seconds) // 2] if len(seconds) % 2 else None
    if middle is not None:
        assert found.low <= ahead * middle / desks / 60 <= found.high


def test_distances_are_those_of_the_ground() -> None:
    # One minute of latitude is one nautical mile.
    assert metres_between((30.0, 114.0), (30.0 + 1 / 60, 114.0)) == pytest.approx(1_853, rel=0.01)
    assert metres_between((30.0, 114.0), (30.0, 114.0)) == 0


def test_a_phone_that_may_be_wrong_is_believed_within_reason() -> None:
    assert is_within(450, radius=300, accuracy=180)
    assert not is_within(450, radius=300, accuracy=50)
    assert not is_within(900, radius=300, accuracy=1_000)


def test_a_screen_shows_no_name() -> None:
    assert [shown_surname(name) for name in ("测试甲", "买买提·示范", "A", "")] == ["测**", "买**", "A**", ""]


def test_letters_of_a_departments_queues() -> None:
    assert [letter_of(position) for position in (0, 25, 26, 52)] == ["A", "Z", "AA", "BA"]
