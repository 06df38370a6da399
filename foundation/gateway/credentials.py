"""Clients and keys as the door needs them, kept in the process for a moment.

What is cached lives for two seconds at most. That alone would let a suspended client in for
those two seconds; so every change of a client or key also moves a generation number in
Valkey, which each admission reads along with its nonce: a credential of an older generation
is loaded again before the call is let in. Without Valkey nothing is let in at all.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import structlog
from django.db import transaction
from redis.exceptions import RedisError

import gmcrypto
from foundation.core import clock, redis
from foundation.gateway.caller import Caller
from foundation.gateway.errors import GatewayUnavailable
from foundation.gateway.models import ClientKey
from foundation.gateway.types import Algorithm, ClientState, KeyState

log = structlog.get_logger(__name__)

CACHE_SECONDS = 2.0
_CACHE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Credential:
    """A client with one of its active keys.

    Attributes:
        secret: Bytes of the shared secret; empty for SM2 keys.
        generation: State of all clients at which this was read.
    """

    caller: Caller
    algorithm: str
    is_suspended: bool
    not_before: datetime
    not_after: datetime | None
    generation: int
    loaded_at: float
    secret: bytes = field(repr=False, default=b"")
    public_key: gmcrypto.PublicKey | None = None

    def is_in_force(self, moment: datetime) -> bool:
        """Whether the key may sign at this moment."""
        return self.not_before <= moment and (self.not_after is None or moment < self.not_after)


_cache: dict[str, Credential] = {}
_of_clients: dict[tuple[str, frozenset[str]], tuple[float, list[Credential]]] = {}
_lock = threading.Lock()


def find(kid: str) -> Credential | None:
    """The credential behind a key id; nothing for an unknown or retired key."""
    known = _cache.get(kid)
    if known is not None and time.monotonic() - known.loaded_at < CACHE_SECONDS:
        return known
    return load(kid)


def load(kid: str) -> Credential | None:
    """The credential as the database has it now."""
    # The generation is read first: a change that commits in between leaves a credential that
    # looks older than it is, and is read once more.
    present = generation()
    row = ClientKey.objects.select_related("client").filter(kid=kid, state=KeyState.ACTIVE).first()
    if row is None:
        _cache.pop(kid, None)
        return None
    credential = _credential(row, present)
    with _lock:
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        _cache[kid] = credential
    return credential


def of_client(client: str, algorithms: frozenset[str]) -> list[Credential]:
    """The credentials of a client for some algorithms, the newest first; for signatures without a kid."""
    name = (client, algorithms)
    known = _of_clients.get(name)
    if known is not None and time.monotonic() - known[0] < CACHE_SECONDS:
        return known[1]
    present = generation()
    rows = ClientKey.objects.select_related("client").filter(
        client__public_id=client, algorithm__in=algorithms, state=KeyState.ACTIVE
    )
    found = [_credential(row, present) for row in rows.order_by("-pk")]
    with _lock:
        if len(_of_clients) >= _CACHE_LIMIT:
            _of_clients.clear()
        _of_clients[name] = (time.monotonic(), found)
    return found


def generation() -> int:
    """The present generation of clients and keys.

    Raises:
        GatewayUnavailable: Valkey does not answer; nothing can be admitted without it.
    """
    try:
        return int(redis.client().get(generation_name()) or 0)
    except RedisError as exc:
        log.warning("gateway_without_valkey", error=type(exc).__name__)
        raise GatewayUnavailable from exc


def generation_name() -> str:
    """The Valkey key of the generation."""
    return redis.key("gateway", "generation")


def changed() -> None:
    """Make every process read clients and keys again, once the caller's transaction commits."""
    _forget()
    transaction.on_commit(_next_generation)


def _forget() -> None:
    _cache.clear()
    _of_clients.clear()


def _next_generation() -> None:
    _forget()
    try:
        redis.client().incr(generation_name())
    except RedisError as exc:
        log.warning("gateway_generation_not_moved", error=type(exc).__name__)


def _credential(row: ClientKey, present: int) -> Credential:
    client = row.client
    caller = Caller(
        client_id=client.pk,
        public_id=client.public_id,
        institution=client.institution,
        scopes=frozenset(client.scopes),
        environment=client.environment,
        key_id=row.kid,
        rate_per_minute=client.rate_per_minute,
        generation=present,
    )
    return Credential(
        caller=caller,
        algorithm=row.algorithm,
        is_suspended=client.is_held or client.state != ClientState.ACTIVE,
        not_before=row.not_before,
        not_after=row.not_after,
        generation=present,
        loaded_at=time.monotonic(),
        secret=(row.secret or "").encode(),
        public_key=_public_key(row),
    )


def _public_key(row: ClientKey) -> gmcrypto.PublicKey | None:
    if row.algorithm != Algorithm.SM2_SM3:
        return None
    known = _cache.get(row.kid)
    raw = bytes.fromhex(row.public_key)
    # Loading a key costs more than verifying with it.
    if known is not None and known.public_key is not None and known.public_key.raw == raw:
        return known.public_key
    return gmcrypto.PublicKey(raw)


@cache
def nobody(algorithm: str) -> Credential:
    """A credential of which nobody holds the key.

    Checking against it makes an unknown client take as long as a wrong signature.
    """
    moment = clock.now()
    return Credential(
        caller=Caller(0, "", "", frozenset(), "", "", 1),
        algorithm=algorithm,
        is_suspended=True,
        not_before=moment,
        not_after=moment,
        generation=0,
        loaded_at=0.0,
        secret=secrets.token_bytes(32),
        public_key=gmcrypto.generate_keypair()[1] if algorithm == Algorithm.SM2_SM3 else None,
    )
