"""A circuit breaker in Valkey, shared by all processes.

After several failures in a row within a window the circuit opens: nobody asks for a while.
Then one caller is let through to try; its success closes the circuit, its failure opens it
again. While Valkey is away everybody asks, as if there were no breaker.
"""

import structlog
from redis.exceptions import RedisError

from foundation.core import redis

log = structlog.get_logger(__name__)

_ALLOWS = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
if redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[1]) then return 1 end
return 0
"""
_FAILED = """
local tripped = redis.call('EXISTS', KEYS[2]) == 1
local count = redis.call('INCR', KEYS[4])
if count == 1 then redis.call('PEXPIRE', KEYS[4], ARGV[3]) end
if tripped or count >= tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], '1', 'PX', ARGV[2])
    redis.call('SET', KEYS[2], '1')
    redis.call('DEL', KEYS[3], KEYS[4])
    return 1
end
return 0
"""


class CircuitBreaker:
    """The breaker of one outside system.

    Args:
        name: The system's name, in keys and logs.
        failures: How many failures in the window open the circuit.
        window_seconds: How long failures count together; a success in between ends the row.
        open_seconds: How long nobody asks.
        probe_seconds: How long the one caller may take before another may try.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = 5,
        window_seconds: float = 60,
        open_seconds: float = 30,
        probe_seconds: float = 15,
    ) -> None:
        self._name = name
        self._keys = [redis.key("breaker", name, part) for part in ("open", "tripped", "probe", "failures")]
        self._failures = failures
        self._window_ms = round(window_seconds * 1000)
        self._open_ms = round(open_seconds * 1000)
        self._probe_ms = round(probe_seconds * 1000)

    def allows(self) -> bool:
        """Whether to ask now; whoever is told yes reports how it went."""
        try:
            return bool(redis.client().eval(_ALLOWS, 4, *self._keys, self._probe_ms))
        except RedisError as exc:
            log.warning("breaker_unavailable", system=self._name, error=type(exc).__name__)
            return True

    def succeeded(self) -> None:
        """The system answered: the circuit is closed, and earlier failures are forgotten."""
        try:
            redis.client().delete(*self._keys)
        except RedisError as exc:
            log.warning("breaker_unavailable", system=self._name, error=type(exc).__name__)

    def failed(self) -> None:
        """The system did not answer."""
        try:
            opened = redis.client().eval(
                _FAILED, 4, *self._keys, self._failures, self._open_ms, self._window_ms
            )
        except RedisError as exc:
            log.warning("breaker_unavailable", system=self._name, error=type(exc).__name__)
            return
        if opened:
            log.warning("breaker_opened", system=self._name)
