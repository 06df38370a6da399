"""The keys of this installation: the ring over the database."""

import threading
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, transaction

from foundation.core import clock
from gmcrypto import root, subject_cache
from gmcrypto.errors import KeyUnavailable
from gmcrypto.keyring import Key, KeyRing, KeyState, Purpose, StoredKey
from gmcrypto.models import ManagedKey, SubjectKey

# Keys are read from the primary: a replica that lags would not know the newest.
_DATABASE = DEFAULT_DB_ALIAS
_NO_ROOT = (
    "There is no root key. Set EHC_ROOT_KEY, or EHC_ROOT_KEY_FILE to a file with 32 hexadecimal characters "
    "and mode 0600. Nothing was started, and no key was made."
)
_LOST_ROOT = (
    "There is no root key, but the database holds keys that were wrapped by one. Bring back the root key "
    "from its backup; a new one could not read what is stored. Nothing was started."
)


class DatabaseKeyStore:
    """Wrapped keys in the table of ManagedKey."""

    def load(self) -> Sequence[StoredKey]:
        """Every key; raise KeyUnavailable while the table cannot be read.

        That is also so inside a transaction that has failed already: the ring then goes on
        with the keys that it knows.
        """
        try:
            return [_stored(row) for row in ManagedKey.objects.using(_DATABASE).order_by("pk")]
        except (DatabaseError, InterfaceError) as error:
            raise KeyUnavailable(
                "The table of keys cannot be read. Is the database up and migrated?"
            ) from error

    def add(self, key: StoredKey) -> bool:
        """Insert the key; False if its purpose already has its version, or already has a next key."""
        row = ManagedKey(
            kid=key.kid,
            purpose=key.purpose.value,
            version=key.version,
            state=key.state.value,
            wrapped=key.wrapped,
            public_part=key.public_part,
            created_at=key.created_at,
            activated_at=key.activated_at,
        )
        with transaction.atomic(using=_DATABASE):
            before = ManagedKey.objects.using(_DATABASE).filter(kid=key.kid)
            ManagedKey.objects.using(_DATABASE).bulk_create([row], ignore_conflicts=True)
            kept = before.values_list("wrapped", flat=True).first()
        return kept is not None and bytes(kept) == key.wrapped

    def activate(self, kid: str, *, before: Sequence[str], into: KeyState, at: datetime) -> bool:
        """Move the old active keys into a state and make this next key active, or change nothing."""
        with transaction.atomic(using=_DATABASE):
            ManagedKey.objects.using(_DATABASE).filter(kid__in=before, state=KeyState.ACTIVE.value).update(
                state=into.value, retired_at=at if into is KeyState.RETIRED else None
            )
            rows = ManagedKey.objects.using(_DATABASE).filter(kid=kid, state=KeyState.NEXT.value)
            if not rows.update(state=KeyState.ACTIVE.value, activated_at=at):
                transaction.set_rollback(True, using=_DATABASE)
                return False
        return True

    def retire(self, kid: str, *, at: datetime) -> bool:
        """Retire an active or leaving key; False if it is neither."""
        rows = ManagedKey.objects.using(_DATABASE).filter(
            kid=kid, state__in=(KeyState.ACTIVE.value, KeyState.LEAVING.value)
        )
        return rows.update(state=KeyState.RETIRED.value, retired_at=at) == 1

    def rewrap(self, kid: str, *, old: bytes, new: bytes) -> bool:
        """Replace the wrapped bytes of a key; False if they are not the old ones."""
        return ManagedKey.objects.using(_DATABASE).filter(kid=kid, wrapped=old).update(wrapped=new) == 1


def _stored(row: ManagedKey) -> StoredKey:
    return StoredKey(
        kid=row.kid,
        purpose=Purpose(row.purpose),
        version=row.version,
        state=KeyState(row.state),
        wrapped=bytes(row.wrapped),
        public_part=None if row.public_part is None else bytes(row.public_part),
        created_at=row.created_at,
        activated_at=row.activated_at,
        retired_at=row.retired_at,
    )


