"""SM2 and SM3 by the OpenSSL 3 that the interpreter itself has loaded.

SM2 goes through ctypes, because no maintained wheel offers it: `cryptography` has none, and
the pure Python packages accept forged signatures or draw nonces from a predictable generator.
ctypes releases the interpreter lock during the call, so signatures scale with the cores.
"""

import ctypes
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_ulong, c_void_p
from pathlib import Path
from typing import Any

from gmcrypto import codec
from gmcrypto.errors import DecryptionFailed, GmCryptoError, InvalidKey, ProviderUnavailable

_OPENSSL_3 = 0x30000000
_FALLBACK = "libcrypto.so.3"

# C function -> result type and argument types.
_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "OpenSSL_version_num": (c_ulong, ()),
    "OpenSSL_version": (c_char_p, (c_int,)),
    "ERR_clear_error": (None, ()),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "i2d_PUBKEY": (c_int, (c_void_p, c_void_p)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_sign_init": (c_int, (c_void_p,)),
    "EVP_PKEY_sign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_PKEY_verify_init": (c_int, (c_void_p,)),
    "EVP_PKEY_verify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_PKEY_encrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_encrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_PKEY_decrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_decrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
}


class _Library:
    """The C functions with their types."""

    def __init__(self) -> None:
        try:
            loaded = ctypes.CDLL(_path())
            for name, (result, arguments) in _PROTOTYPES.items():
                function = getattr(loaded, name)
                function.restype = result
                function.argtypes = arguments
                setattr(self, name, function)
        except (OSError, AttributeError) as error:
            raise ProviderUnavailable(
                f"OpenSSL 3 (libcrypto) was not found or is too old ({error}). "
                "Install the system package libssl3."
            ) from error
        if self.OpenSSL_version_num() < _OPENSSL_3:
            raise ProviderUnavailable("The loaded OpenSSL is older than 3.0. Install the package libssl3.")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _path() -> str:
    """The libcrypto that hashlib has mapped, so that one patched library serves the process.

    Other packages bring copies of their own under changed names (libcrypto-<hash>.so.3);
    those are not taken.
    """
    import _hashlib  # noqa: F401  (loads the library)

    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return _FALLBACK
    for line in maps.splitlines():
        mapped = line.split()[-1]
        if os.path.basename(mapped).startswith("libcrypto.so"):
            return mapped
    return _FALLBACK


class _Key:
    """Owns one EVP_PKEY. OpenSSL allows its use by several threads as long as nobody changes it."""

    def __init__(self, library: _Library, pkey: int | None) -> None:
        self._library = library
        self._pkey = pkey
        if not pkey:
            library.ERR_clear_error()
            raise InvalidKey("OpenSSL refused the SM2 key.")
        if library.EVP_PKEY_is_a(pkey, b"SM2") != 1:
            raise ProviderUnavailable("This OpenSSL was built without SM2. Debian's libssl3 has it.")

    def __del__(self) -> None:
        if getattr(self, "_pkey", None):
            self._library.EVP_PKEY_free(self._pkey)

    @contextmanager
    def _context(self) -> Iterator[c_void_p]:
        context = self._library.EVP_PKEY_CTX_new(self._pkey, None)
        if not context:
            raise MemoryError
        try:
            yield context
        finally:
            self._library.EVP_PKEY_CTX_free(context)

    def _failed(self, what: str) -> GmCryptoError:
        # The error queue belongs to the thread; left full, it would confuse the ssl module.
        self._library.ERR_clear_error()
        return GmCryptoError(f"OpenSSL could not {what}.")


class _Public(_Key):
    def verify(self, digest: bytes, signature: bytes) -> bool:
        library = self._library
        with self._context() as context:
            if library.EVP_PKEY_verify_init(context) != 1:
                raise self._failed("prepare the verification")
            result = library.EVP_PKEY_verify(context, signature, len(signature), digest, len(digest))
        if result != 1:
            library.ERR_clear_error()
        return bool(result == 1)

    def encrypt(self, plaintext: bytes) -> bytes:
        library = self._library
        with self._context() as context:
            if library.EVP_PKEY_encrypt_init(context) != 1:
                raise self._failed("prepare the encryption")
            size = c_size_t(0)
            if library.EVP_PKEY_encrypt(context, None, byref(size), plaintext, len(plaintext)) != 1:
                raise self._failed("encrypt")
            buffer = ctypes.create_string_buffer(size.value)
            if library.EVP_PKEY_encrypt(context, buffer, byref(size), plaintext, len(plaintext)) != 1:
                raise self._failed("encrypt")
        return buffer.raw[: size.value]


