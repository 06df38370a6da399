"""What residents say of their messages, on the pages and in the interface."""

import pytest
from django.test import Client

from foundation.accounts.models import MethodKind
from notifications import selectors, services
from notifications.models import Dispatch, Preference
from notifications.rules.topics import Channel, Topic
from notifications.services import grants
from tests.accounts import people
from tests.notifications.sending import daytime, template, with_openid

pytestmark = [pytest.mark.django_db, pytest.mark.row("NT-02")]
API = "/api/resident/v1"


def setting(account_pk: int, topic: str) -> tuple[bool, bool]:
    found = next(each for each in selectors.topic_settings(account_pk) if each.topic == topic)
    return found.weixin, found.sms


def test_a_topic_is_switched_off_and_on(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    assert setting(account.pk, Topic.REPORT) == (True, True)
    assert client.post("/messages/settings/report/", {"weixin": "on"})["Location"] == "/messages/settings/"
    assert setting(account.pk, Topic.REPORT) == (True, False)
    assert "站内消息、微信<" in client.get("/messages/settings/").content.decode()
    client.post("/messages/settings/report/", {"weixin": "on", "sms": "on"})
    assert setting(account.pk, Topic.REPORT) == (True, True)
    assert Preference.objects.count() == 2


def test_what_must_be_told_cannot_be_switched_off(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    assert client.post("/messages/settings/stop/", {}).status_code == 404
    answer = client.put(
        f"{API}/message-settings/topic", {"topic": "stop", "sms": False}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "message_topic_fixed")
    assert not Preference.objects.exists()


def test_quiet_hours_are_kept_and_checked(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    assert "22:00 到 07:00" in client.get("/messages/settings/").content.decode()
    wrong = client.post("/messages/settings/quiet/", {"is_on": "on", "starts": "21:00", "ends": "21:00"})
    assert "开始和结束不能是同一个时间" in wrong.content.decode()
    client.post("/messages/settings/quiet/", {"is_on": "on", "starts": "21:00", "ends": "06:30"})
    assert "21:00 到 06:30" in client.get("/messages/settings/").content.decode()
    client.post("/messages/settings/quiet/", {"starts": "21:00", "ends": "06:30"})
    assert "没有设置" in client.get("/messages/settings/").content.decode()


def test_the_interface_says_and_takes_the_same(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    shown = client.get(f"{API}/message-settings").json()
    assert {topic["topic"] for topic in shown["topics"]} == set(Topic.values)
    assert shown["quiet_hours"] == {"is_on": True, "starts": "22:00", "ends": "07:00"}
    assert shown["reachable"] == {"weixin": False, "sms": True}
    changed = client.put(
        f"{API}/message-settings/topic", {"topic": "bill", "sms": False}, content_type="application/json"
    ).json()
    (bill,) = (topic for topic in changed["topics"] if topic["topic"] == "bill")
    assert (bill["weixin"], bill["sms"]) == (True, False)
    hours = {"is_on": True, "starts": "23:00", "ends": "06:00"}
    quiet = client.put(f"{API}/message-settings/quiet-hours", hours, content_type="application/json").json()
    assert quiet["quiet_hours"] == hours
    assert (
        client.put(
            f"{API}/message-settings/topic", {"topic": "gossip"}, content_type="application/json"
        ).status_code
        == 400
    )


def test_a_test_message_shows_each_way_and_is_limited(client: Client) -> None:
    template("test.push")
    account = people.citizen()
    people.signed_in(client, account)
    for _ in range(5):
        assert client.post("/messages/settings/test/").status_code == 302
    page = client.get("/messages/settings/test/").content.decode()
    assert "待发送" in page
    assert Dispatch.objects.latest("pk").public_id in page
    assert "操作太频繁了" in client.post("/messages/settings/test/").content.decode()
    answer = client.get(f"{API}/message-settings/test").json()
    assert [way["state"] for way in answer["ways"]] == ["created"]


def test_the_mini_program_learns_for_what_to_ask(client: Client) -> None:
    account = people.citizen()
    with_openid(account, MethodKind.WEIXIN_MINI, "o-citizen")
    template("appointment.booked", Channel.SUBSCRIBE)
    template("queue.near", Channel.SUBSCRIBE, external_id="sandbox-queue", is_permanent=True)
    grants.note_answer(openid="o-citizen", template="sandbox-visit", is_accepted=False)
    grants.note_answer(openid="o-citizen", template="sandbox-queue", is_accepted=True)
    people.signed_in(client, account)
    found = {each["template"]: each for each in client.get(f"{API}/message-templates").json()["templates"]}
    assert found["sandbox-visit"] | {"left": 0} == found["sandbox-visit"]
    assert (found["sandbox-visit"]["is_refused"], found["sandbox-queue"]["left"]) == (True, 1)
    assert "微信里关闭了部分消息" in client.get("/messages/settings/").content.decode()


def test_a_permanent_grant_is_not_spent() -> None:
    account = people.citizen()
    method = with_openid(account, MethodKind.WEIXIN_MINI, "o-citizen")
    row = template("queue.near", Channel.SUBSCRIBE, external_id="sandbox-queue", is_permanent=True)
    grants.note_answer(openid="o-citizen", template="sandbox-queue", is_accepted=True)
    assert all(grants.spend(method_pk=method.pk, template=row) for _ in range(3))
    grants.note_withdrawn(openid="o-citizen", template="sandbox-queue")
    assert not grants.spend(method_pk=method.pk, template=row)


def test_settings_are_each_ones_own(client: Client) -> None:
    citizen, stranger = people.citizen(), people.stranger()
    services.set_topic(account_pk=citizen.pk, topic=Topic.REPORT, ways={"sms": False})
    assert setting(stranger.pk, Topic.REPORT) == (True, True)
    template("test.push")
    with daytime():
        services.send_test(account_id=citizen.public_id)
    people.signed_in(client, stranger)
    assert client.get(f"{API}/message-settings/test").json() == {"message": "", "ways": []}
