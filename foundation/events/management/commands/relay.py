"""``manage.py relay``: the resident process that moves events on."""

import signal
import time
from types import FrameType
from typing import Any

import structlog
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from redis.client import PubSub
from redis.exceptions import RedisError

from foundation.core import redis
from foundation.events import relay
from foundation.events.services import WAKE_CHANNEL

log = structlog.get_logger(__name__)

POLL_SECONDS = 1.0
SWEEP_SECONDS = 5.0


class Command(BaseCommand):
    """Woken by Valkey after each commit, and by itself every second."""

    help = "Relay events to their subscribers and drain the hot tables, until told to stop."
    stopping = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; the round in hand is finished first."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        log.info("relay_started")
        waker: PubSub | None = None
        swept = 0.0
        while not self.stopping:
            try:
                worked = relay.run_once()
                if time.monotonic() - swept > SWEEP_SECONDS:
                    relay.sweep()
                    swept = time.monotonic()
            except (OperationalError, InterfaceError) as exc:
                log.warning("relay_without_database", error=type(exc).__name__)
                connection.close()
                time.sleep(POLL_SECONDS)
                continue
            if worked:
                continue
            close_old_connections()
            waker = self._wait(waker)
        log.info("relay_stopped")

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _wait(self, waker: PubSub | None) -> PubSub | None:
        """Sleep until woken or until it is time to look; without Valkey, only the latter."""
        try:
            if waker is None:
                waker = redis.client().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
                waker.subscribe(redis.key(WAKE_CHANNEL))
            # Several wake-ups that piled up are one reason to look.
            if waker.get_message(timeout=POLL_SECONDS) is not None:
                while waker.get_message(timeout=0.0) is not None:
                    continue
            return waker
        except RedisError as exc:
            log.warning("relay_without_valkey", error=type(exc).__name__)
            time.sleep(POLL_SECONDS)
            return None
