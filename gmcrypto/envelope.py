"""The compact binary form in which protected values are stored.

    version (1) | algorithm (1) | length of key id (1) | key id | nonce (12) | ciphertext | tag (16)

Everything before the nonce is authenticated together with the context that the caller names,
so an envelope neither moves to another place nor passes for one of another key.
"""

from dataclasses import dataclass

from gmcrypto import api
from gmcrypto.errors import MalformedData

VERSION = 1
SM4_GCM = 1

_FIXED_BYTES = 3
_SMALLEST = _FIXED_BYTES + 1 + api.NONCE_BYTES + api.TAG_BYTES


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope: `header` is the authenticated prefix, `sealed` is nonce, ciphertext and tag."""

    key_id: str
    header: bytes
    sealed: bytes


def seal(key: bytes, key_id: str, plaintext: bytes, *, context: bytes) -> bytes:
    """Encrypt under the key and write its id into the envelope."""
    name = key_id.encode("ascii")
    if not 0 < len(name) < 256:
        raise ValueError("A key id has 1 to 255 ASCII characters.")
    header = bytes((VERSION, SM4_GCM, len(name))) + name
    return header + api.aead_encrypt(key, plaintext, aad=header + context)


def parse(blob: bytes) -> Envelope:
    """Read the id of the key that is needed; raise MalformedData. Nothing is authenticated yet."""
    if len(blob) < _SMALLEST or blob[0] != VERSION or blob[1] != SM4_GCM:
        raise MalformedData("This is not an envelope of a known version.")
    end = _FIXED_BYTES + blob[2]
    name = blob[_FIXED_BYTES:end]
    if not name or not name.isascii() or len(blob) < end + api.NONCE_BYTES + api.TAG_BYTES:
        raise MalformedData("The envelope is damaged.")
    return Envelope(key_id=name.decode("ascii"), header=blob[:end], sealed=blob[end:])


def open_envelope(key: bytes, envelope: Envelope, *, context: bytes) -> bytes:
    """Decrypt a parsed envelope; raise DecryptionFailed."""
    return api.aead_decrypt(key, envelope.sealed, aad=envelope.header + context)
