"""Which examinations may follow which: the engine against its own definition and against brute force."""

from datetime import UTC, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appointments.rules.exams import (
    ExamRuleKind,
    Placed,
    Rule,
    Stop,
    Window,
    broken_rules,
    fits,
    overlap,
    plan,
    together,
)

pytestmark = pytest.mark.row("OP-09")

MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # eight o'clock in Beijing
HOUR = timedelta(hours=1)
FASTING = Rule(ExamRuleKind.BEFORE, "fasting", "contrast", timedelta(0), "空腹的先做")
BARIUM_LAST = Rule(ExamRuleKind.BEFORE, "ultrasound", "barium", timedelta(0), "先超声后钡餐")
BARIUM_BLOCKS = Rule(ExamRuleKind.BLOCKS, "barium", "ct", timedelta(days=3), "钡剂没有排净")
CONTRAST_APART = Rule(ExamRuleKind.APART, "contrast", "contrast", timedelta(days=1), "造影剂隔开")
RULES = [FASTING, BARIUM_LAST, BARIUM_BLOCKS, CONTRAST_APART]


def stop(key: str, *tags: str, latest: time | None = None, priority: int = 100) -> Stop:
    return Stop(key, frozenset(tags), latest, priority)


def windows(key: str, *hours: float, day: int = 0) -> list[Window]:
    return [
        Window(f"{key}{day}{hour}", f"{key}{day}", begins, begins + HOUR / 2)
        for hour in hours
        for begins in [MORNING + timedelta(days=day) + hour * HOUR]
    ]


def test_fasting_comes_before_contrast_though_contrast_is_free_sooner() -> None:
    found = plan(
        [stop("ct", "ct", "contrast"), stop("us", "ultrasound", "fasting")],
        {"ct": windows("ct", 0, 2), "us": windows("us", 1)},
        RULES,
    )
    assert found is not None
    assert (found["us"].key, found["ct"].key) == ("us01", "ct02")


def test_barium_is_last_and_blocks_a_ct_for_days() -> None:
    stops = [stop("meal", "barium"), stop("us", "ultrasound"), stop("ct", "ct")]
    offered = {"meal": windows("meal", 1, 3), "us": windows("us", 2), "ct": windows("ct", 1, 4)}
    found = plan(stops, offered, RULES)
    assert found is not None
    assert [found[key].starts_at for key in ("ct", "us", "meal")] == [MORNING + n * HOUR for n in (1, 2, 3)]


def test_what_was_done_before_counts() -> None:
    done = [Placed(frozenset({"barium"}), MORNING - 24 * HOUR, MORNING - 23 * HOUR)]
    offered = {"ct": [*windows("ct", 1), *windows("ct", 1, day=3)]}
    found = plan([stop("ct", "ct")], offered, RULES, done)
    assert found is not None
    assert found["ct"].key == "ct31"


def test_two_doses_of_contrast_are_a_day_apart() -> None:
    offered = {
        "a": windows("a", 1),
        "b": [*windows("b", 2), *windows("b", 1, day=1), *windows("b", 2, day=1)],
    }
    found = plan([stop("a", "contrast"), stop("b", "contrast")], offered, RULES)
    assert found is not None
    assert found["b"].starts_at >= found["a"].ends_at + timedelta(days=1)


def test_a_late_hour_is_not_for_who_must_not_eat() -> None:
    late = stop("us", "fasting", latest=time(10, 0))
    assert [fits(late, window) for window in windows("us", 2, 2.5)] == [True, False]
    assert plan([late], {"us": windows("us", 2.5)}, RULES) is None


def test_one_day_is_better_than_a_sooner_half() -> None:
    offered = {"a": [*windows("a", 1), *windows("a", 1, day=2)], "b": windows("b", 3, day=2)}
    found = plan([stop("a"), stop("b")], offered, RULES)
    assert found is not None
    assert found["a"].key == "a21"


def test_without_a_place_or_a_way_there_is_no_plan() -> None:
    assert plan([stop("a")], {}, RULES) is None
    assert plan([stop("a"), stop("b")], {"a": windows("a", 1), "b": windows("b", 1)}, RULES) is None


def test_a_department_does_in_one_go_what_no_rule_parts() -> None:
    found = together([stop("a", "barium"), stop("b", "ct"), stop("c", "chest")], [BARIUM_BLOCKS])
    assert [[each.key for each in group] for group in found] == [["a", "c"], ["b"]]


TAGS = ("fasting", "contrast", "barium", "ultrasound", "ct")
STOPS = st.lists(st.frozensets(st.sampled_from(TAGS), max_size=2), min_size=1, max_size=4)
SOME_RULES = st.lists(
    st.builds(
        Rule,
        kind=st.sampled_from(ExamRuleKind),
        first=st.sampled_from(TAGS),
        second=st.sampled_from(TAGS),
        gap=st.integers(0, 30).map(lambda hours: hours * HOUR),
        reason=st.just("测试"),
    ),
    max_size=4,
)
HOURS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 8)), min_size=1, max_size=4, unique=True)


@settings(max_examples=150, deadline=None)
@given(tags=STOPS, rules=SOME_RULES, data=st.data())
def test_a_plan_breaks_no_rule_and_is_found_whenever_there_is_one(
    tags: list[frozenset[str]], rules: list[Rule], data: st.DataObject
) -> None:
    stops = [Stop(str(number), each) for number, each in enumerate(tags)]
    offered = {
        each.key: [
            window
            for day, hour in data.draw(HOURS, label=each.key)
            for window in windows(f"{each.key}-{hour}-", hour, day=day)
        ]
        for each in stops
    }
    found = plan(stops, offered, rules)
    if found is not None:
        assert set(found) == {each.key for each in stops}
        chosen = placed(stops, [found[each.key] for each in stops])
        assert broken_rules(chosen, rules) == []
        assert not overlap(chosen)
    else:
        every = product(*(offered[each.key] for each in stops))
        assert all(broken_rules(p, rules) or overlap(p) for p in (placed(stops, each) for each in every))


def placed(stops: list[Stop], chosen: object) -> list[Placed]:
    pairs = zip(stops, chosen, strict=True)  # type: ignore[call-overload]
    return [Placed(each.tags, window.starts_at, window.ends_at) for each, window in pairs]
