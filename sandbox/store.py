"""The state of the played systems, in Valkey, so that every sandbox process sees the same."""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from redis.asyncio import Redis
from starlette.requests import Request

DAY_SECONDS = 86_400

# Reads and removes in one step, and remembers for an hour that the value was there, so that of
# two callers one gets it and the other is told that it was used.
_TAKE = """
local value = redis.call('GETDEL', KEYS[1])
if value then redis.call('SET', KEYS[2], '1', 'EX', 3600) end
return value
"""


class Store:
    """Small JSON documents, lists and counters below one prefix."""

    def __init__(self, client: Redis, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def _key(self, name: str) -> str:
        return f"{self._prefix}:{name}"

    async def ping(self) -> None:
        """Raise if Valkey does not answer."""
        await self._client.ping()

    async def put(self, name: str, value: Mapping[str, Any], seconds: int) -> None:
        """Keep a document for some seconds."""
        await self._client.set(self._key(name), json.dumps(value), ex=seconds)

    async def put_once(self, name: str, value: Mapping[str, Any], seconds: int) -> bool:
        """Put unless it is there; whether it was put."""
        text = json.dumps(value)
        return bool(await self._client.set(self._key(name), text, ex=seconds, nx=True))

    async def get(self, name: str) -> dict[str, Any] | None:
        """The document, if it is there."""
        return _parse(await self._client.get(self._key(name)))

    async def take(self, name: str) -> dict[str, Any] | None:
        """Get and remove; afterwards `was_taken` is true for an hour."""
        return _parse(await self._client.eval(_TAKE, 2, self._key(name), self._key(f"taken:{name}")))

    async def was_taken(self, name: str) -> bool:
        """Whether `take` got the document within the last hour."""
        return bool(await self._client.exists(self._key(f"taken:{name}")))

    async def drop(self, name: str) -> None:
        """Remove a document."""
        await self._client.delete(self._key(name))

    async def set_field(self, name: str, field: str, value: Mapping[str, Any]) -> None:
        """Keep a document in a hash, without an end."""
        await self._client.hset(self._key(name), field, json.dumps(value))

    async def drop_field(self, name: str, field: str) -> None:
        """Remove a document from a hash."""
        await self._client.hdel(self._key(name), field)

    async def field(self, name: str, field: str) -> dict[str, Any] | None:
        """One document of a hash."""
        return _parse(await self._client.hget(self._key(name), field))

    async def fields(self, name: str) -> dict[str, dict[str, Any]]:
        """All documents of a hash."""
        raw = await self._client.hgetall(self._key(name))
        return {_text(field): json.loads(value) for field, value in raw.items()}

    async def append(self, name: str, value: Mapping[str, Any], *, keep: int) -> None:
        """Put at the head of a list that keeps its newest entries for a day."""
        key = self._key(name)
        await self._client.lpush(key, json.dumps(value))
        await self._client.ltrim(key, 0, keep - 1)
        await self._client.expire(key, DAY_SECONDS)

    async def newest(self, name: str, count: int) -> list[dict[str, Any]]:
        """The head of a list."""
        return [json.loads(value) for value in await self._client.lrange(self._key(name), 0, count - 1)]

    async def increase(self, name: str, by: int = 1, seconds: int | None = None) -> int:
        """Add to a counter; with `seconds`, a new counter ends after that time."""
        total = int(await self._client.incrby(self._key(name), by))
        if seconds is not None and total == by:
            await self._client.expire(self._key(name), seconds)
        return total

    async def count(self, name: str) -> int:
        """The state of a counter."""
        return int(await self._client.get(self._key(name)) or 0)

    def lock(self, name: str) -> AbstractAsyncContextManager[Any]:
        """One holder at a time among all sandbox processes."""
        return self._client.lock(self._key(f"lock:{name}"), timeout=5, sleep=0.02)

    async def clear(self) -> None:
        """Forget everything below the prefix."""
        async for key in self._client.scan_iter(self._key("*")):
            await self._client.delete(key)


def of(request: Request) -> Store:
    """The store of the application that serves the request."""
    store = request.app.state.store
    if not isinstance(store, Store):
        raise TypeError("the application was started without its store")
    return store


def _parse(raw: Any) -> dict[str, Any] | None:
    return None if raw is None else json.loads(raw)


def _text(raw: bytes | str) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw
