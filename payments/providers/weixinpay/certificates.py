"""Reading WeChat Pay's certificates, also those with an SM2 key, which ``cryptography`` does not open."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

_BEGIN = "-----BEGIN CERTIFICATE-----"
_VERSION, _LONG_FORM = 0xA0, 0x80
# Of a certificate's own part: serial, algorithm, issuer, validity, subject, and then the key.
_PLACE_OF_KEY = 5


class KeyUnreadable(Exception):
    """A key or a certificate in a merchant's set-up is not what it should be."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is asked of a certificate.

    Attributes:
        serial: As WeChat Pay writes it: upper-case hexadecimal.
        key: SubjectPublicKeyInfo in DER.
    """

    serial: str
    key: bytes
    begins_at: datetime
    ends_at: datetime


def read(pem: str) -> Certificate:
    """One certificate in PEM.

    Raises:
        KeyUnreadable: It is none.
    """
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
        key = _key_inside(found.tbs_certificate_bytes)
    except (ValueError, IndexError) as exc:
        raise KeyUnreadable("not a certificate") from exc
    serial = f"{found.serial_number:X}"
    # Written in whole bytes, so that one that begins with a small figure has a 0 before it.
    serial = serial.zfill(len(serial) + len(serial) % 2)
    return Certificate(serial, key, found.not_valid_before_utc, found.not_valid_after_utc)


def read_all(text: str) -> Iterator[Certificate]:
    """The certificates that stand one after the other in a text."""
    for part in text.split(_BEGIN)[1:]:
        yield read(_BEGIN + part)


def _key_inside(own_part: bytes) -> bytes:
    content, _ = next(_elements(own_part))
    parts = [whole for _, whole in _elements(content) if whole[0] != _VERSION]
    return parts[_PLACE_OF_KEY]


def _elements(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The content of each DER element, and the whole of it."""
    start = 0
    while start < len(data):
        place, length = start + 2, data[start + 1]
        if length & _LONG_FORM:
            octets = length & ~_LONG_FORM
            length = int.from_bytes(data[place : place + octets])
            place += octets
        yield data[place : place + length], data[start : place + length]
        start = place + length
