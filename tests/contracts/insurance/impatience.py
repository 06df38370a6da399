"""Clients of an insurance that do not wait long, for what does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def impatient(client: Any) -> Iterator[None]:
    """Let the module of a client wait half a second."""
    before = client.TIMEOUT_SECONDS
    client.TIMEOUT_SECONDS = 0.5
    client._outbound.cache_clear()
    try:
        yield
    finally:
        client.TIMEOUT_SECONDS = before
        client._outbound.cache_clear()
