"""Keys by purpose and version, wrapped under the root key in a store.

A ring knows every key of its store, keeps them unwrapped for a short time, and loads again
when a version is asked for that it does not know. So a rotation by one process reaches the
others at the latest when they meet the new version.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gmcrypto import api, vectors
from gmcrypto.errors import InvalidKey, KeyUnavailable, PublishedKeyRefused, RotationRefused
from gmcrypto.root import RootKey

CACHE_SECONDS = 30.0
_UNKNOWN_PAUSE_SECONDS = 1.0


class Purpose(StrEnum):
    """What a key is for. A key serves one purpose and no other."""

    DATA = "data"
    """Encrypts fields that belong to no person, and wraps the persons' own keys."""
    INDEX = "index"
    """HMAC of the blind indexes."""
    DERIVATION = "derivation"
    """安全密钥: derives card ids. Several versions are active at once."""
    VALIDITY = "validity"
    """保护密钥: encrypts the time block of dynamic codes."""
    TOKEN_MAC = "token_mac"
    """HMAC in the token of dynamic codes."""
    CLIENT_SECRET = "client_secret"
    """Encrypts the secrets of API clients."""
    AUDIT_SEAL = "audit_seal"
    """SM2 key pair that signs the checkpoints of the audit."""
    STATEMENT = "statement"
    """SM2 key pair that signs what the centre hands out, such as an institution's authorisation."""
    SESSION = "session"
    """HMAC of tickets, one-time codes and other things that live for minutes."""
    NODE_SIGN = "node_sign"
    """SM2 key pair that signs what this card centre says to other centres."""
    NODE_SEAL = "node_seal"
    """SM2 key pair for which other centres encrypt what is personal."""


class KeyState(StrEnum):
    """A key is made as next or active; a retired key only opens and checks what is old.

    An INDEX key that another has followed is leaving until no row is found by it any longer.
    """

    NEXT = "next"
    ACTIVE = "active"
    LEAVING = "leaving"
    RETIRED = "retired"


SM4_PURPOSES = frozenset({Purpose.DATA, Purpose.DERIVATION, Purpose.VALIDITY, Purpose.CLIENT_SECRET})
SEVERAL_ACTIVE = frozenset({Purpose.DERIVATION})
# A card that is issued again derives its number under the next key, so more than one is there
# from the start.
_FIRST_VERSIONS = {Purpose.DERIVATION: 3}
_SM2_PURPOSES = frozenset({Purpose.AUDIT_SEAL, Purpose.STATEMENT, Purpose.NODE_SIGN, Purpose.NODE_SEAL})


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as the store holds it."""

    kid: str
    purpose: Purpose
    version: int
    state: KeyState
    wrapped: bytes = field(repr=False)
    public_part: bytes | None
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key ready for use. `secret` holds 16 bytes for SM4 and 32 for HMAC and SM2 purposes."""

    kid: str
    purpose: Purpose
    version: int
    state: KeyState
    retired_at: datetime | None
    since: datetime
    secret: bytes = field(repr=False)
    signing: api.PrivateKey | None = field(repr=False, default=None)

    @property
    def private_key(self) -> api.PrivateKey:
        """The SM2 private key, for the purposes that have one."""
        if self.signing is None:
            raise InvalidKey(f"Keys for {self.purpose} are not SM2 keys.")
        return self.signing

    @property
    def public_key(self) -> api.PublicKey:
        """The SM2 public key, for the purposes that have one."""
        return self.private_key.public_key


class KeyStore(Protocol):
    """Where wrapped keys lie."""

    def load(self) -> Sequence[StoredKey]:
        """Every key; raise KeyUnavailable if the store cannot be reached."""
        ...

    def add(self, key: StoredKey) -> bool:
        """Insert the key; False if this purpose already has this version."""
        ...

    def activate(self, kid: str, *, before: Sequence[str], into: KeyState, at: datetime) -> bool:
        """In one transaction move the keys before into a state and make the next one active.

        False if it is not next.
        """
        ...

    def retire(self, kid: str, *, at: datetime) -> bool:
        """Retire an active or leaving key; False if it is neither."""
        ...

    def rewrap(self, kid: str, *, old: bytes, new: bytes) -> bool:
        """Replace the wrapped bytes of a key; False if they are not the old ones."""
        ...


@dataclass(frozen=True, slots=True)
class _Snapshot:
    loaded_at: float
    by_kid: dict[str, Key]
    by_purpose: dict[Purpose, tuple[Key, ...]]


