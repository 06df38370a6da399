"""DER of the few SM2 objects that no library writes: keys, and a certificate."""

from datetime import UTC, datetime

_SEQUENCE, _SET, _INTEGER, _BITS, _OCTETS, _OID, _UTF8, _TIME = 0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0C, 0x18
_FIRST, _SECOND = 0xA0, 0xA1
_EC_KEY = bytes.fromhex("2a8648ce3d0201")
_SM2_CURVE = bytes.fromhex("2a811ccf5501822d")
_SM2_WITH_SM3 = bytes.fromhex("2a811ccf55018375")
_COMMON_NAME = bytes.fromhex("550403")


def sm2_public(point: str) -> bytes:
    """SubjectPublicKeyInfo of a point, x and y in hexadecimal."""
    return _element(_SEQUENCE, _algorithm() + _element(_BITS, b"\x00\x04" + bytes.fromhex(point)))


def sm2_private(scalar: str, point: str) -> bytes:
    """PKCS#8 without encryption."""
    public = _element(_SECOND, _element(_BITS, b"\x00\x04" + bytes.fromhex(point)))
    inner = _integer(1) + _element(_OCTETS, bytes.fromhex(scalar)) + public
    return _element(_SEQUENCE, _integer(0) + _algorithm() + _element(_OCTETS, _element(_SEQUENCE, inner)))


def certificate_body(serial: str, name: str, point: str, begins: datetime, ends: datetime) -> bytes:
    """What is signed of a certificate that its own key signs."""
    who = _element(
        _SEQUENCE,
        _element(_SET, _element(_SEQUENCE, _element(_OID, _COMMON_NAME) + _element(_UTF8, name.encode()))),
    )
    parts = [
        _element(_FIRST, _integer(2)),
        _integer(int(serial, 16)),
        _signed_by(),
        who,
        _element(_SEQUENCE, _time(begins) + _time(ends)),
        who,
        sm2_public(point),
    ]
    return _element(_SEQUENCE, b"".join(parts))


def certificate(body: bytes, signature: bytes) -> bytes:
    """A whole certificate."""
    return _element(_SEQUENCE, body + _signed_by() + _element(_BITS, b"\x00" + signature))


def _algorithm() -> bytes:
    return _element(_SEQUENCE, _element(_OID, _EC_KEY) + _element(_OID, _SM2_CURVE))


def _signed_by() -> bytes:
    return _element(_SEQUENCE, _element(_OID, _SM2_WITH_SM3))


def _time(at: datetime) -> bytes:
    return _element(_TIME, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def _integer(value: int) -> bytes:
    return _element(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content
