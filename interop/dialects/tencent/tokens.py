"""Access tokens: opaque, known here only by their digests, good for two hours.

A new token leaves the one before it five minutes more, so that the programs of a hospital
which share a token may take the new one up in their own time. What a token opens is decided
at each use: of a client that is suspended, or a key that was retired, no token opens anything.
"""

import secrets
from functools import cache

from redis.commands.core import Script

import gmcrypto
from foundation.core import redis

LIFETIME_SECONDS = 7_200
GRACE_SECONDS = 300
_BYTES = 32
_MAX_CHARACTERS = 128

_ISSUE = """
local old = redis.call('GET', KEYS[2])
if old and redis.call('TTL', old) > tonumber(ARGV[3]) then redis.call('EXPIRE', old, ARGV[3]) end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
redis.call('SET', KEYS[2], KEYS[1], 'EX', ARGV[2])
"""


@cache
def _issue() -> Script:
    return redis.client().register_script(_ISSUE)


def issue(kid: str) -> str:
    """A new token for a key; the one before it ends in five minutes."""
    token = secrets.token_urlsafe(_BYTES)
    keys = (_place(token), redis.key("tencent", "current-token", kid))
    _issue()(keys, (kid, LIFETIME_SECONDS, GRACE_SECONDS))
    return token


def kid_of(token: str) -> str:
    """The key that a token was issued to; empty for an unknown or expired one."""
    if len(token) > _MAX_CHARACTERS:
        return ""
    kid = redis.client().get(_place(token))
    return kid.decode() if isinstance(kid, bytes) else ""


def _place(token: str) -> str:
    return redis.key("tencent", "token", gmcrypto.sm3(token.encode()).hex())
