"""SM2 by the OpenSSL 3 that Python itself has loaded: signatures, and keys wrapped for somebody."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from functools import cache, lru_cache
from typing import Any

USER_ID = b"1234567812345678"
# SubjectPublicKeyInfo and ECPrivateKey on the SM2 curve, around the point and the secret number.
_PUBLIC = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_PRIVATE = (bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a811ccf5501822d"))
_POINT_BYTES, _SCALAR_BYTES, _LONGEST_SIGNATURE = 64, 32, 80

_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "i2d_PUBKEY": (c_int, (c_void_p, c_void_p)),
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_new": (c_void_p, (c_void_p, c_void_p)),
    "EVP_PKEY_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_size_t)),
    "EVP_sm3": (c_void_p, ()),
    "EVP_DigestSignInit": (c_int, (c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_PKEY_encrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_encrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_PKEY_decrypt_init": (c_int, (c_void_p,)),
    "EVP_PKEY_decrypt": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "ERR_clear_error": (None, ()),
}


class Sm2Error(Exception):
    """A key, a signature or a wrapped secret is not what it should be."""


def public_of(private: str) -> str:
    """The public key, x and y in hexadecimal, of a private one."""
    library, key = _library(), _private(private)
    buffer = ctypes.create_string_buffer(256)
    size = library.i2d_PUBKEY(key, byref(c_void_p(ctypes.addressof(buffer))))
    if size < _POINT_BYTES:
        raise Sm2Error("no public key")
    return buffer.raw[size - _POINT_BYTES : size].hex()


def sign(private: str, text: bytes, uid: bytes = USER_ID) -> bytes:
    """An SM2-SM3 signature in DER."""
    library, context = _library(), _library().EVP_MD_CTX_new()
    try:
        parameters, size = c_void_p(), c_size_t(_LONGEST_SIGNATURE)
        buffer = ctypes.create_string_buffer(_LONGEST_SIGNATURE)
        done = (
            library.EVP_DigestSignInit(context, byref(parameters), library.EVP_sm3(), None, _private(private))
            == 1
            and library.EVP_PKEY_CTX_set1_id(parameters, uid, len(uid)) == 1
            and library.EVP_DigestSign(context, buffer, byref(size), text, len(text)) == 1
        )
    finally:
        library.EVP_MD_CTX_free(context)
    if not done:
        raise _failed("sign")
    return buffer.raw[: size.value]


def verifies(public: str, text: bytes, signature: bytes, uid: bytes = USER_ID) -> bool:
    """Whether a signature is of this key over this text."""
    library, context = _library(), _library().EVP_MD_CTX_new()
    try:
        parameters = c_void_p()
        return bool(
            library.EVP_DigestVerifyInit(context, byref(parameters), library.EVP_sm3(), None, _public(public))
            == 1
            and library.EVP_PKEY_CTX_set1_id(parameters, uid, len(uid)) == 1
            and library.EVP_DigestVerify(context, signature, len(signature), text, len(text)) == 1
        )
    finally:
        library.ERR_clear_error()
        library.EVP_MD_CTX_free(context)


def wrap(public: str, secret: bytes) -> bytes:
    """Encrypt a secret for the holder of a key."""
    return _worked(_public(public), "encrypt", secret, 256)


def unwrap(private: str, wrapped: bytes) -> bytes:
    """Open what was wrapped for us."""
    return _worked(_private(private), "decrypt", wrapped, len(wrapped))


def _worked(key: int, what: str, data: bytes, room: int) -> bytes:
    library = _library()
    context = library.EVP_PKEY_CTX_new(key, None)
    try:
        buffer, size = ctypes.create_string_buffer(room), c_size_t(room)
        done = (
            getattr(library, f"EVP_PKEY_{what}_init")(context) == 1
            and getattr(library, f"EVP_PKEY_{what}")(context, buffer, byref(size), data, len(data)) == 1
        )
    finally:
        library.EVP_PKEY_CTX_free(context)
    if not done:
        raise _failed(what)
    return buffer.raw[: size.value]


@lru_cache(maxsize=256)
def _public(text: str) -> int:
    point = _bytes(text, _POINT_BYTES)
    der = _PUBLIC + point
    return _loaded(_library().d2i_PUBKEY(None, byref(c_char_p(der)), len(der)))


@lru_cache(maxsize=16)
def _private(text: str) -> int:
    der = _PRIVATE[0] + _bytes(text, _SCALAR_BYTES) + _PRIVATE[1]
    return _loaded(_library().d2i_AutoPrivateKey(None, byref(c_char_p(der)), len(der)))


def _bytes(text: str, size: int) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError as exc:
        raise Sm2Error("a key is hexadecimal") from exc
    if len(found) != size:
        raise Sm2Error(f"a key of this kind has {size} bytes")
    return found


def _loaded(key: int | None) -> int:
    if not key:
        raise _failed("load the key")
    return key


def _failed(what: str) -> Sm2Error:
    _library().ERR_clear_error()
    return Sm2Error(f"OpenSSL could not {what}")


@cache
def _library() -> Any:
    import _hashlib  # noqa: F401  (loads libcrypto into the process)

    loaded = ctypes.CDLL(_path())
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


def _path() -> str:
    """The libcrypto that this process has mapped already."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = [line.split()[-1] for line in maps if "/libcrypto.so" in line]
    except OSError:
        mapped = []
    return mapped[0] if mapped else "libcrypto.so.3"