class _Private(_Key):
    def __init__(self, library: _Library, pkey: int | None) -> None:
        super().__init__(library, pkey)
        self.point = self._public_point()

    def sign(self, digest: bytes) -> bytes:
        library = self._library
        buffer = ctypes.create_string_buffer(codec.MAX_SIGNATURE_BYTES)
        size = c_size_t(codec.MAX_SIGNATURE_BYTES)
        with self._context() as context:
            if library.EVP_PKEY_sign_init(context) != 1:
                raise self._failed("prepare the signature")
            if library.EVP_PKEY_sign(context, buffer, byref(size), digest, len(digest)) != 1:
                raise self._failed("sign")
        return buffer.raw[: size.value]

    def decrypt(self, ciphertext: bytes) -> bytes:
        library = self._library
        buffer = ctypes.create_string_buffer(len(ciphertext))
        size = c_size_t(len(ciphertext))
        with self._context() as context:
            if library.EVP_PKEY_decrypt_init(context) != 1:
                raise self._failed("prepare the decryption")
            result = library.EVP_PKEY_decrypt(context, buffer, byref(size), ciphertext, len(ciphertext))
        if result != 1:
            library.ERR_clear_error()
            raise DecryptionFailed
        return buffer.raw[: size.value]

    def _public_point(self) -> bytes:
        size = self._library.i2d_PUBKEY(self._pkey, None)
        if size <= 0:
            raise self._failed("compute the public key")
        buffer = ctypes.create_string_buffer(size)
        self._library.i2d_PUBKEY(self._pkey, byref(c_void_p(ctypes.addressof(buffer))))
        return codec.parse_public(buffer.raw)


class LibcryptoSm2:
    """SM2 by OpenSSL 3."""

    def __init__(self) -> None:
        self._library = _Library()
        self.name = self._library.OpenSSL_version(0).decode()

    def load_public(self, point: bytes) -> _Public:
        """Load the 64 bytes of a point."""
        der = codec.encode_public(point)
        return _Public(self._library, self._library.d2i_PUBKEY(None, byref(c_char_p(der)), len(der)))

    def load_private(self, scalar: bytes) -> _Private:
        """Load a 32-byte secret number."""
        # Without a public point in the file OpenSSL computes it, so the two always fit.
        der = codec.encode_private(scalar)
        return _Private(self._library, self._library.d2i_AutoPrivateKey(None, byref(c_char_p(der)), len(der)))


_HASH_BLOCK = 64
_INNER_PAD = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD = bytes(byte ^ 0x5C for byte in range(256))


class StandardHash:
    """SM3 by the standard library, which calls the same OpenSSL."""

    def __init__(self) -> None:
        if "sm3" not in hashlib.algorithms_available:
            raise ProviderUnavailable("The OpenSSL of this Python has no SM3. Debian's libssl3 has it.")
        self.name = "hashlib"
        self._empty = hashlib.new("sm3")

    def sm3(self, data: bytes) -> bytes:
        """Return the 32-byte digest."""
        digest = self._empty.copy()
        digest.update(data)
        return digest.digest()

    def hmac_sm3(self, key: bytes, data: bytes) -> bytes:
        """Return the 32-byte code."""
        # By hand (RFC 2104), because hmac.digest takes twice as long for a short message, and
        # lets go of the interpreter for it: with many threads that costs a change of threads.
        key = (self.sm3(key) if len(key) > _HASH_BLOCK else key).ljust(_HASH_BLOCK, b"\0")
        inner = self._empty.copy()
        inner.update(key.translate(_INNER_PAD) + data)
        outer = self._empty.copy()
        outer.update(key.translate(_OUTER_PAD) + inner.digest())
        return outer.digest()