class _Process:
    """What this process has in memory."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ring: KeyRing | None = None


_process = _Process()


# Start-up


def ring() -> KeyRing:
    """The ring of this process; raise KeyUnavailable with a sentence if there is no root key."""
    if _process.ring is None:
        with _process.lock:
            if _process.ring is None:
                _process.ring = KeyRing(
                    _load_root(), DatabaseKeyStore(), clock=clock.now, before=_find_root_before()
                )
    return _process.ring


def ensure_keys() -> list[str]:
    """Make what the first start needs; return the ids of the keys that were made.

    The root key itself is made only in a demo, and only while the database holds no key that
    a lost one could have wrapped.
    """
    if _find_root() is None and settings.DEMO and settings.EHC_ROOT_KEY_FILE and not _any_wrapped():
        root.create_file(str(settings.EHC_ROOT_KEY_FILE))
    return ring().ensure()


def check_ready() -> None:
    """Raise KeyUnavailable with a sentence unless every purpose has an active key that opens."""
    keys = ring()
    keys.refresh()
    for purpose in Purpose:
        keys.active(purpose)


def forget() -> None:
    """Drop everything that this process has in memory, as after a change of the root key."""
    with _process.lock:
        _process.ring = None
    subject_cache.memory.clear()


def _find_root() -> root.RootKey | None:
    return root.load(value=settings.EHC_ROOT_KEY, path=str(settings.EHC_ROOT_KEY_FILE or ""))


def _find_root_before() -> root.RootKey | None:
    return root.load(value=settings.EHC_ROOT_KEY_BEFORE, path=str(settings.EHC_ROOT_KEY_BEFORE_FILE or ""))


def _load_root() -> root.RootKey:
    found = _find_root()
    if found is None:
        raise KeyUnavailable(_LOST_ROOT if _any_wrapped() else _NO_ROOT)
    return found


def _any_wrapped() -> bool:
    return (
        ManagedKey.objects.using(_DATABASE).exists()
        or SubjectKey.objects.using(_DATABASE).filter(wrapped__isnull=False).exists()
    )


# Keys by purpose


def active(purpose: Purpose) -> Key:
    """The newest active key of the purpose, which makes new things."""
    return ring().active(purpose)


def all_active(purpose: Purpose) -> tuple[Key, ...]:
    """Every active key, newest first; only DERIVATION has more than one."""
    return ring().all_active(purpose)


def next_key(purpose: Purpose) -> Key | None:
    """The key that is prepared for the next rotation, if there is one."""
    return ring().next(purpose)


def leaving_key(purpose: Purpose) -> Key | None:
    """The INDEX key whose rows are still being moved to the active one, if there is one."""
    return ring().leaving(purpose)


def all_usable(purpose: Purpose) -> tuple[Key, ...]:
    """Every key that can still open or check something (next, active, retired), newest first."""
    return ring().all_usable(purpose)


def by_version(purpose: Purpose, version: int) -> Key:
    """The key with this version; raise KeyUnavailable."""
    return ring().by_version(purpose, version)


def prepare(purpose: Purpose, *, secret: bytes | None = None) -> Key:
    """Make the next version without using it yet; `secret` is one that the upper centre gave."""
    return ring().prepare(purpose, secret=secret)


def rotate(purpose: Purpose) -> Key:
    """Take the next version into use and return it."""
    return ring().rotate(purpose)


def finish(purpose: Purpose) -> Key:
    """Retire the key that is leaving."""
    return ring().finish(purpose)


def rewrap_keys() -> int:
    """Wrap every key under the root of today; return how many were under the one before."""
    return ring().rewrap()


def retire(kid: str) -> Key:
    """Retire one of several active keys."""
    return ring().retire(kid)
