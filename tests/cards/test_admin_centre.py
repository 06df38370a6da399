"""The card centre sets its rules."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cards import centre
from cards.models import CentreRules
from foundation.audit.models import AuditEntry
from foundation.core import clock
from institutions.rules import Role
from tests.cards.world import set_rules
from tests.institutions import people

pytestmark = pytest.mark.django_db

LIST = "/admin/cards/centrerules/"
FORM = f"{LIST}add/"
SHOWN = {
    "lifetime_seconds": 60,
    "skew_seconds": 10,
    "refresh_seconds": 50,
    "prefetch_windows": 3,
    "uses_per_code": 1,
    "session_minutes": 30,
    "static_allowed": "on",
    "static_scenes": ["010101"],
    "forged_per_minute": 20,
    "page_codes_per_minute": 40,
    "institution_codes_per_hour": 20,
    "appointments_per_card": 10,
    "appointments_per_user": 20,
    "appointments_per_address": 100,
    "dependants_per_account": 5,
    "guardians_per_person": 4,
    "temporary_days": 30,
    "in_force_from": "",
    "reason": "窗口反馈",
}


@pytest.fixture
def admin(client: Client) -> Client:
    return people.at_work(client, people.staff(Role.CENTRE_ADMIN))


def send(client: Client, **changes: Any) -> Any:
    """Fill the form in as a browser does."""
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get(FORM).content.decode())
    assert ticket
    data = {"ticket": ticket[1], **SHOWN, **changes}
    return client.post(FORM, {name: value for name, value in data.items() if value is not None})


def local(moment: Any) -> str:
    """As the browser's field for date and time gives it."""
    return f"{clock.beijing(moment):%Y-%m-%dT%H:%M}"


def test_the_form_begins_with_the_rules_in_force(admin: Client) -> None:
    set_rules(lifetime_seconds=90, static_scenes=["010101", "010103"], reports_swapped=True)
    answer = admin.get(FORM)
    form = answer.context["form"]
    rules = centre.rules_in_force()
    for name in set(centre.NAMES) - {"static_scenes"}:
        assert form[name].value() == getattr(rules, name), name
    assert form["lifetime_seconds"].value() == 90
    page = answer.content.decode()
    ticked = re.findall(r'name="static_scenes" value="(\d+)"[^>]* checked', page)
    assert ticked == ["010101", "010103"]


def test_a_change_holds_at_once_and_records_who_what_and_why(admin: Client) -> None:
    answer = send(admin, lifetime_seconds=90, static_scenes=["010101", "010102"], static_allowed=None)
    assert answer.status_code == 302
    centre.forget()
    rules = centre.rules_in_force()
    assert (rules.lifetime_seconds, rules.static_allowed, rules.refresh_seconds) == (90, False, 50)
    assert rules.static_scenes == {"010101", "010102"}
    entry = AuditEntry.objects.get(action="centre.rule_changed")
    assert entry.reason == "窗口反馈"
    assert entry.details == {"fields": ["lifetime_seconds", "static_allowed", "static_scenes"]}
    assert entry.actor_kind == "staff"


def test_a_change_may_begin_later(admin: Client) -> None:
    begins = clock.now() + timedelta(days=3)
    assert send(admin, session_minutes=20, in_force_from=local(begins)).status_code == 302
    row = CentreRules.objects.get()
    assert local(row.in_force_from) == local(begins)
    centre.forget()
    assert centre.rules_in_force().session_minutes == 30


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"refresh_seconds": 60}, "页面刷新间隔必须短于动态码有效时间"),
        ({"lifetime_seconds": 5}, "大于或等于15"),
        ({"uses_per_code": 21}, "小于或等于20"),
        ({"prefetch_windows": ""}, "必填"),
        ({"static_scenes": ["010105"]}, "010105"),
        ({"in_force_from": "2020-01-01T00:00"}, "生效时间不能早于现在"),
        ({"reason": ""}, "必填"),
    ],
)
def test_what_cannot_hold_is_said_in_chinese_and_changes_nothing(
    admin: Client, changes: dict[str, Any], sentence: str
) -> None:
    answer = send(admin, **changes)
    assert answer.status_code == 200
    errors = answer.context["form"].errors
    assert list(errors) == list(changes)
    assert sentence in str(errors)
    assert not CentreRules.objects.exists()


def test_the_versions_stand_newest_first_with_what_each_is(admin: Client) -> None:
    set_rules(lifetime_seconds=80)
    set_rules(lifetime_seconds=70)
    send(admin, in_force_from=local(clock.now() + timedelta(days=1)), reason="明天起")
    page = admin.get(LIST).content.decode()
    places = [page.index(word) for word in ("未生效", "生效中", "已被替代")]
    assert places == sorted(places)
    planned = CentreRules.objects.get(reason="明天起")
    shown = admin.get(f"{LIST}{planned.public_id}/change/").content.decode()
    assert "挂号（010101）" in shown
    assert "明天起" in admin.get(f"{LIST}{planned.public_id}/history/").content.decode()


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_others_of_the_centre_read_the_rules_and_do_not_change_them(client: Client, role: Role) -> None:
    people.at_work(client, people.staff(role))
    assert client.get(LIST).status_code == 200
    assert client.get(FORM).status_code == 403
    assert client.post(FORM, SHOWN).status_code == 403
    assert not CentreRules.objects.exists()


def test_an_institution_does_not_see_the_rules(client: Client) -> None:
    people.at_work(client, people.staff(Role.INSTITUTION_ADMIN, people.hospital()))
    assert client.get("/institution/cards/centrerules/").status_code == 404
