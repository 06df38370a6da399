"""The root key, which wraps all other keys and is never stored beside them.

It is 32 hexadecimal characters (one SM4 key), given in the environment or in a file that only
the service's own user may read.
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from gmcrypto import api, vectors
from gmcrypto.errors import DecryptionFailed, KeyUnavailable, PublishedKeyRefused

_HEX_DIGITS = 2 * api.SM4_KEY_BYTES
_ID_DOMAIN = b"gmcrypto.root.id.1"
_ID_BYTES = 6
_MOST_BYTES = 1024


@dataclass(frozen=True, slots=True)
class RootKey:
    """A root key and the short name by which wrapped keys remember it."""

    secret: bytes = field(repr=False)
    id: str

    @classmethod
    def from_hex(cls, text: str) -> "RootKey":
        """Load 32 hexadecimal characters; raise KeyUnavailable or PublishedKeyRefused."""
        digits = text.strip()
        try:
            secret = bytes.fromhex(digits) if len(digits) == _HEX_DIGITS else b""
        except ValueError:
            secret = b""
        if not secret:
            raise KeyUnavailable("The root key is not 32 hexadecimal characters. Nothing was started.")
        if vectors.is_published(secret):
            raise PublishedKeyRefused
        return cls(secret=secret, id=api.hmac_sm3(secret, _ID_DOMAIN)[:_ID_BYTES].hex())

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Wrap a key under this root: id (6 bytes) || nonce || ciphertext || tag."""
        return bytes.fromhex(self.id) + api.wrap_key(self.secret, key, context=context)

    def has_wrapped(self, wrapped: bytes) -> bool:
        """Whether a wrapped key names this root."""
        return wrapped[:_ID_BYTES].hex() == self.id

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """Open a wrapped key; raise KeyUnavailable with the reason."""
        if not self.has_wrapped(wrapped):
            used = wrapped[:_ID_BYTES].hex()
            raise KeyUnavailable(
                f"The keys in the database were wrapped by the root key {used}; the one given is {self.id}. "
                "Give the right root key; a new one could not read what is stored."
            )
        try:
            return api.unwrap_key(self.secret, wrapped[_ID_BYTES:], context=context)
        except DecryptionFailed as error:
            raise KeyUnavailable(
                "A wrapped key in the database is damaged or stands in another's place."
            ) from error


def load(*, value: str, path: str) -> RootKey | None:
    """The root key from the environment's value, else from the file; None if neither is there.

    A file that others may read is refused: whoever copied it could read everything.
    """
    if value:
        return RootKey.from_hex(value)
    if not path:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeyUnavailable(f"The root key file {path} cannot be read: {error.strerror}.") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise KeyUnavailable(
                f"The root key file {path} is no plain file, or others may read it (mode "
                f"{stat.S_IMODE(mode):04o}). Run chmod 600 on it, and think about who may have copied it."
            )
        content = os.read(descriptor, _MOST_BYTES)
    finally:
        os.close(descriptor)
    return RootKey.from_hex(content.decode("ascii", errors="replace"))


def create_file(path: str) -> RootKey:
    """Make a root key file that only its owner may read; if another process was first, read that one."""
    target = Path(path)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The key is complete under another name before it gets its own, so that a second process
    # never reads half a file; link() refuses to replace a file that is already there.
    draft = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(api.SM4_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, target)
        except FileExistsError:
            return _existing(path)
    finally:
        draft.unlink()
    return _existing(path)


def _existing(path: str) -> RootKey:
    key = load(value="", path=path)
    if key is None:
        raise KeyUnavailable(f"The root key file {path} could not be made.")
    return key
