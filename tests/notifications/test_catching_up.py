"""What was told between the reading of a page and its connection."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest
from django.test import Client
from redis.exceptions import ConnectionError as ConnectionLost

from foundation.accounts import sessions
from foundation.core import clock, redis
from foundation.events import live
from notifications.live import consumer, hub, tickets
from tests.accounts import people
from tests.notifications.page import Page
from tests.notifications.test_live import ACCOUNT, on_a_loop, page_of, publish, ticket

SESSION = "session-of-the-test"
RESUMED = {"kind": "resumed", "data": {}}


def now() -> int:
    """As a page says it: in whole milliseconds."""
    return int(clock.now().timestamp() * 1000)


async def page_read(since: int, *, account: str = ACCOUNT) -> Page:
    """A page that was asked for at a moment and connects now."""
    page = page_of()
    assert await page.connect()
    await page.say(orjson.dumps({"ticket": await ticket(account, SESSION), "since": since}).decode())
    return page


@pytest.fixture(autouse=True)
def _untold() -> None:
    """What earlier tests told the same accounts is over."""
    for account in (ACCOUNT, "1" * 26):
        redis.client().delete(live.stream(account))


@on_a_loop
async def test_a_page_learns_what_was_told_before_its_socket_stood() -> None:
    since = now()
    await publish("code.used", {"number": 1})
    await publish("code.used", {"number": 2})
    page = await page_read(since)
    assert [(await page.hear())["data"]["number"] for _ in range(2)] == [1, 2]
    await publish("code.used", {"number": 3})
    assert (await page.hear())["data"]["number"] == 3


@on_a_loop
async def test_what_was_told_before_the_page_was_asked_for_is_not_told() -> None:
    await publish("code.used", {"number": 1})
    await asyncio.sleep(0.002)
    page = await page_read(now())
    assert await page.hears_nothing()


@on_a_loop
async def test_only_what_is_for_the_account_itself() -> None:
    since = now()
    await publish("code.used", {"number": 1}, account="1" * 26)
    page = await page_read(since)
    assert await page.hears_nothing()


@pytest.mark.parametrize("way", ["before the answer", "after the answer"])
@on_a_loop
async def test_what_comes_by_both_ways_is_told_once(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    here = hub.current()
    assert await here.wait_ready()
    line = hub.Line(tickets.Holder(ACCOUNT, SESSION), session_ended=fail, overflowed=fail)
    here.add(line)
    since = now()
    body = orjson.dumps({"account": ACCOUNT, "kind": "code.used", "data": {}, "at": clock.now().isoformat()})
    read = here.client.xrange
    await here.client.xadd(live.stream(ACCOUNT), {"body": body})

    async def beside(*args: Any) -> Any:
        found = await read(*args)
        here.deliver(body)
        return found

    if way == "before the answer":
        monkeypatch.setattr(here.client, "xrange", beside)
    await here.catch_up(line, since)
    if way == "after the answer":
        here.deliver(body)
    assert line.queue.qsize() == 1


def fail() -> None:
    pytest.fail("the line was closed")


@on_a_loop
async def test_a_page_of_long_ago_reads_again() -> None:
    page = await page_read(now() - int((hub.CATCH_UP + timedelta(seconds=1)).total_seconds() * 1000))
    assert await page.hear() == RESUMED


@on_a_loop
async def test_a_page_that_missed_more_than_is_kept_reads_again() -> None:
    since = now()
    for number in range(live.RECENT_KEPT):
        await publish("code.used", {"number": number})
    page = await page_read(since)
    assert await page.hear() == RESUMED


@on_a_loop
async def test_a_page_whose_notices_cannot_be_read_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    here = hub.current()
    assert await here.wait_ready()

    async def lost(*args: Any) -> Any:
        raise ConnectionLost

    monkeypatch.setattr(here.client, "xrange", lost)
    page = await page_read(now())
    assert await page.hear() == RESUMED
    await publish("code.used", {})
    assert (await page.hear())["kind"] == "code.used"


@on_a_loop
async def test_a_session_that_ended_before_its_socket_stood_is_over() -> None:
    since = now()
    await publish(sessions.SESSION_ENDED, {"session": SESSION})
    page = await page_read(since)
    assert await page.closed_with() == consumer.SESSION_OVER


@pytest.mark.django_db
def test_a_page_says_when_it_was_asked_for(client: Client) -> None:
    people.signed_in(client, people.citizen())
    before = now()
    answer = client.get("/messages/")
    assert before <= int(answer.context["live_since"]) <= now()
    assert f'data-since="{answer.context["live_since"]}"' in answer.content.decode()
