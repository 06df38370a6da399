"""The socket process as it is run: uvicorn, Valkey, and a real client."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings as django_settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from foundation.accounts.sessions import SESSION_ENDED
from foundation.events import live
from notifications.live import consumer, tickets

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = django_settings.WS_ALLOWED_ORIGINS[0]
# Accounts of no test beside this one: the channel of notices is shared by the whole Valkey.
ACCOUNT = f"process{os.getpid()}".ljust(26, "0")

SETTLED = "tests.settled"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = int(listener.getsockname()[1])
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "portal.asgi:application", "--fd", str(listener.fileno())],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "portal.settings",
                "SECRET_KEY": "only-for-tests",
                "DEMO": "1",
                # The process has no use for the database; this one does not exist.
                "DATABASE_URL": "postgres://nobody@/none?host=/nowhere",
                "REDIS_URL": django_settings.REDIS_URL,
                "REDIS_PREFIX": django_settings.REDIS_PREFIX,
            },
            pass_fds=[listener.fileno()],
        )
    try:
        yield number
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def tell(kind: str, data: dict[str, Any]) -> None:
    live.send_many([(ACCOUNT, kind, data)])


async def page(port: int, session: str = "session") -> ClientConnection:
    ticket = await asyncio.to_thread(tickets.issue, account_id=ACCOUNT, session=session)
    url = f"ws://127.0.0.1:{port}/ws"
    connection = await connect(url, origin=ORIGIN, open_timeout=60, compression=None)  # type: ignore[arg-type]
    await connection.send(orjson.dumps({"ticket": ticket}).decode())
    return connection


async def hear(connection: ClientConnection) -> dict[str, Any]:
    """The next notice, but for those that ``settled`` told."""
    while True:
        notice = dict(orjson.loads(await asyncio.wait_for(connection.recv(), 60)))
        if notice["kind"] != SETTLED:
            return notice


async def settled(*pages: ClientConnection) -> None:
    """Wait until each page hears, by telling something until it does."""

    async def keep_telling() -> None:
        while True:
            await asyncio.to_thread(tell, SETTLED, {})
            await asyncio.sleep(0.1)

    telling = asyncio.create_task(keep_telling())
    try:
        await asyncio.gather(*(asyncio.wait_for(one.recv(), 60) for one in pages))
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


def test_a_notice_goes_from_another_process_to_every_open_page(port: int) -> None:
    async def run() -> None:
        pages = [await page(port, f"session-{number}") for number in range(50)]
        await settled(*pages)
        for number in range(10):
            await asyncio.to_thread(tell, "code.used", {"number": number})
            heard = await asyncio.gather(*(hear(one) for one in pages))
            assert heard == [{"kind": "code.used", "data": {"number": number}}] * len(pages)
        for one in pages:
            await one.close()

    asyncio.run(run())


def test_every_page_can_come_back_at_once(port: int) -> None:
    async def run() -> None:
        pages = await asyncio.gather(*(page(port, f"back-{number}") for number in range(300)))
        await settled(*pages)
        await asyncio.to_thread(tell, "code.used", {})
        heard = await asyncio.gather(*(hear(one) for one in pages))
        assert len(heard) == len(pages)
        await asyncio.gather(*(one.close() for one in pages))

    asyncio.run(run())


def test_an_idle_page_still_hears_after_seventeen_seconds(port: int) -> None:
    async def run() -> None:
        async with await page(port) as idle:
            await settled(idle)
            # Longer than every time-out of the client library, and than one of our own pings.
            await asyncio.sleep(17)
            await asyncio.to_thread(tell, "message.new", {})
            assert (await hear(idle))["kind"] == "message.new"

    asyncio.run(run())


def test_the_end_of_a_session_closes_its_page(port: int) -> None:
    async def run() -> None:
        ended, other = await page(port, "ended"), await page(port, "other")
        await settled(ended, other)
        await asyncio.to_thread(tell, SESSION_ENDED, {"session": "ended"})
        with pytest.raises(ConnectionClosed) as caught:
            await hear(ended)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == consumer.SESSION_OVER
        await asyncio.to_thread(tell, "code.used", {})
        assert (await hear(other))["kind"] == "code.used"
        await other.close()

    asyncio.run(run())


def test_a_page_of_another_site_gets_403(port: int) -> None:
    async def run() -> None:
        with pytest.raises(InvalidStatus) as caught:
            await connect(f"ws://127.0.0.1:{port}/ws", origin="https://evil.example")  # type: ignore[arg-type]
        assert caught.value.response.status_code == 403

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/", "/ws", "/sign-in/", "/admin/"])
def test_the_process_serves_no_pages(port: int, path: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    assert connection.getresponse().status == 404
    connection.close()


def test_a_page_that_does_not_read_is_given_up_and_the_others_do_not_wait(port: int) -> None:
    async def run() -> None:
        stuck, reading = await page(port, "stuck"), await page(port, "reading")
        await settled(stuck, reading)
        stuck.transport.pause_reading()
        big = {"filler": "x" * 60_000}
        for number in range(300):
            await asyncio.to_thread(tell, "big", {**big, "number": number})
            assert (await hear(reading))["data"]["number"] == number
        stuck.transport.resume_reading()
        with pytest.raises(ConnectionClosed) as caught:
            for _ in range(301):
                await hear(stuck)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == consumer.TOO_SLOW
        await reading.close()

    asyncio.run(run())
