"""Strict encodings of SM2 objects, in pure Python.

Signatures and ciphertexts follow GM/T 0009 (DER), keys follow SPKI and PKCS#8. The parsers
accept exactly one encoding of each value: what is malleable here becomes a second valid
signature or a replay elsewhere.
"""

import base64
import binascii
from typing import NamedTuple

from gmcrypto.errors import InvalidKey, MalformedData

# The recommended curve of GB/T 32918.5.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

FIELD_BYTES = 32
MAX_SIGNATURE_BYTES = 72
MAX_PLAINTEXT_BYTES = 255

_SEQUENCE, _INTEGER, _BIT_STRING, _OCTET_STRING, _OID = 0x30, 0x02, 0x03, 0x04, 0x06
_PARAMETERS, _PUBLIC_KEY = 0xA0, 0xA1

_OID_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
_OID_SM2 = bytes.fromhex("2a811ccf5501822d")


class Signature(NamedTuple):
    """The two integers of an SM2 signature, each in [1, n-1]."""

    r: int
    s: int


class Ciphertext(NamedTuple):
    """The parts of an SM2 ciphertext: point C1 (64 bytes x||y), digest C3 and masked text C2."""

    c1: bytes
    c3: bytes
    c2: bytes


class PrivateParts(NamedTuple):
    """What a PKCS#8 file holds: the secret scalar and, if it is there, the public point x||y."""

    scalar: bytes
    point: bytes | None


class _Reader:
    """Reads DER elements one after another and refuses every non-minimal length."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, tag: int) -> bytes:
        if self._byte() != tag:
            raise MalformedData("An element of another type was expected.")
        length = self._length()
        end = self._position + length
        if end > len(self._data):
            raise MalformedData("The data ends too early.")
        content = self._data[self._position : end]
        self._position = end
        return content

    def next_is(self, tag: int) -> bool:
        return self._position < len(self._data) and self._data[self._position] == tag

    def finish(self) -> None:
        if self._position != len(self._data):
            raise MalformedData("There are bytes after the end.")

    def unsigned(self) -> int:
        content = self.take(_INTEGER)
        if not content or content[0] & 0x80:
            raise MalformedData("The integer is empty or negative.")
        if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
            raise MalformedData("The integer has needless leading zeros.")
        # An integer of the curve has at most 32 bytes and one sign byte; stopping here also
        # keeps a forged half-megabyte integer from costing any arithmetic.
        if len(content) > FIELD_BYTES + 1:
            raise MalformedData("The integer is too long.")
        return int.from_bytes(content)

    def _byte(self) -> int:
        if self._position >= len(self._data):
            raise MalformedData("The data ends too early.")
        value = self._data[self._position]
        self._position += 1
        return value

    def _length(self) -> int:
        first = self._byte()
        if first < 0x80:
            return first
        if first not in (0x81, 0x82):
            raise MalformedData("The length has a form that is not used here.")
        length = 0
        for _ in range(first & 0x7F):
            length = length << 8 | self._byte()
        if length < 0x80 or (first == 0x82 and length < 0x100):
            raise MalformedData("The length is not written in its shortest form.")
        return length


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def _integer(value: int) -> bytes:
    return _element(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


# Signatures


def parse_signature(der: bytes) -> Signature:
    """Read SEQUENCE { r, s }; raise MalformedData for anything but its one canonical form."""
    if len(der) > MAX_SIGNATURE_BYTES:
        raise MalformedData("The signature is too long.")
    outer = _Reader(der)
    inner = _Reader(outer.take(_SEQUENCE))
    outer.finish()
    r, s = inner.unsigned(), inner.unsigned()
    inner.finish()
    return _checked_signature(r, s)


def encode_signature(signature: Signature) -> bytes:
    """Write SEQUENCE { r, s }."""
    return _element(_SEQUENCE, _integer(signature.r) + _integer(signature.s))


def signature_to_raw(der: bytes) -> bytes:
    """DER to the 64 bytes r||s that several hospital systems and devices use."""
    r, s = parse_signature(der)
    return r.to_bytes(FIELD_BYTES) + s.to_bytes(FIELD_BYTES)


def signature_from_raw(raw: bytes) -> bytes:
    """64 bytes r||s to DER."""
    if len(raw) != 2 * FIELD_BYTES:
        raise MalformedData("A raw signature has 64 bytes.")
    r, s = int.from_bytes(raw[:FIELD_BYTES]), int.from_bytes(raw[FIELD_BYTES:])
    return encode_signature(_checked_signature(r, s))


def _checked_signature(r: int, s: int) -> Signature:
    if not (0 < r < N and 0 < s < N):
        raise MalformedData("A signature value is out of range.")
    return Signature(r, s)


# Keys


def check_point(point: bytes) -> bytes:
    """Return the 64 bytes x||y of a point on the curve; a leading 04 is allowed."""
    if len(point) == 2 * FIELD_BYTES + 1 and point[0] == 4:
        point = point[1:]
    if len(point) != 2 * FIELD_BYTES:
        raise InvalidKey("An SM2 public key has 64 bytes, or 65 with the leading 04.")
    x, y = int.from_bytes(point[:FIELD_BYTES]), int.from_bytes(point[FIELD_BYTES:])
    # The curve has a prime number of points, so every point on it has the full order.
    if x >= P or y >= P or (y * y - x * x * x - A * x - B) % P:
        raise InvalidKey("The SM2 public key is not a point on the curve.")
    return bytes(point)


def check_scalar(scalar: bytes) -> bytes:
    """Return the 32 bytes of a secret scalar in [1, n-2], as GB/T 32918.1 asks."""
    if len(scalar) != FIELD_BYTES or not 0 < int.from_bytes(scalar) < N - 1:
        raise InvalidKey("An SM2 private key has 32 bytes and lies between 1 and n-2.")
    return bytes(scalar)


def encode_public(point: bytes) -> bytes:
    """The SubjectPublicKeyInfo of the 64 bytes x||y."""
    return _element(_SEQUENCE, _algorithm() + _element(_BIT_STRING, b"\x00\x04" + point))


def parse_public(der: bytes) -> bytes:
    """SubjectPublicKeyInfo to the 64 bytes x||y of a point that is on the curve."""
    try:
        outer = _Reader(der)
        inner = _Reader(outer.take(_SEQUENCE))
        outer.finish()
        _expect_algorithm(inner.take(_SEQUENCE))
        bits = inner.take(_BIT_STRING)
        inner.finish()
        return check_point(_uncompressed(bits))
    except MalformedData as error:
        raise InvalidKey("This is not an SM2 public key in SPKI form.") from error


def encode_private(scalar: bytes, point: bytes | None = None) -> bytes:
    """PKCS#8 without encryption, for key files and for providers."""
    inner = _integer(1) + _element(_OCTET_STRING, scalar)
    if point is not None:
        inner += _element(_PUBLIC_KEY, _element(_BIT_STRING, b"\x00\x04" + point))
    wrapped = _element(_OCTET_STRING, _element(_SEQUENCE, inner))
    return _element(_SEQUENCE, _integer(0) + _algorithm() + wrapped)


