"""One subscription per process, fanned out to the sockets in it.

Measured before it was built: a subscription for each connection delivers 18 times less. What was
told between the reading of a page and its first connection is told to it then. A notice may be
lost (Valkey restarts, a page is slow): pages read again what they show after each further
connection, and whenever they are told ``resumed``.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
import redis.asyncio
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from foundation.accounts.sessions import SESSION_ENDED
from foundation.core import clock
from foundation.core import redis as valkey
from foundation.events import live
from notifications.live.tickets import Holder

log = structlog.get_logger(__name__)

QUEUE_LENGTH = 64
READY_SECONDS = 5.0
# A page connects within seconds of its reading; one that took longer reads again.
CATCH_UP = timedelta(seconds=60)
# How long a silent subscription waits before it asks whether the connection still lives.
_PING_SECONDS = 15.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0

_Entry = tuple[bytes, dict[bytes, bytes]]

RESUMED = orjson.dumps({"kind": "resumed", "data": {}}).decode()


class Line:
    """What waits for one socket.

    ``session_ended`` and ``overflowed`` are called at most once in all: after either the line
    takes nothing more.
    """

    def __init__(
        self, holder: Holder, *, session_ended: Callable[[], None], overflowed: Callable[[], None]
    ) -> None:
        self.holder = holder
        self.queue: asyncio.Queue[str] = asyncio.Queue(maxsize=QUEUE_LENGTH)
        # While it catches up, a notice may come by both ways.
        self.is_catching_up = False
        self._told: set[bytes] = set()
        self._session_ended = session_ended
        self._overflowed = overflowed
        self._is_closed = False

    def is_new(self, body: bytes) -> bool:
        """Whether it has not been told of this notice; asked once for each way by which one comes."""
        if body in self._told:
            return False
        if self.is_catching_up:
            self._told.add(body)
        return True

    def offer(self, text: str) -> None:
        """Queue a notice; a socket that reads too slowly is given up, the others never wait."""
        if self._is_closed:
            return
        try:
            self.queue.put_nowait(text)
        except asyncio.QueueFull:
            self._is_closed = True
            self._overflowed()

    def end(self) -> None:
        """The session is over."""
        if not self._is_closed:
            self._is_closed = True
            self._session_ended()


class Hub:
    """The sockets of this process, by account."""

    def __init__(self) -> None:
        # A pool that waits: when every page comes back at once after a restart, tickets queue
        # here instead of being refused. Commands fail fast; listening names its own time-out.
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            settings.REDIS_URL,
            max_connections=20,
            timeout=5.0,
            socket_timeout=3.0,
            socket_connect_timeout=3.0,
            health_check_interval=int(_PING_SECONDS),
        )
        self.client = redis.asyncio.Redis.from_pool(pool)
        self._lines: defaultdict[str, set[Line]] = defaultdict(set)
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._pause = _SHORTEST_PAUSE

    def start(self) -> None:
        """Subscribe, and stay subscribed until ``stop``."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the subscription."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self.client.aclose()

    async def wait_ready(self) -> bool:
        """Whether notices arrive here; waits a little for the subscription to stand."""
        try:
            await asyncio.wait_for(self._ready.wait(), READY_SECONDS)
        except TimeoutError:
            return False
        return True

    def add(self, line: Line) -> None:
        """Let a socket hear what is for its account."""
        self._lines[line.holder.account].add(line)

    def remove(self, line: Line) -> None:
        """A socket is gone."""
        lines = self._lines.get(line.holder.account)
        if lines is not None:
            lines.discard(line)
            if not lines:
                del self._lines[line.holder.account]

    def deliver(self, body: bytes) -> None:
        """Pass one notice to the sockets of its account."""
        notice: dict[str, Any] = orjson.loads(body)
        lines = self._lines.get(notice["account"])
        if lines:
            _tell([line for line in lines if line.is_new(body)], notice)

    async def catch_up(self, line: Line, since: int) -> None:
        """Tell a line that was just added what its page has missed.

        Args:
            since: When the page was asked for, in milliseconds since 1970; one that is not of these
                seconds, or that missed too much, is told to read again.
        """
        begun = datetime.fromtimestamp(since / 1000, UTC)
        if clock.now() - begun > CATCH_UP:
            line.offer(RESUMED)
            return
        line.is_catching_up = True
        try:
            entries = cast("list[_Entry]", await self.client.xrange(live.stream(line.holder.account)))
            bodies = [fields[b"body"] for _, fields in entries]
            missed = [(body, notice) for body in bodies if _at(notice := orjson.loads(body)) >= begun]
            if len(missed) >= live.RECENT_KEPT:
                line.offer(RESUMED)
                return
            for body, notice in missed:
                if line.is_new(body):
                    _tell([line], notice)
        except (RedisError, OSError) as exc:
            log.warning("live_notices_not_caught_up", error=type(exc).__name__)
            line.offer(RESUMED)
        finally:
            line.is_catching_up = False

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as exc:
                log.warning("live_subscription_lost", error=type(exc).__name__)
            except Exception:
                # A defect in here would silence every page of the process for good.
                log.exception("live_subscription_broken")
            self._ready.clear()
            await asyncio.sleep(self._pause)
            self._pause = min(_LONGEST_PAUSE, self._pause * 2)

    async def _listen(self) -> None:
        async with self.client.pubsub() as subscription:
            await subscription.subscribe(valkey.key(live.CHANNEL))
            while True:
                message = await subscription.get_message(timeout=_PING_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    self._resume()
                elif message["type"] == "message":
                    self._deliver_safely(message["data"])

    def _resume(self) -> None:
        self._ready.set()
        self._pause = _SHORTEST_PAUSE
        # What was published while the subscription was down did not arrive.
        for lines in list(self._lines.values()):
            for line in list(lines):
                line.offer(RESUMED)

    def _deliver_safely(self, body: bytes) -> None:
        try:
            self.deliver(body)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            log.warning("live_notice_malformed", error=type(exc).__name__)


def _tell(lines: Iterable[Line], notice: Mapping[str, Any]) -> None:
    if notice["kind"] == SESSION_ENDED:
        ended = notice["data"].get("session", "")
        for line in lines:
            if ended in ("", line.holder.session):
                line.end()
        return
    text = orjson.dumps({"kind": notice["kind"], "data": notice["data"]}).decode()
    for line in lines:
        line.offer(text)


def _at(notice: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(notice["at"])


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def current() -> Hub:
    """The hub of this process (of its event loop), subscribed at the first call."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
        hub.start()
    return hub


async def stop() -> None:
    """End the hub of this event loop."""
    hub = _hubs.pop(asyncio.get_running_loop(), None)
    if hub is not None:
        await hub.stop()
