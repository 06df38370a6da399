"""The socket: who gets in, what arrives, and how it ends."""

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings

from foundation.accounts import sessions
from foundation.core import redis
from foundation.events import live
from notifications.live import consumer, hub, tickets
from portal.asgi import application
from tests.notifications.page import Page

ORIGIN = django_settings.WS_ALLOWED_ORIGINS[0]
ACCOUNT = "0" * 26
SESSION = "session-of-the-test"

P = ParamSpec("P")


def page_of(origin: str | None = ORIGIN, path: str = "/ws") -> Page:
    return Page(path=path, origin=origin)


async def ticket(account: str = ACCOUNT, session: str = SESSION) -> str:
    return await sync_to_async(tickets.issue)(account_id=account, session=session)


async def connected(account: str = ACCOUNT, session: str = SESSION) -> Page:
    page = page_of()
    assert await page.connect()
    await page.say(orjson.dumps({"ticket": await ticket(account, session)}).decode())
    for _ in range(6_000):
        if any(line.holder.session == session for line in hub.current()._lines.get(account, ())):
            return page
        await asyncio.sleep(0.01)
    raise AssertionError("the socket was not taken in")


async def publish(kind: str, data: dict[str, Any], account: str = ACCOUNT) -> None:
    await sync_to_async(live.send_many)([(account, kind, data)])


