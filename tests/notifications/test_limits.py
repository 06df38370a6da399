"""The limit of pushes for a day: what goes out, what is held back, and what always comes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from foundation.accounts.models import Account, MethodKind
from foundation.audit.actions import Action
from foundation.audit.models import AuditEntry
from foundation.core.errors import InvalidInput, PermissionRefused
from institutions.rules import Role
from notifications import selectors
from notifications.kinds import KINDS
from notifications.kinds.own import MORE
from notifications.models import Dispatch, Message, PushCount, PushLimit
from notifications.rules import limits as rules
from notifications.rules.topics import Channel, DispatchState, Means, Topic
from notifications.services import limits, outcomes, set_topic, wording
from tests.accounts import people
from tests.institutions import people as staff
from tests.notifications.sending import DAYTIME, REASON, STAFF, daytime, template, told, with_openid
from tests.notifications.test_admin import act

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]


def limited(per_day: int = 2) -> Account:
    """A resident with WeChat under a limit, and the templates of the tests."""
    limits.set_per_day(per_day=per_day, actor=STAFF, reason=REASON)
    account = people.citizen()
    with_openid(account, MethodKind.WEIXIN_OFFICIAL, "openid-limits")
    for kind in ("appointment.booked", "report.amended", "reminder.hours", "queue.called", MORE):
        template(kind, Channel.OFFICIAL)
    return account


def booked(account: Account, *keys: str, **changes: Any) -> list[Message]:
    return [told(account, dedupe_key=key, **changes) for key in keys]


def pushes(account: Account) -> list[tuple[str, int]]:
    rows = Dispatch.objects.filter(message__account=account, state=DispatchState.CREATED).order_by("pk")
    return list(rows.values_list("template__kind", "count"))


def test_what_is_too_much_for_a_day_is_in_the_inbox_and_one_push_of_the_evening() -> None:
    with daytime():
        account = limited()
        booked(account, "a", "b", "c", "d", "e")
    assert Message.objects.filter(account=account).count() == 5
    assert pushes(account) == [("appointment.booked", 1)] * 2 + [(MORE, 3)]
    row = Dispatch.objects.get(template__kind=MORE)
    assert row.due_at == DAYTIME.replace(hour=18)
    said = wording.variables(dispatch=row, hospital="")
    assert (said["what"], said["count"]) == (KINDS[MORE].what, "3")


def test_the_next_day_begins_anew_in_beijing() -> None:
    with daytime() as moving:
        account = limited(1)
        booked(account, "a", "b")
        # Whatever comes in the night goes out, and counts, in the morning.
        moving.move_to(DAYTIME.replace(hour=23, minute=30))
        booked(account, "c")
        moving.move_to(DAYTIME + timedelta(days=1))
        booked(account, "d")
    # Nobody sent the first evening's push, so it speaks of the second day as well.
    assert pushes(account) == [("appointment.booked", 1), (MORE, 2), ("appointment.booked", 1)]
    assert sorted(PushCount.objects.values_list("planned", flat=True)) == [2, 2]


def test_calls_reminders_and_what_cannot_be_switched_off_always_come() -> None:
    with daytime():
        account = limited(1)
        booked(account, "a", "b")
        told(account, "reminder.hours")
        told(account, "queue.called", params={"ticket": "t1", "place": "3号诊室"})
        told(account, "appointment.booked", dedupe_key="c", is_urgent=True)
    assert [kind for kind, _count in pushes(account)] == [
        "appointment.booked",
        MORE,
        "reminder.hours",
        "queue.called",
        "appointment.booked",
    ]
    # Whoever wrote down when something is held may have it remembered, on the busiest day.
    assert not any(KINDS[name].is_capped for name in ("reminder.day", "reminder.hours", "exam.due"))
    for kind in KINDS.values():
        assert kind.topic not in {Topic.STOP, Topic.ACCESS} or not rules.is_counted(
            kind.topic, is_urgent=False, is_capped=kind.is_capped
        )


def test_who_wants_no_daily_news_has_the_rest_in_the_inbox_alone() -> None:
    with daytime():
        account = limited(1)
        set_topic(account_pk=account.pk, topic=Topic.DAILY, ways={Means.WEIXIN: False})
        booked(account, "a", "b", "c")
    assert pushes(account) == [("appointment.booked", 1)]
    assert Message.objects.filter(account=account).count() == 3


def test_what_was_held_back_goes_out_by_no_other_way() -> None:
    template("appointment.booked", Channel.SMS)
    with daytime():
        account = limited(1)
        booked(account, "a", "b")
        row = Dispatch.objects.select_related("message", "template").get(template__kind=MORE)
        outcomes.fall_back(dispatches=[row])
    assert Dispatch.objects.filter(message=row.message).count() == 1


def test_several_ways_of_one_message_count_once() -> None:
    template("appointment.booked", Channel.SMS)
    with daytime():
        account = limited(5)
        (message,) = booked(account, "a")
        row = Dispatch.objects.select_related("message", "template").get(message=message)
        outcomes.fall_back(dispatches=[row])
    assert Dispatch.objects.filter(message=message).count() == 2
    assert PushCount.objects.get().planned == 1


@pytest.mark.parametrize(
    ("planned", "mine", "beyond"), [(10, 1, 0), (11, 1, 1), (12, 5, 2), (30, 5, 5), (3, 3, 0)]
)
def test_how_many_are_beyond_a_limit_of_ten(planned: int, mine: int, beyond: int) -> None:
    assert rules.over(planned, mine, limit=10) == beyond


def test_the_evening_of_a_late_message_is_tomorrows() -> None:
    assert rules.together_at(DAYTIME) == DAYTIME.replace(hour=18)
    assert rules.together_at(DAYTIME.replace(hour=18)) == DAYTIME.replace(hour=18) + timedelta(days=1)


def test_staff_of_the_centre_set_the_limit_and_nobody_else(client: Client) -> None:
    assert selectors.pushes_per_day() == rules.PER_DAY
    clerk = staff.actor(staff.staff(Role.INSTITUTION_ADMIN, staff.hospital(1)))
    with pytest.raises(PermissionRefused):
        limits.set_per_day(per_day=3, actor=clerk, reason=REASON)
    for wrong in (0, 101):
        with pytest.raises(InvalidInput):
            limits.set_per_day(per_day=wrong, actor=STAFF, reason=REASON)
    staff.at_work(client, staff.staff(Role.CENTRE_ADMIN))
    address = "/admin/notifications/pushlimit/add/"
    assert "不受限制" in client.get(address).content.decode()
    assert act(client, address, per_day="0").status_code == 200
    assert act(client, address, per_day="3").status_code == 302
    assert (selectors.pushes_per_day(), PushLimit.objects.count()) == (3, 1)
    entry = AuditEntry.objects.get(action=Action.PUSH_LIMIT_SET)
    assert (entry.details["before"], entry.details["after"]) == (rules.PER_DAY, 3)
    assert client.get("/admin/notifications/pushlimit/").status_code == 200


def test_the_settings_say_how_many_pushes_come_in_a_day(client: Client) -> None:
    limits.set_per_day(per_day=7, actor=STAFF, reason=REASON)
    people.signed_in(client, people.citizen())
    page = client.get("/messages/settings/").content.decode()
    assert "每天最多推送" in page
    assert "7 条" in page
