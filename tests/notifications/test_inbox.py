"""Messages in the inbox: told once, read by their owner alone, worded when they are read."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from foundation.accounts.models import Account
from foundation.core.errors import NotFound
from foundation.events import live
from foundation.events.services import Message as Event
from notifications import handlers, kinds, selectors, services
from notifications.models import Message
from portal.wiring import SUBSCRIPTIONS
from tests.accounts import people

pytestmark = pytest.mark.django_db


def send(account: Account, *, key: str = "event-1", kind: str = "application.approved") -> Message | None:
    names = ("application", "bill", "booking", "confirmation", "grant", "report", "request", "ticket")
    params = dict.fromkeys(names, "x1")
    return services.send_in_app(account_id=account.public_id, kind=kind, params=params, dedupe_key=key)


def test_the_same_event_is_told_once() -> None:
    account = people.citizen()
    assert send(account) is not None
    assert send(account) is None
    assert send(people.stranger()) is not None
    assert selectors.unread_count(account.pk) == 1


def test_a_kind_that_does_not_exist_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no kind"):
        send(people.citizen(), kind="invented")


def test_an_account_that_is_gone_is_told_nothing() -> None:
    assert services.send_in_app(account_id="0" * 26, kind="card.frozen", dedupe_key="1") is None


@pytest.mark.parametrize("kind", sorted(kinds.KINDS.keys() - kinds.outsiders.KINDS.keys()))
def test_every_kind_has_words_and_leads_somewhere(kind: str) -> None:
    message = send(people.citizen(), kind=kind)
    assert message is not None
    shown = selectors.shown(message)
    assert shown.title
    assert shown.body.endswith("。")
    assert shown.link.startswith("/")
    assert "{" not in shown.link
    assert shown.action


def test_a_message_of_a_kind_from_the_past_is_still_shown() -> None:
    message = send(people.citizen())
    assert message is not None
    message.kind = "retired.kind"
    assert selectors.shown(message).title == "通知"


def test_the_page_is_empty_at_first_and_says_what_will_come(client: Client) -> None:
    people.signed_in(client, people.citizen())
    page = client.get("/messages/").content.decode()
    assert "还没有消息" in page
    assert "申领结果" in page


def test_opening_a_message_reads_it(client: Client) -> None:
    account = people.citizen()
    message = send(account)
    assert message is not None
    people.signed_in(client, account)
    assert "未读" in client.get("/messages/").content.decode()
    page = client.get(f"/messages/{message.public_id}/").content.decode()
    assert "健康卡已经办好" in page
    assert 'href="/card/"' in page
    assert ">未读<" not in client.get("/messages/").content.decode()
    assert selectors.unread_count(account.pk) == 0


def test_the_badge_counts_what_is_unread_in_one_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    account = people.citizen()
    for number in range(3):
        send(account, key=f"event-{number}")
    with django_assert_num_queries(1):
        assert selectors.unread_count(account.pk) == 3
    people.signed_in(client, account)
    page = client.get("/me/").content.decode()
    assert "<span data-unread-text>3</span>" in page


def test_strangers_see_nothing(client: Client) -> None:
    message = send(people.citizen())
    assert message is not None
    people.signed_in(client, people.stranger())
    assert client.get(f"/messages/{message.public_id}/").status_code == 404
    assert "健康卡已经办好" not in client.get("/messages/").content.decode()
    with pytest.raises(NotFound):
        services.mark_read(account_id=people.stranger().public_id, message_id=message.public_id)
    message.refresh_from_db()
    assert message.read_at is None


def test_a_long_list_pages(client: Client) -> None:
    account = people.citizen()
    for number in range(25):
        send(account, key=f"event-{number}")
    people.signed_in(client, account)
    first = client.get("/messages/")
    assert len(first.context["shown"]) == 20
    second = client.get("/messages/", {"after": first.context["next_cursor"]})
    assert len(second.context["shown"]) == 5
    assert not {one.id for one in first.context["shown"]} & {one.id for one in second.context["shown"]}
    assert "更早的消息" not in second.content.decode()


def test_everything_can_be_marked_as_read(client: Client) -> None:
    account = people.citizen()
    send(account)
    people.signed_in(client, account)
    assert client.post("/messages/read/")["Location"] == "/messages/"
    assert selectors.unread_count(account.pk) == 0


def test_the_interface_lists_and_reads(client: Client) -> None:
    account = people.citizen()
    message = send(account)
    assert message is not None
    people.signed_in(client, account)
    answer = client.get("/api/resident/v1/messages").json()
    assert answer["unread"] == 1
    assert answer["messages"][0]["title"] == "健康卡已经办好"
    read = client.post(f"/api/resident/v1/messages/{message.public_id}/read")
    assert read.json()["is_read"] is True
    assert client.get("/api/resident/v1/messages").json()["unread"] == 0
    assert client.get("/api/resident/v1/messages?cursor=invented").status_code == 400


def test_open_pages_are_told_how_many_are_unread(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    account = people.citizen()
    with django_capture_on_commit_callbacks(execute=True):
        message = send(account)
    assert message is not None
    (notice,), _ = live.recent(account.public_id, "0-0")
    assert notice["kind"] == "inbox.changed"
    assert notice["data"] == {"unread": 1, "message": message.public_id}


@pytest.mark.parametrize("outcome", ["approved", "refused", "referred"])
def test_an_applicant_is_told_the_decision_once_however_often_the_event_comes(outcome: str) -> None:
    account = people.citizen()
    payload = {"application_id": "a1", "account_id": account.public_id, "outcome": outcome}
    event = Event("m1", "application.reviewed.v1", payload)
    handlers.on_application_reviewed(event)
    handlers.on_application_reviewed(event)
    assert Message.objects.get().kind == f"application.{outcome}"


def test_the_reactions_are_wired() -> None:
    wired = {path for paths in SUBSCRIPTIONS.values() for path in paths}
    mine = {f"notifications.handlers.{name}" for name in vars(handlers) if name.startswith("on_")}
    assert mine <= wired


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


def test_an_application_marks_everything_as_read(client: Client) -> None:
    account = people.citizen()
    other = people.stranger()
    for key in ("event-1", "event-2"):
        send(account, key=key)
    send(other)
    people.signed_in(client, account)
    assert client.post("/api/resident/v1/messages/read").status_code == 204
    assert client.get("/api/resident/v1/messages").json()["unread"] == 0
    assert selectors.unread_count(other.pk) == 1