class KeyRing:
    """The keys of one store under one root. May be used by several threads."""

    def __init__(
        self,
        root: RootKey,
        store: KeyStore,
        *,
        clock: Callable[[], datetime],
        before: RootKey | None = None,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        """Use the root and store; nothing is loaded yet.

        ``before`` is the root that this one follows, as long as keys are wrapped under it.
        """
        self.root = root
        self._before = before
        self._store = store
        self._clock = clock
        self._cache_seconds = cache_seconds
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None

    # Reading

    def active(self, purpose: Purpose) -> Key:
        """The newest active key, which makes new things; raise KeyUnavailable if there is none."""
        return self.all_active(purpose)[0]

    def all_active(self, purpose: Purpose) -> tuple[Key, ...]:
        """Every active key, newest first; only DERIVATION has more than one."""
        keys = tuple(key for key in self.all_usable(purpose) if key.state is KeyState.ACTIVE)
        if not keys:
            raise KeyUnavailable(f"There is no active key for {purpose}. Run the command ensure_keys.")
        return keys

    def next(self, purpose: Purpose) -> Key | None:
        """The key that is prepared for the next rotation, if there is one."""
        return next((key for key in self.all_usable(purpose) if key.state is KeyState.NEXT), None)

    def leaving(self, purpose: Purpose) -> Key | None:
        """The key that the active one follows, while rows are still moved from it."""
        return next((key for key in self.all_usable(purpose) if key.state is KeyState.LEAVING), None)

    def all_usable(self, purpose: Purpose) -> tuple[Key, ...]:
        """Every key of the purpose that can still open or check something, newest first."""
        return self._current().by_purpose.get(purpose, ())

    def by_version(self, purpose: Purpose, version: int) -> Key:
        """The key with this version; raise KeyUnavailable."""
        return self.by_kid(kid_of(purpose, version))

    def by_kid(self, kid: str) -> Key:
        """The key with this id; raise KeyUnavailable.

        An unknown id loads the store again, at most once a second: the id may come from
        outside, and must not become a way to make us query for every request.
        """
        snapshot = self._current()
        key = snapshot.by_kid.get(kid)
        if key is None and time.monotonic() - snapshot.loaded_at >= _UNKNOWN_PAUSE_SECONDS:
            key = self.refresh().by_kid.get(kid)
        if key is None:
            raise KeyUnavailable(f"There is no key {kid}.")
        return key

    def refresh(self) -> _Snapshot:
        """Load the store now."""
        with self._lock:
            self._snapshot = self._load()
            return self._snapshot

    # Changing

    def ensure(self) -> list[str]:
        """Make the first keys of each purpose that has none; return the ids of the new keys."""
        snapshot = self.refresh()
        made = [
            kid_of(purpose, version)
            for purpose in Purpose
            if purpose not in snapshot.by_purpose
            for version in range(1, _FIRST_VERSIONS.get(purpose, 1) + 1)
            if self._add(purpose, version, KeyState.ACTIVE, _fresh(purpose))
        ]
        if made:
            self.refresh()
        return made

    def prepare(self, purpose: Purpose, *, secret: bytes | None = None) -> Key:
        """Make the next version without using it yet; a secret given by the upper centre is taken instead."""
        keys = self.refresh().by_purpose.get(purpose, ())
        if any(key.state is KeyState.NEXT for key in keys):
            raise RotationRefused(f"A next key for {purpose} is already prepared.")
        if any(key.state is KeyState.LEAVING for key in keys):
            raise RotationRefused(f"The rotation before of {purpose} is not finished.")
        version = max((key.version for key in keys), default=0) + 1
        if not self._add(purpose, version, KeyState.NEXT, _fresh(purpose) if secret is None else secret):
            raise RotationRefused(f"Another rotation of {purpose} is under way.")
        return self.refresh().by_kid[kid_of(purpose, version)]

    def rotate(self, purpose: Purpose) -> Key:
        """Take the next key into use, making it first if none is prepared, and retire the one before.

        Older DERIVATION keys stay active, because cards under them stay valid. An INDEX key
        must have been prepared: until the second index column is filled under it, nothing
        would be found.
        """
        self.refresh()
        upcoming = self.next(purpose)
        if upcoming is None:
            if purpose is Purpose.INDEX:
                raise RotationRefused("Prepare the next index key and fill the second columns first.")
            upcoming = self.prepare(purpose)
        old = [key.kid for key in self.all_usable(purpose) if key.state is KeyState.ACTIVE]
        before = [] if purpose in SEVERAL_ACTIVE else old
        into = KeyState.LEAVING if purpose is Purpose.INDEX else KeyState.RETIRED
        if not self._store.activate(upcoming.kid, before=before, into=into, at=self._clock()):
            raise RotationRefused(f"Another rotation of {purpose} is under way.")
        return self.refresh().by_kid[upcoming.kid]

    def finish(self, purpose: Purpose) -> Key:
        """Retire the key that is leaving, once nothing is found by it any longer."""
        self.refresh()
        leaving = self.leaving(purpose)
        if leaving is None or not self._store.retire(leaving.kid, at=self._clock()):
            raise RotationRefused(f"No key for {purpose} is leaving.")
        return self.refresh().by_kid[leaving.kid]

    def retire(self, kid: str) -> Key:
        """Retire one active key, as long as another active one remains."""
        snapshot = self.refresh()
        key = snapshot.by_kid.get(kid)
        if key is None:
            raise KeyUnavailable(f"There is no key {kid}.")
        if len(self.all_active(key.purpose)) < 2:
            raise RotationRefused(f"{kid} is the only active key for {key.purpose}; rotate it instead.")
        if not self._store.retire(kid, at=self._clock()):
            raise RotationRefused(f"{kid} is not active.")
        return self.refresh().by_kid[kid]

    def rewrap(self) -> int:
        """Wrap the keys that are under the root before under the root of today; return how many were."""
        changed = 0
        for stored in self._store.load():
            if self.root.has_wrapped(stored.wrapped):
                continue
            new = self.root.wrap(self._unwrap(stored), context=_context(stored.purpose, stored.version))
            changed += self._store.rewrap(stored.kid, old=stored.wrapped, new=new)
        return changed

    # Inside

    def _unwrap(self, stored: StoredKey) -> bytes:
        context = _context(stored.purpose, stored.version)
        if self._before is not None and self._before.has_wrapped(stored.wrapped):
            return self._before.unwrap(stored.wrapped, context=context)
        return self.root.unwrap(stored.wrapped, context=context)

    def _current(self) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot is None:
            return self.refresh()
        if time.monotonic() - snapshot.loaded_at < self._cache_seconds:
            return snapshot
        # One thread loads; the others go on with what they have instead of waiting for it.
        if not self._lock.acquire(blocking=False):
            return snapshot
        try:
            self._snapshot = self._load()
        except KeyUnavailable:
            # The store is away for a moment. The keys that are known have not become wrong.
            self._snapshot = _Snapshot(time.monotonic(), snapshot.by_kid, snapshot.by_purpose)
        finally:
            self._lock.release()
        return self._snapshot

    def _load(self) -> _Snapshot:
        known = self._snapshot.by_kid if self._snapshot else {}
        keys = [self._open(stored, known.get(stored.kid)) for stored in self._store.load()]
        return _Snapshot(time.monotonic(), {key.kid: key for key in keys}, _grouped(keys))

    def _open(self, stored: StoredKey, known: Key | None) -> Key:
        secret = self._unwrap(stored)
        signing = None
        if stored.purpose in _SM2_PURPOSES:
            same = known is not None and known.secret == secret
            signing = known.signing if known and same else api.PrivateKey(secret)
        return Key(
            kid=stored.kid,
            purpose=stored.purpose,
            version=stored.version,
            state=stored.state,
            retired_at=stored.retired_at,
            since=stored.retired_at or stored.activated_at or stored.created_at,
            secret=secret,
            signing=signing,
        )

    def _add(self, purpose: Purpose, version: int, state: KeyState, secret: bytes) -> bool:
        check_secret(purpose, secret)
        public_part = api.PrivateKey(secret).public_key.raw if purpose in _SM2_PURPOSES else None
        moment = self._clock()
        return self._store.add(
            StoredKey(
                kid=kid_of(purpose, version),
                purpose=purpose,
                version=version,
                state=state,
                wrapped=self.root.wrap(secret, context=_context(purpose, version)),
                public_part=public_part,
                created_at=moment,
                activated_at=moment if state is KeyState.ACTIVE else None,
            )
        )


def kid_of(purpose: Purpose, version: int) -> str:
    """The id that names a key in envelopes and rows."""
    return f"{purpose}-{version}"


def check_secret(purpose: Purpose, secret: bytes) -> None:
    """Raise InvalidKey or PublishedKeyRefused unless the bytes may serve this purpose."""
    if vectors.is_published(secret):
        raise PublishedKeyRefused
    if len(secret) != _size(purpose):
        raise InvalidKey(f"A key for {purpose} has {_size(purpose)} bytes.")


def _size(purpose: Purpose) -> int:
    return api.SM4_KEY_BYTES if purpose in SM4_PURPOSES else 32


def _fresh(purpose: Purpose) -> bytes:
    if purpose in _SM2_PURPOSES:
        private, _public = api.generate_keypair()
        return private.to_raw()
    return secrets.token_bytes(_size(purpose))


def _context(purpose: Purpose, version: int) -> bytes:
    return kid_of(purpose, version).encode()


def _grouped(keys: Iterable[Key]) -> dict[Purpose, tuple[Key, ...]]:
    groups: dict[Purpose, list[Key]] = {}
    for key in sorted(keys, key=lambda key: key.version, reverse=True):
        groups.setdefault(key.purpose, []).append(key)
    return {purpose: tuple(group) for purpose, group in groups.items()}