def parse_private(der: bytes) -> PrivateParts:
    """PKCS#8 (not encrypted) to its parts. Whether they fit together is not checked here."""
    try:
        outer = _Reader(der)
        info = _Reader(outer.take(_SEQUENCE))
        outer.finish()
        if info.unsigned() != 0:
            raise MalformedData("The PKCS#8 version is unknown.")
        _expect_algorithm(info.take(_SEQUENCE))
        holder = _Reader(info.take(_OCTET_STRING))
        info.finish()
        key = _Reader(holder.take(_SEQUENCE))
        holder.finish()
        if key.unsigned() != 1:
            raise MalformedData("The version of the EC private key is unknown.")
        scalar = check_scalar(key.take(_OCTET_STRING))
        _skip_parameters(key)
        point = _optional_point(key)
        key.finish()
    except MalformedData as error:
        raise InvalidKey("This is not an SM2 private key in PKCS#8 form.") from error
    return PrivateParts(scalar, point)


def _skip_parameters(key: _Reader) -> None:
    if not key.next_is(_PARAMETERS):
        return
    parameters = _Reader(key.take(_PARAMETERS))
    if parameters.take(_OID) != _OID_SM2:
        raise MalformedData("The curve is not SM2.")
    parameters.finish()


def _optional_point(key: _Reader) -> bytes | None:
    if not key.next_is(_PUBLIC_KEY):
        return None
    holder = _Reader(key.take(_PUBLIC_KEY))
    bits = holder.take(_BIT_STRING)
    holder.finish()
    return check_point(_uncompressed(bits))


