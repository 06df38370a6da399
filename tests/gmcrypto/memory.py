"""A key store in memory, as an institution that uses the package alone would write one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gmcrypto.errors import KeyUnavailable
from gmcrypto.keyring import KeyState, StoredKey


def clock() -> datetime:
    return datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


class MemoryStore:
    """Keeps wrapped keys in a dict and counts how often it is read."""

    def __init__(self) -> None:
        self.keys: dict[str, StoredKey] = {}
        self.loads = 0
        self.away = False

    def load(self) -> Sequence[StoredKey]:
        self.loads += 1
        if self.away:
            raise KeyUnavailable("away")
        return list(self.keys.values())

    def add(self, key: StoredKey) -> bool:
        if key.kid in self.keys:
            return False
        self.keys[key.kid] = key
        return True

    def activate(self, kid: str, *, before: Sequence[str], into: KeyState, at: datetime) -> bool:
        if self.keys[kid].state is not KeyState.NEXT:
            return False
        for old in before:
            ended = at if into is KeyState.RETIRED else None
            self.keys[old] = replace(self.keys[old], state=into, retired_at=ended)
        self.keys[kid] = replace(self.keys[kid], state=KeyState.ACTIVE, activated_at=at)
        return True

    def retire(self, kid: str, *, at: datetime) -> bool:
        if self.keys[kid].state not in (KeyState.ACTIVE, KeyState.LEAVING):
            return False
        self.keys[kid] = replace(self.keys[kid], state=KeyState.RETIRED, retired_at=at)
        return True

    def rewrap(self, kid: str, *, old: bytes, new: bytes) -> bool:
        if self.keys[kid].wrapped != old:
            return False
        self.keys[kid] = replace(self.keys[kid], wrapped=new)
        return True
