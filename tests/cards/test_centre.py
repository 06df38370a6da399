"""The centre's rules."""

from datetime import timedelta
from typing import Any

import pytest

from cards import centre
from cards.models import CentreRules
from foundation.audit.models import AuditEntry
from foundation.core import clock
from foundation.core.actor import Actor, ActorKind
from foundation.core.errors import InvalidInput, PermissionRefused

pytestmark = pytest.mark.django_db

CENTRE = Actor(
    kind=ActorKind.STAFF, id="somebody-of-the-centre", scopes=frozenset({"centre", "centre_admin"})
)


def test_until_somebody_changes_them_the_defaults_hold() -> None:
    rules = centre.rules_in_force()
    assert (rules.lifetime_seconds, rules.skew_seconds, rules.uses_per_code) == (60, 10, 1)
    assert rules.refresh_seconds < rules.lifetime_seconds
    assert rules.static_scenes == {"010101"}


def test_a_change_is_a_new_version_with_its_reason_on_record() -> None:
    centre.change_rules(actor=CENTRE, reason="高峰期", lifetime_seconds=90)
    centre.change_rules(actor=CENTRE, reason="窗口反馈", static_scenes=["010101", "010102"])
    centre.forget()
    rules = centre.rules_in_force()
    assert rules.lifetime_seconds == 90
    assert rules.static_scenes == {"010101", "010102"}
    assert CentreRules.objects.count() == 2
    entries = AuditEntry.objects.filter(action="centre.rule_changed").order_by("pk")
    assert [entry.reason for entry in entries] == ["高峰期", "窗口反馈"]
    assert entries[1].details == {"fields": ["static_scenes"]}


def test_a_version_holds_from_its_own_moment() -> None:
    centre.change_rules(
        actor=CENTRE, reason="下周起", in_force_from=clock.now() + timedelta(days=7), lifetime_seconds=90
    )
    centre.forget()
    assert centre.rules_in_force().lifetime_seconds == 60


def test_a_version_begins_with_what_holds_at_its_start_and_not_with_what_is_planned() -> None:
    next_week = clock.now() + timedelta(days=7)
    centre.change_rules(actor=CENTRE, reason="下周起", in_force_from=next_week, lifetime_seconds=90)
    centre.change_rules(actor=CENTRE, reason="现在起", skew_seconds=5)
    after = centre.change_rules(
        actor=CENTRE, reason="再以后", in_force_from=next_week + timedelta(days=1), session_minutes=20
    )
    centre.forget()
    rules = centre.rules_in_force()
    assert (rules.lifetime_seconds, rules.skew_seconds) == (60, 5)
    assert (after.lifetime_seconds, after.skew_seconds, after.session_minutes) == (90, 10, 20)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lifetime_seconds": 5}, "lifetime_seconds"),
        ({"refresh_seconds": 60}, "refresh_seconds"),
        ({"uses_per_code": 0}, "uses_per_code"),
        ({"prefetch_windows": 4}, "prefetch_windows"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_rules_out_of_range_are_refused_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        centre.change_rules(actor=CENTRE, reason="测试", **changes)
    assert refusal.value.field == field
    assert not CentreRules.objects.exists()


def test_a_change_needs_a_reason() -> None:
    with pytest.raises(InvalidInput) as refusal:
        centre.change_rules(actor=CENTRE, reason=" ", lifetime_seconds=90)
    assert refusal.value.field == "reason"


def test_only_the_centre_changes_rules() -> None:
    stranger = Actor(kind=ActorKind.STAFF, id="clerk", institution="x" * 26)
    with pytest.raises(PermissionRefused):
        centre.change_rules(actor=stranger, reason="测试", lifetime_seconds=90)
