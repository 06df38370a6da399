"""The shared Valkey (or Redis) connection."""

from functools import cache

import redis
from django.conf import settings

SOCKET_TIMEOUT_SECONDS = 3.0


@cache
def client() -> redis.Redis:
    """The process's connection pool; values come back as bytes.

    The time-out is short on purpose: what rests on Valkey (limits, nonces, live notices) must
    fail fast and visibly rather than hold a request.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
    )


def key(*parts: str) -> str:
    """A key below the product's own prefix, so that one Valkey can serve several nodes."""
    return ":".join((settings.REDIS_PREFIX, *parts))
