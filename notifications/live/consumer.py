"""One socket: a ticket in, notices out, nothing else."""

import asyncio
from typing import Any

import orjson
import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from redis.exceptions import RedisError

from notifications.live import hub, tickets

log = structlog.get_logger(__name__)

TICKET_SECONDS = 10.0
# A session that ran out is noticed at the latest when its page asks for the next ticket.
LIFE_SECONDS = 3600.0
LONGEST_MESSAGE = 1_000
# Milliseconds since 1970, of the last day that a datetime holds.
LATEST_MOMENT = 253_402_300_799_000

# The page stops for good at 4401 and 4403; after any other it asks for a new ticket.
LIFE_OVER = 4001
BAD_MESSAGE = 4400
SESSION_OVER = 4401
TICKET_LATE = 4408
TICKET_REFUSED = 4410
TOO_SLOW = 4429
NOT_NOW = 1013


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Brings an account's notices to one page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line: hub.Line | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_spoken = False

    async def connect(self) -> None:
        """Take the socket; it has a few seconds to show its ticket."""
        await self.accept()
        self._start(self._close_after(TICKET_SECONDS, TICKET_LATE))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The first message is the ticket, and since when its page has to be told; there is no second one."""
        if self._has_spoken or text_data is None or len(text_data) > LONGEST_MESSAGE:
            await self.close(BAD_MESSAGE)
            return
        self._has_spoken = True
        try:
            message = orjson.loads(text_data)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            await self.close(BAD_MESSAGE)
            return
        since = message.get("since")
        if not (since is None or (type(since) is int and 0 <= since <= LATEST_MOMENT)):
            await self.close(BAD_MESSAGE)
            return
        await self._enter(message.get("ticket"), since)

    async def _enter(self, ticket: object, since: int | None) -> None:
        here = hub.current()
        try:
            holder = await tickets.redeem(here.client, ticket) if await here.wait_ready() else None
        except (RedisError, OSError) as exc:
            log.warning("live_ticket_not_checked", error=type(exc).__name__)
            await self.close(NOT_NOW)
            return
        if holder is None:
            await self.close(TICKET_REFUSED)
            return
        self._stop_tasks()
        self._line = hub.Line(
            holder,
            session_ended=lambda: self._end(SESSION_OVER),
            overflowed=lambda: self._end(TOO_SLOW),
        )
        here.add(self._line)
        self._start(self._send_notices(self._line))
        self._start(self._close_after(LIFE_SECONDS, LIFE_OVER))
        if since is not None:
            await here.catch_up(self._line, since)

    async def disconnect(self, code: int) -> None:
        """The socket is gone: whoever closed it."""
        if self._line is not None:
            hub.current().remove(self._line)
        self._stop_tasks()

    async def _send_notices(self, line: hub.Line) -> None:
        while True:
            await self.send(text_data=await line.queue.get())

    async def _close_after(self, seconds: float, code: int) -> None:
        await asyncio.sleep(seconds)
        await self.close(code)

    def _end(self, code: int) -> None:
        # Called by the hub, which must not wait for a socket that may be stuck.
        self._stop_tasks()
        if self._line is not None:
            hub.current().remove(self._line)
        self._start(self._close_after(0, code))

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop_tasks(self) -> None:
        current = asyncio.current_task()
        for task in list(self._tasks):
            if task is not current:
                task.cancel()
