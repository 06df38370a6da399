"""A count of events in a window, in Valkey.

The count and its expiry are one Lua call, so that two processes can never both take the last
place, and a crash between two commands cannot leave a counter without an end.
"""

from foundation.core import redis
from foundation.core.errors import TooManyRequests

_SCRIPT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if n > tonumber(ARGV[1]) then return redis.call('PTTL', KEYS[1]) end
return -1
"""


def hit(name: str, *, limit: int, per_seconds: int) -> None:
    """Count one event under a name.

    Args:
        name: What is counted; personal parts must already be digests.
        limit: How many events are allowed in the window.
        per_seconds: Length of the window, which opens with its first event.

    Raises:
        TooManyRequests: If this event is over the limit; carries the seconds to wait.
    """
    left = redis.client().eval(_SCRIPT, 1, redis.key("limit", name), limit, per_seconds * 1000)
    milliseconds = int(left)
    if milliseconds >= 0:
        raise TooManyRequests(retry_after=max(1, -(-milliseconds // 1000)))


def count(name: str) -> int:
    """How many events the open window holds."""
    value = redis.client().get(redis.key("limit", name))
    return int(value) if value else 0


def forget(name: str) -> None:
    """Close the window early, after a success that proves good faith."""
    redis.client().delete(redis.key("limit", name))
