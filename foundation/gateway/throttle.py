"""Single use of nonces and limits per client, in one round trip to Valkey.

A call is admitted by one script: it counts the call against the client's minute, takes the
nonce, and reads the generation of clients and keys. A call over the limit does not use up its
nonce, so the very same request may be sent again after the pause.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import structlog
from redis.client import Pipeline
from redis.commands.core import Script
from redis.exceptions import NoScriptError, RedisError

from foundation.core import ratelimit, redis
from foundation.core.errors import DomainError, TooManyRequests
from foundation.gateway import credentials
from foundation.gateway.caller import Caller
from foundation.gateway.errors import GatewayUnavailable, NonceReplayed

log = structlog.get_logger(__name__)

MINUTE = 60
# Wrong signatures of one client from one address, and from one address altogether. Right
# signatures are never held up by them, or a stranger could lock a hospital out.
FAILURES_PER_CLIENT = 30
FAILURES_PER_ADDRESS = 120
FAILURE_WINDOW = 300

_ADMIT = """
local n = redis.call('INCR', KEYS[2])
if n == 1 then redis.call('PEXPIRE', KEYS[2], ARGV[3]) end
local generation = tonumber(redis.call('GET', KEYS[3]) or '0')
if n > tonumber(ARGV[2]) then return {2, redis.call('PTTL', KEYS[2]), generation} end
if not redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return {1, 0, generation} end
return {0, 0, generation}
"""


@cache
def _admit() -> Script:
    return redis.client().register_script(_ADMIT)


def admit(caller: Caller, nonce: str, *, keep_seconds: int) -> int:
    """Count the call, take its nonce.

    Args:
        nonce: Used at most once per client.
        keep_seconds: How long a repeat is recognised; longer than the time window of calls.

    Returns:
        The present generation of clients and keys.

    Raises:
        TooManyRequests: Over the client's rate.
        NonceReplayed: The nonce was used before.
        GatewayUnavailable: Valkey does not answer; nothing can be admitted without it.
    """
    try:
        answer = _admit()(_keys(caller, nonce), _limits(caller, keep_seconds), client=redis.client())
    except RedisError as exc:
        log.warning("gateway_without_valkey", error=type(exc).__name__)
        raise GatewayUnavailable from exc
    outcome = _outcome(answer)
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


def admit_many(calls: Sequence[tuple[Caller, str]], *, keep_seconds: int) -> list[int | DomainError]:
    """As ``admit`` for many calls in one round trip: each one's generation, or its refusal."""
    try:
        return [_outcome(answer) for answer in _ask_many(calls, keep_seconds)]
    except RedisError as exc:
        log.warning("gateway_without_valkey", error=type(exc).__name__)
        return [GatewayUnavailable() for _ in calls]


def _ask_many(calls: Sequence[tuple[Caller, str]], keep_seconds: int) -> list[Any]:
    try:
        return _pipeline(calls, keep_seconds).execute()
    except NoScriptError:
        # A fresh Valkey: it ran none of them, because it did not know the script.
        redis.client().script_load(_ADMIT)
        return _pipeline(calls, keep_seconds).execute()


def _pipeline(calls: Sequence[tuple[Caller, str]], keep_seconds: int) -> Pipeline:
    sha = _admit().sha
    pipe = redis.client().pipeline(transaction=False)
    for caller, nonce in calls:
        pipe.evalsha(sha, 3, *_keys(caller, nonce), *_limits(caller, keep_seconds))
    return pipe


def _keys(caller: Caller, nonce: str) -> tuple[str, str, str]:
    return (
        redis.key("nonce", caller.public_id, nonce),
        redis.key("limit", f"client:{caller.public_id}"),
        credentials.generation_name(),
    )


def _limits(caller: Caller, keep_seconds: int) -> tuple[int, int, int]:
    return keep_seconds, caller.rate_per_minute, MINUTE * 1000


def _outcome(answer: Any) -> int | DomainError:
    outcome, left, generation = answer
    if outcome == 2:
        return TooManyRequests(retry_after=max(1, -(-int(left) // 1000)))
    if outcome == 1:
        return NonceReplayed()
    return int(generation)


def count_failure(client: str, address: str) -> None:
    """Count a wrong signature.

    Raises:
        TooManyRequests: After too many; the caller is told to wait instead of what is wrong.
    """
    try:
        # The address first: beyond its limit it makes no more keys, whatever clients it invents.
        ratelimit.hit(f"signature:{address}", limit=FAILURES_PER_ADDRESS, per_seconds=FAILURE_WINDOW)
        ratelimit.hit(f"signature:{address}:{client}", limit=FAILURES_PER_CLIENT, per_seconds=FAILURE_WINDOW)
    except RedisError as exc:
        log.warning("failures_not_counted", error=type(exc).__name__)
