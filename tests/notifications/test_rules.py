"""Topics, routes, fields, quiet hours and fail-over: rules without a database."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.core import clock
from notifications.kinds import KINDS
from notifications.rules import failover, fields, retries, routing
from notifications.rules.failover import Health
from notifications.rules.topics import POLICIES, Channel, Means, Topic

MOMENT = datetime(2026, 11, 23, 10, 0, tzinfo=clock.BEIJING)
ALL = set(Channel.values)

pytestmark = pytest.mark.row("NT-02")


def channels(topic: str, open_channels: set[str] = ALL, **switched: bool) -> list[str]:
    steps = routing.first_steps(topic, open_channels=open_channels, switched=switched)
    return [str(step.channel) for step in steps]


def test_every_topic_has_a_policy_and_every_kind_a_topic() -> None:
    assert set(POLICIES) == set(Topic.values)
    assert {kind.topic for kind in KINDS.values()} <= set(Topic)


def test_a_stopped_clinic_goes_by_weixin_and_by_sms_always() -> None:
    assert channels(Topic.STOP) == ["subscribe", "sms"]
    assert channels(Topic.STOP, weixin=False, sms=False) == ["subscribe", "sms"]


def test_a_report_goes_by_sms_only_where_weixin_does_not_reach() -> None:
    assert channels(Topic.REPORT) == ["subscribe"]
    assert channels(Topic.REPORT, {"official", "sms"}) == ["official"]
    assert channels(Topic.REPORT, {"sms"}) == ["sms"]
    assert channels(Topic.REPORT, sms=False, weixin=False) == []


def test_a_call_goes_by_sms_only_to_who_asked_for_it_and_has_not_heard() -> None:
    assert channels(Topic.QUEUE) == ["subscribe"]
    steps = routing.first_steps(Topic.QUEUE, open_channels=ALL, switched={Means.SMS: True})
    assert [(step.channel, step.delay, step.unless_read) for step in steps] == [
        ("subscribe", timedelta(), False),
        ("sms", timedelta(seconds=60), True),
    ]


def test_a_daily_list_never_costs_an_sms() -> None:
    assert channels(Topic.DAILY, {"sms"}, sms=True) == []


@pytest.mark.parametrize(
    ("failed", "following"),
    [
        (["subscribe"], "official"),
        (["subscribe", "official"], "sms"),
        (["subscribe", "official", "sms"], None),
    ],
)
def test_what_failed_goes_to_the_next_channel(failed: list[str], following: str | None) -> None:
    found = routing.next_channel(Topic.REPORT, failed=failed, open_channels=ALL, switched={})
    assert found == following


def test_a_channel_that_was_switched_off_is_no_way_out() -> None:
    off: dict[str, bool] = {Means.SMS: False}
    assert (
        routing.next_channel(Topic.REPORT, failed=["subscribe", "official"], open_channels=ALL, switched=off)
        is None
    )


@pytest.mark.parametrize(
    ("at", "later"),
    [
        ("21:59", "21:59"),
        ("22:00", "07:00"),
        ("23:30", "07:00"),
        ("03:00", "07:00"),
        ("06:59", "07:00"),
        ("07:00", "07:00"),
    ],
)
def test_a_quiet_night_ends_in_the_morning(at: str, later: str) -> None:
    moment = datetime.combine(MOMENT.date(), time.fromisoformat(at), clock.BEIJING)
    found = clock.beijing(routing.after_quiet(moment, time(22), time(7)))
    assert f"{found:%H:%M}" == later
    assert timedelta() <= found - moment <= timedelta(hours=9)


@given(st.integers(0, 525_599), st.integers(0, 1_439), st.integers(0, 1_439))
def test_what_waits_for_quiet_hours_comes_out_of_them(minute: int, first: int, last: int) -> None:
    if first == last:
        return
    starts, ends = time(*divmod(first, 60)), time(*divmod(last, 60))
    moment = datetime(2026, 1, 1, tzinfo=clock.BEIJING) + timedelta(minutes=minute)
    found = routing.after_quiet(moment, starts, ends)
    assert moment <= found < moment + timedelta(days=1)
    assert routing.after_quiet(found, starts, ends) == found


@pytest.mark.parametrize("name", ["thing1", "time2", "phrase12", "character_string3"])
def test_the_fields_of_weixin_are_known(name: str) -> None:
    assert fields.is_field(name)


@pytest.mark.parametrize("name", ["thing", "thing100", "Thing1", "diagnosis1", "name 1", ""])
def test_other_names_are_no_fields(name: str) -> None:
    assert not fields.is_field(name)


@given(st.text(min_size=1, max_size=60), st.sampled_from(["thing1", "thing20"]))
def test_whatever_is_cut_to_a_thing_fits_it(text: str, name: str) -> None:
    fitted = fields.fit(name, f"示{text}")
    assert fields.takes(name, fitted)
    assert len(fitted) <= 20


def test_a_text_that_is_too_long_says_so() -> None:
    assert fields.fit("thing1", "示" * 30) == "示" * 19 + "…"


@pytest.mark.parametrize(
    ("name", "value", "is_taken"),
    [
        ("time1", "2026年11月20日 08:30", True),
        ("time1", "下午", False),
        ("date1", "2026年11月20日", True),
        ("number1", "12.5", True),
        ("number1", "三", False),
        ("phrase1", "本人", True),
        ("phrase1", "就诊提醒通知", False),
        ("name1", "林示范", True),
        ("amount1", "¥12.00", True),
        ("character_string1", "A-1", True),
        ("character_string1", "甲", False),
    ],
)
def test_a_field_takes_what_weixin_takes(name: str, value: str, is_taken: bool) -> None:
    assert fields.takes(name, value) is is_taken


def test_no_variable_speaks_of_health_names_or_money() -> None:
    assert set(fields.VARIABLES) == {
        "hospital", "when", "date", "clock", "who", "what", "count", "ahead", "place",
    }  # fmt: skip
    assert not any(word in kind.what for kind in KINDS.values() for word in ("诊断", "阳性", "元", "药名"))


@pytest.mark.parametrize("text", ["{a.b}", "{0}", "{who!r}", "{who:>9}", "{"])
def test_a_place_is_a_plain_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"name in braces|expected|Single"):
        fields.variables_of(text)


def health(name: str, weight: int = 50, *, messages: int = 100, slow: int = 0, minutes: int = 60) -> Health:
    return Health(name, weight, 50, MOMENT - timedelta(minutes=minutes), messages, slow)


def test_a_slow_supplier_gives_ten_points() -> None:
    one, other = health("a", slow=15), health("b", slow=14)
    assert failover.rebalanced(one, other, moment=MOMENT) == (40, 60)
    assert failover.rebalanced(other, one, moment=MOMENT) == (60, 40)


def test_points_move_at_most_every_five_minutes() -> None:
    one, other = health("a", slow=50, minutes=4), health("b", minutes=60)
    assert failover.rebalanced(one, other, moment=MOMENT) == (50, 50)


def test_nothing_moves_where_both_are_slow() -> None:
    assert failover.rebalanced(health("a", slow=90), health("b", slow=20), moment=MOMENT) == (50, 50)


def test_shares_drift_back_after_a_quarter_of_an_hour_of_peace() -> None:
    assert failover.rebalanced(health("a", 30, minutes=14), health("b", 70), moment=MOMENT) == (30, 70)
    assert failover.rebalanced(health("a", 30, minutes=16), health("b", 70, minutes=16), moment=MOMENT) == (
        40,
        60,
    )
    assert failover.rebalanced(health("a", 45, minutes=16), health("b", 55, minutes=16), moment=MOMENT) == (
        50,
        50,
    )


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(0, 120))
def test_shares_always_make_a_hundred(weight: int, slow: int, other_slow: int, minutes: int) -> None:
    one = health("a", weight, slow=slow, minutes=minutes)
    other = health("b", 100 - weight, slow=other_slow, minutes=minutes)
    assert sum(failover.rebalanced(one, other, moment=MOMENT)) == 100


def test_an_error_of_its_own_costs_points_at_most_every_minute() -> None:
    assert failover.after_error(50, MOMENT - timedelta(seconds=59), moment=MOMENT) is None
    assert failover.after_error(50, MOMENT - timedelta(seconds=61), moment=MOMENT) == 40
    assert failover.after_error(0, MOMENT - timedelta(hours=1), moment=MOMENT) is None


def test_retries_slow_down_and_end() -> None:
    expires = MOMENT + timedelta(days=2)
    waits = [retries.next_attempt(number, moment=MOMENT, expires_at=expires) for number in range(1, 21)]
    assert waits[0] == MOMENT + timedelta(seconds=5)
    assert waits[-1] is None
    assert all(later is not None for later in waits[:-1])
    assert retries.next_attempt(1, moment=MOMENT, expires_at=MOMENT) is None