def on_a_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run an asynchronous test on an event loop of its own, with a hub of its own."""

    async def body(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await test(*args, **kwargs)
        finally:
            await hub.stop()

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(body(*args, **kwargs))

    return run


@on_a_loop
async def test_a_notice_reaches_the_pages_of_its_account_alone() -> None:
    mine, also_mine = await connected(), await connected(session="another")
    other = await connected(account="1" * 26, session="stranger")
    await publish("code.used", {"institution": "h1"})
    expected = {"kind": "code.used", "data": {"institution": "h1"}}
    assert await mine.hear() == expected
    assert await also_mine.hear() == expected
    assert await other.hears_nothing()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example"])
@on_a_loop
async def test_a_page_of_another_site_is_refused_before_the_socket_opens(origin: str) -> None:
    assert not await page_of(origin).connect()


@on_a_loop
async def test_an_application_without_an_origin_comes_in_by_its_ticket() -> None:
    assert await page_of(origin=None).connect()


@on_a_loop
async def test_there_is_only_one_address() -> None:
    assert not await page_of(path="/ws/other").connect()


@on_a_loop
async def test_a_ticket_works_once() -> None:
    first, second = page_of(), page_of()
    await first.connect()
    await second.connect()
    message = orjson.dumps({"ticket": await ticket()}).decode()
    await first.say(message)
    assert await first.hears_nothing()
    await second.say(message)
    assert await second.closed_with() == consumer.TICKET_REFUSED


@pytest.mark.parametrize("message", ['{"ticket": "invented"}', '{"ticket": 1}', '{"ticket": ""}', "{}"])
@on_a_loop
async def test_no_ticket_no_entry(message: str) -> None:
    page = page_of()
    await page.connect()
    await page.say(message)
    assert await page.closed_with() == consumer.TICKET_REFUSED


@pytest.mark.parametrize(
    "message",
    [
        "ticket",
        "[]",
        "1",
        '{"ticket": "' + "x" * 2000 + '"}',
        '{"ticket": "t", "since": "1"}',
        '{"ticket": "t", "since": true}',
        '{"ticket": "t", "since": 1.5}',
        '{"ticket": "t", "since": -1}',
        '{"ticket": "t", "since": 253402300800000}',
    ],
)
@on_a_loop
async def test_a_first_message_of_another_shape_is_refused(message: str) -> None:
    page = page_of()
    await page.connect()
    await page.say(message)
    assert await page.closed_with() == consumer.BAD_MESSAGE


@on_a_loop
async def test_bytes_are_refused() -> None:
    page = page_of()
    await page.connect()
    await page.say(b"{}")
    assert await page.closed_with() == consumer.BAD_MESSAGE


@on_a_loop
async def test_a_page_has_nothing_more_to_say() -> None:
    page = await connected()
    await page.say('{"ticket": "again"}')
    assert await page.closed_with() == consumer.BAD_MESSAGE


@on_a_loop
async def test_without_a_ticket_the_socket_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert consumer.TICKET_SECONDS == 10
    monkeypatch.setattr(consumer, "TICKET_SECONDS", 0.1)
    page = page_of()
    await page.connect()
    assert await page.closed_with() == consumer.TICKET_LATE


@on_a_loop
async def test_a_ticket_lives_for_a_minute_and_is_stored_as_a_digest() -> None:
    issued = await ticket()
    key = tickets._place(issued)
    assert issued not in key
    assert 55 <= await sync_to_async(redis.client().ttl)(key) <= 60


@on_a_loop
async def test_a_socket_does_not_live_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "LIFE_SECONDS", 0.1)
    page = page_of()
    await page.connect()
    await page.say(orjson.dumps({"ticket": await ticket()}).decode())
    assert await page.closed_with() == consumer.LIFE_OVER


@on_a_loop
async def test_the_end_of_a_session_closes_its_sockets_and_no_others() -> None:
    ended, other = await connected(session="ended"), await connected(session="other")
    await publish(sessions.SESSION_ENDED, {"session": "ended"})
    assert await ended.closed_with() == consumer.SESSION_OVER
    assert await other.hears_nothing()


@on_a_loop
async def test_the_end_of_all_sessions_closes_every_socket_of_the_account() -> None:
    pages = [await connected(session="one"), await connected(session="two")]
    stranger = await connected(account="1" * 26, session="one")
    await publish(sessions.SESSION_ENDED, {"session": ""})
    assert [await page.closed_with() for page in pages] == [consumer.SESSION_OVER] * 2
    assert await stranger.hears_nothing()


@on_a_loop
async def test_a_page_that_reads_too_slowly_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "QUEUE_LENGTH", 3)
    closed: list[str] = []
    line = hub.Line(
        tickets.Holder(ACCOUNT, SESSION),
        session_ended=lambda: closed.append("ended"),
        overflowed=lambda: closed.append("slow"),
    )
    for number in range(10):
        line.offer(str(number))
    assert closed == ["slow"]
    assert line.queue.qsize() == 3


@on_a_loop
async def test_a_notice_that_is_no_notice_harms_nobody() -> None:
    page = await connected()
    for body in (b"not json", b"[]", b'{"kind": "x"}', b'{"account": 1, "kind": 2, "data": 3}'):
        await sync_to_async(redis.client().publish)(redis.key(live.CHANNEL), body)
    await publish("code.used", {})
    assert (await page.hear())["kind"] == "code.used"


@on_a_loop
async def test_after_the_subscription_was_lost_pages_are_told_to_read_again() -> None:
    page = await connected()
    ids = await sync_to_async(lambda: [c["id"] for c in redis.client().client_list(_type="pubsub")])()
    assert ids
    for client_id in ids:
        await sync_to_async(redis.client().client_kill_filter)(_id=client_id)
    assert await page.hear(seconds=5) == {"kind": "resumed", "data": {}}
    await publish("code.used", {})
    assert (await page.hear())["kind"] == "code.used"


@on_a_loop
async def test_a_socket_that_is_gone_leaves_nothing_behind() -> None:
    page = await connected()
    await page.leave()
    assert hub.current()._lines.get(ACCOUNT) is None


@on_a_loop
async def test_pages_are_not_served_by_the_socket_process() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    await application({"type": "http", "path": "/", "headers": [], "method": "GET"}, receive, send)
    assert sent[0]["status"] == 404


def test_the_entry_point_can_be_imported_again() -> None:
    assert importlib.import_module("portal.asgi").application is application
