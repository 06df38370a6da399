"""Tickets over HTTP, and the way without a socket."""

import orjson
import pytest
from django.conf import settings as django_settings
from django.test import Client

from foundation.accounts import services, sessions
from foundation.accounts.models import Account
from foundation.core import redis
from foundation.core.actor import Actor
from foundation.events import live
from tests.accounts import people

pytestmark = pytest.mark.django_db


def use_ticket(client: Client) -> tuple[Account, dict[str, str]]:
    account = people.citizen()
    people.signed_in(client, account)
    answer = client.post("/live/ticket")
    assert answer.status_code == 200
    return account, answer.json()


def test_a_page_gets_a_ticket_bound_to_its_account_and_session(client: Client) -> None:
    account, answer = use_ticket(client)
    assert answer["url"] == django_settings.WS_URL
    (key,) = redis.client().scan_iter(redis.key("live-ticket", "*"))
    held = orjson.loads(redis.client().get(key) or b"{}")
    assert held == {
        "account": account.public_id,
        "session": sessions.key_digest(client.session.session_key or ""),
    }


def test_a_ticket_needs_a_session_and_the_token_of_the_page() -> None:
    assert Client().post("/live/ticket").status_code == 401
    assert Client().get("/live/changes").status_code == 401
    strict = people.signed_in(Client(enforce_csrf_checks=True), people.citizen())
    assert strict.post("/live/ticket").status_code == 403


def test_an_application_gets_a_ticket_too(client: Client) -> None:
    people.signed_in(client, people.citizen())
    answer = client.post("/api/resident/v1/live/ticket")
    assert answer.status_code == 201
    assert set(answer.json()) == {"ticket", "url"}


def test_a_page_without_a_socket_asks_what_changed(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    first = client.get("/live/changes").json()
    assert first["changes"] == []
    live.send_many([(account.public_id, "code.used", {"institution": "h1"})])
    live.send_many([(account.public_id, sessions.SESSION_ENDED, {"session": "another"})])
    second = client.get("/live/changes", {"since": first["cursor"]}).json()
    assert second["changes"] == [{"kind": "code.used", "data": {"institution": "h1"}}]
    assert client.get("/live/changes", {"since": second["cursor"]}).json()["changes"] == []


@pytest.mark.parametrize("since", ["now", "1", "-", "1-1 ", "9" * 30 + "-1"])
def test_a_cursor_of_another_shape_is_refused(client: Client, since: str) -> None:
    people.signed_in(client, people.citizen())
    assert client.get("/live/changes", {"since": since}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_signing_out_and_suspension_are_told_to_the_sockets(client: Client) -> None:
    account, _ = use_ticket(client)
    digest = sessions.key_digest(client.session.session_key or "")
    client.post("/sign-out/")
    services.suspend_account(account=account, actor=Actor.system("tests"), reason="测试")
    told, _ = live.recent(account.public_id, "0-0")
    ended = [notice["data"]["session"] for notice in told if notice["kind"] == sessions.SESSION_ENDED]
    assert ended[0] == digest
    assert ended[-1] == ""


def test_an_application_without_a_socket_asks_what_changed(client: Client) -> None:
    account = people.citizen()
    people.signed_in(client, account)
    path = "/api/resident/v1/live/changes"
    first = client.get(path).json()
    assert first["changes"] == []
    live.send_many([(account.public_id, "code.used", {"institution": "h1"})])
    second = client.get(path, {"since": first["cursor"]}).json()
    assert second["changes"] == [{"kind": "code.used", "data": {"institution": "h1"}}]
    assert client.get(path, {"since": "yesterday"}).status_code == 400
    assert Client().get(path).status_code == 401