def _uncompressed(bits: bytes) -> bytes:
    if bits[:2] != b"\x00\x04":
        raise MalformedData("The point is not in uncompressed form.")
    return bits[1:]


def _algorithm() -> bytes:
    return _element(_SEQUENCE, _element(_OID, _OID_EC_PUBLIC_KEY) + _element(_OID, _OID_SM2))


def _expect_algorithm(content: bytes) -> None:
    reader = _Reader(content)
    if reader.take(_OID) != _OID_EC_PUBLIC_KEY or reader.take(_OID) != _OID_SM2:
        raise MalformedData("The key is not an SM2 key.")
    reader.finish()


def encode_pem(label: str, der: bytes) -> str:
    """Write one PEM block of the type named by the label."""
    body = base64.encodebytes(der).decode().replace("\n", "")
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def parse_pem(label: str, text: str) -> bytes:
    """Read exactly one PEM block of the type named by the label; raise InvalidKey."""
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) < 3 or lines[0] != f"-----BEGIN {label}-----" or lines[-1] != f"-----END {label}-----":
        raise InvalidKey(f"This is not one PEM block of the type {label}.")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidKey("The PEM block is not valid Base64.") from error


# Ciphertexts


def parse_ciphertext(der: bytes) -> Ciphertext:
    """Read the DER form of GM/T 0009: SEQUENCE { x, y, C3, C2 }."""
    outer = _Reader(der)
    inner = _Reader(outer.take(_SEQUENCE))
    outer.finish()
    x, y = inner.unsigned(), inner.unsigned()
    c3, c2 = inner.take(_OCTET_STRING), inner.take(_OCTET_STRING)
    inner.finish()
    if x >= P or y >= P:
        raise MalformedData("The point of the ciphertext is out of range.")
    return _checked_ciphertext(x.to_bytes(FIELD_BYTES) + y.to_bytes(FIELD_BYTES), c3, c2)


def encode_ciphertext(parts: Ciphertext) -> bytes:
    """Write SEQUENCE { x, y, C3, C2 }."""
    x, y = int.from_bytes(parts.c1[:FIELD_BYTES]), int.from_bytes(parts.c1[FIELD_BYTES:])
    digests = _element(_OCTET_STRING, parts.c3) + _element(_OCTET_STRING, parts.c2)
    return _element(_SEQUENCE, _integer(x) + _integer(y) + digests)


def ciphertext_to_c1c3c2(der: bytes) -> bytes:
    """DER to 04||C1||C3||C2, the order of the present standard."""
    parts = parse_ciphertext(der)
    return b"\x04" + parts.c1 + parts.c3 + parts.c2


def ciphertext_from_c1c3c2(raw: bytes) -> bytes:
    """04||C1||C3||C2 to DER; the 04, which some JavaScript libraries leave out, may be missing."""
    body = _without_point_form(raw)
    c1, c3, c2 = body[:64], body[64:96], body[96:]
    return encode_ciphertext(_checked_ciphertext(c1, c3, c2))


def ciphertext_to_c1c2c3(der: bytes) -> bytes:
    """DER to 04||C1||C2||C3, the order of the draft standard of 2010."""
    parts = parse_ciphertext(der)
    return b"\x04" + parts.c1 + parts.c2 + parts.c3


def ciphertext_from_c1c2c3(raw: bytes) -> bytes:
    """04||C1||C2||C3 to DER; the 04 may be missing."""
    body = _without_point_form(raw)
    c1, c2, c3 = body[:64], body[64:-32], body[-32:]
    return encode_ciphertext(_checked_ciphertext(c1, c3, c2))


def _without_point_form(raw: bytes) -> bytes:
    """Drop the leading 04.

    A coordinate may itself begin with 04, so the byte alone does not tell; that the point
    lies on the curve does.
    """
    if len(raw) > 97 and raw[0] == 4 and _is_on_curve(raw[1:65]):
        return raw[1:]
    return raw


def _is_on_curve(point: bytes) -> bool:
    try:
        check_point(point)
    except InvalidKey:
        return False
    return True


def _checked_ciphertext(c1: bytes, c3: bytes, c2: bytes) -> Ciphertext:
    if len(c3) != FIELD_BYTES or not c2 or not _is_on_curve(c1):
        raise MalformedData("The ciphertext has parts of the wrong size, or its point is not on the curve.")
    return Ciphertext(bytes(c1), bytes(c3), bytes(c2))
