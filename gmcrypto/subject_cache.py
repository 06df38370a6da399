"""Unwrapped keys of persons, for a short time and in bounded number."""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

CACHE_SECONDS = 60.0
CACHE_SIZE = 10_000


@dataclass(slots=True)
class _Entry:
    key: bytes = field(repr=False)
    expires_at: float
    committed: bool


class SubjectKeyCache:
    """The keys that were used last. May be used by several threads.

    An entry is `committed` when its row was seen outside a transaction, or in one that has
    since been committed. Any entry serves for reading; only a committed one for writing.
    """

    def __init__(self, *, seconds: float = CACHE_SECONDS, size: int = CACHE_SIZE) -> None:
        """Keep at most `size` keys, each for `seconds`."""
        self._seconds = seconds
        self._size = size
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def get(self, subject: str) -> bytes | None:
        """The key for reading, if it is here."""
        with self._lock:
            entry = self._fresh(subject)
            return entry.key if entry else None

    def committed(self, subject: str) -> bytes | None:
        """The key for writing, if it is here and its row is known to be committed."""
        with self._lock:
            entry = self._fresh(subject)
            return entry.key if entry and entry.committed else None

    def put(self, subject: str, key: bytes) -> None:
        """Remember a key that was read just now."""
        with self._lock:
            old = self._entries.get(subject)
            committed = old is not None and old.committed and old.key == key
            self._entries[subject] = _Entry(key, time.monotonic() + self._seconds, committed)
            self._entries.move_to_end(subject)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)

    def trust(self, keys: Mapping[str, bytes]) -> None:
        """Mark these keys as committed, unless another key has taken the place since."""
        with self._lock:
            for subject, key in keys.items():
                entry = self._entries.get(subject)
                if entry is not None and entry.key == key:
                    entry.committed = True

    def drop(self, subject: str) -> None:
        """Forget one key."""
        with self._lock:
            self._entries.pop(subject, None)

    def clear(self) -> None:
        """Forget every key."""
        with self._lock:
            self._entries.clear()

    def _fresh(self, subject: str) -> _Entry | None:
        entry = self._entries.get(subject)
        if entry is None:
            return None
        if entry.expires_at <= time.monotonic():
            del self._entries[subject]
            return None
        self._entries.move_to_end(subject)
        return entry


# What this process has in memory.
memory = SubjectKeyCache()
