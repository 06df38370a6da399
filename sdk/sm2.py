"""SM2 signatures, by the OpenSSL 3 that Python itself has loaded."""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_size_t, c_void_p
from functools import cache
from typing import Any

# The user id of GB/T 32918.2 where the parties agreed on no other.
USER_ID = b"1234567812345678"
# The order of the curve; a key is any number from 1 to two less (GB/T 32918.1).
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SCALAR_BYTES = 32
_MAX_SIGNATURE_BYTES = 80
# ECPrivateKey (RFC 5915) on the SM2 curve, around the 32 bytes of the secret number.
_BEFORE = bytes.fromhex("30310201010420")
_AFTER = bytes.fromhex("a00a06082a811ccf5501822d")
# SubjectPublicKeyInfo (RFC 5480) on the SM2 curve, before the point.
_PUBLIC = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_POINT_BYTES = 64
_PROTOTYPES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "d2i_AutoPrivateKey": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "d2i_PUBKEY": (c_void_p, (c_void_p, POINTER(c_char_p), c_long)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_PKEY_is_a": (c_int, (c_void_p, c_char_p)),
    "EVP_MD_CTX_new": (c_void_p, ()),
    "EVP_MD_CTX_free": (None, (c_void_p,)),
    "EVP_PKEY_CTX_set1_id": (c_int, (c_void_p, c_char_p, c_size_t)),
    "EVP_sm3": (c_void_p, ()),
    "EVP_DigestSignInit": (c_int, (c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p)),
    "EVP_DigestSign": (c_int, (c_void_p, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestVerifyInit": (c_int, (c_void_p, POINTER(c_void_p), c_void_p, c_void_p, c_void_p)),
    "EVP_DigestVerify": (c_int, (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)),
    "ERR_clear_error": (None, ()),
}


class Sm2Signer:
    """Signs with an SM2 private key; the platform knows its public key.

    Args:
        private_key: 64 hexadecimal digits.

    Raises:
        ValueError: It is no private key.
        OSError: There is no OpenSSL 3 with SM2.
    """

    algorithm = "SM2-SM3"

    def __init__(self, private_key: str) -> None:
        scalar = bytes.fromhex(private_key)
        if len(scalar) != _SCALAR_BYTES or not 1 <= int.from_bytes(scalar) <= _ORDER - 2:
            raise ValueError("an SM2 private key has 64 hexadecimal digits, and is within the curve's order")
        self._library = _library()
        der = _BEFORE + scalar + _AFTER
        self._key = self._library.d2i_AutoPrivateKey(None, byref(c_char_p(der)), len(der))
        if not self._key:
            self._library.ERR_clear_error()
            raise ValueError("OpenSSL does not take this as an SM2 private key")
        if self._library.EVP_PKEY_is_a(self._key, b"SM2") != 1:
            raise OSError("this OpenSSL was built without SM2")

    def __del__(self) -> None:
        if getattr(self, "_key", None):
            self._library.EVP_PKEY_free(self._key)

    def __call__(self, text: bytes) -> bytes:
        """The signature in DER."""
        library = self._library
        context = library.EVP_MD_CTX_new()
        if not context:
            raise MemoryError
        try:
            parameters = c_void_p()
            size = c_size_t(_MAX_SIGNATURE_BYTES)
            signature = ctypes.create_string_buffer(_MAX_SIGNATURE_BYTES)
            done = (
                library.EVP_DigestSignInit(context, byref(parameters), library.EVP_sm3(), None, self._key)
                == 1
                and library.EVP_PKEY_CTX_set1_id(parameters, USER_ID, len(USER_ID)) == 1
                and library.EVP_DigestSign(context, signature, byref(size), text, len(text)) == 1
            )
        finally:
            library.EVP_MD_CTX_free(context)
        if not done:
            library.ERR_clear_error()
            raise OSError("OpenSSL could not sign with SM2")
        return signature.raw[: size.value]


class Sm2Verifier:
    """Checks signatures of an SM2 public key.

    Args:
        public_key: 128 hexadecimal digits: x and y.

    Raises:
        ValueError: It is no point of the curve.
        OSError: There is no OpenSSL 3 with SM2.
    """

    def __init__(self, public_key: str) -> None:
        point = bytes.fromhex(public_key)
        if len(point) != _POINT_BYTES:
            raise ValueError("an SM2 public key has 128 hexadecimal digits")
        self._library = _library()
        der = _PUBLIC + point
        self._key = self._library.d2i_PUBKEY(None, byref(c_char_p(der)), len(der))
        if not self._key:
            self._library.ERR_clear_error()
            raise ValueError("OpenSSL does not take this as an SM2 public key")

    def __del__(self) -> None:
        if getattr(self, "_key", None):
            self._library.EVP_PKEY_free(self._key)

    def __call__(self, text: bytes, signature: bytes) -> bool:
        """Whether a signature in DER is of this key over the text."""
        library = self._library
        context = library.EVP_MD_CTX_new()
        if not context:
            raise MemoryError
        try:
            parameters = c_void_p()
            return bool(
                library.EVP_DigestVerifyInit(context, byref(parameters), library.EVP_sm3(), None, self._key)
                == 1
                and library.EVP_PKEY_CTX_set1_id(parameters, USER_ID, len(USER_ID)) == 1
                and library.EVP_DigestVerify(context, signature, len(signature), text, len(text)) == 1
            )
        finally:
            library.ERR_clear_error()
            library.EVP_MD_CTX_free(context)


@cache
def _library() -> Any:
    import _ssl  # noqa: F401  (loads libcrypto into the process)

    loaded = ctypes.CDLL(_path())
    try:
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except AttributeError as exc:
        raise OSError(f"OpenSSL 3 is needed for SM2 ({exc})") from exc
    return loaded


def _path() -> str:
    """The libcrypto that this process has mapped already."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = [line.split()[-1] for line in maps if "/libcrypto.so" in line]
    except OSError:
        mapped = []
    return mapped[0] if mapped else "libcrypto.so.3"
