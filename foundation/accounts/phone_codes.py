"""One-time codes for phones, kept in Valkey for the minutes that they live.

The store holds only digests: of the number as the key, of number, purpose and code as the
value. Nothing in it tells whether the number has an account.
"""

import secrets

import gmcrypto
from foundation.accounts.errors import CodeRefused
from foundation.core import ratelimit, redis
from gmcrypto import keystore
from gmcrypto.index import blind_index
from gmcrypto.keyring import Purpose

DIGITS = 6
LIFE_SECONDS = 300
MAX_TRIES = 5
RESEND_SECONDS = 60
# An hour's limits of one address: a mobile carrier puts hundreds of residents behind one.
CODES_PER_ADDRESS = 300
TRIES_PER_ADDRESS = 600

SIGN_IN = "sign_in"
BIND = "bind"
ACTIVATE = "activate"
WINDOW = "window"
JOIN = "join"
FAMILY = "family"
RECORDS = "records"

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_DOMAIN = b"ehc.phone-code.1\x1f"

# Comparing, counting the try and deleting are one step: of two requests with the right code
# one finds it, and a code cannot be tried more often than allowed by trying it in parallel.
_CONSUME = """
local mac = redis.call('HGET', KEYS[1], 'mac')
if not mac then return 0 end
if mac == ARGV[1] then redis.call('DEL', KEYS[1]) return 1 end
if redis.call('HINCRBY', KEYS[1], 'tries', 1) >= tonumber(ARGV[2]) then redis.call('DEL', KEYS[1]) end
return 0
"""


def phone_digest(phone: str) -> str:
    """A keyed digest that stands for a number in limits, keys and audit entries."""
    return blind_index("phone-limit", phone).hex()[:32]


def check_request_limits(*, phone: str, ip: str) -> None:
    """Count one request for a code.

    Raises:
        TooManyRequests: Also when the number was never seen before; it tells nothing about it.
    """
    digest = phone_digest(phone)
    ratelimit.hit(f"code-ip:{ip}:hour", limit=CODES_PER_ADDRESS, per_seconds=_HOUR)
    ratelimit.hit(f"code:{digest}:minute", limit=1, per_seconds=RESEND_SECONDS)
    ratelimit.hit(f"code:{digest}:hour", limit=5, per_seconds=_HOUR)
    ratelimit.hit(f"code:{digest}:day", limit=10, per_seconds=_DAY)


def issue(*, phone: str, purpose: str) -> str:
    """A new code, which replaces the one before it."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    key = _key(phone, purpose)
    pipe = redis.client().pipeline(transaction=True)
    pipe.delete(key)
    pipe.hset(key, mapping={"mac": _mac(phone, purpose, code), "tries": 0})
    pipe.expire(key, LIFE_SECONDS)
    pipe.execute()
    return code


def consume(*, phone: str, purpose: str, code: str, ip: str) -> None:
    """Use the code up.

    Raises:
        CodeRefused: If it is wrong, used, out of date or was tried too often.
        TooManyRequests: If this address guesses.
    """
    ratelimit.hit(f"code-try-ip:{ip}", limit=TRIES_PER_ADDRESS, per_seconds=_HOUR)
    found = redis.client().eval(_CONSUME, 1, _key(phone, purpose), _mac(phone, purpose, code), MAX_TRIES)
    if found != 1:
        raise CodeRefused(field="code")


def _key(phone: str, purpose: str) -> str:
    return redis.key("phone-code", purpose, phone_digest(phone))


def _mac(phone: str, purpose: str, code: str) -> bytes:
    secret = keystore.active(Purpose.SESSION).secret
    return gmcrypto.hmac_sm3(secret, _DOMAIN + f"{purpose}\x1f{phone}\x1f{code}".encode())
