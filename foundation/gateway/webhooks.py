"""Signatures of events in the form of Standard Webhooks 1.0.0, both ways.

What is signed is ``id.timestamp.body``. A header holds several signatures, separated by spaces,
each with its version: ``v1`` is HMAC-SHA256 as the standard has it; ``v1sm3`` is HMAC-SM3 with
the same secret and ``v1sm2`` SM2 with SM3, which a reader that does not know them passes over.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable

import gmcrypto

PREFIX = "whsec_"
SECRET_BYTES = 32
WINDOW_SECONDS = 300
LONGEST_HEADER = 2_000
ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

_ID_SHAPE = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
_TIMESTAMP_SHAPE = re.compile(r"[0-9]{10,12}")


def new_secret() -> str:
    """A secret as it is shown and stored: ``whsec_`` and base64 of random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """The bytes of a secret."""
    return base64.b64decode(secret.removeprefix(PREFIX))


def is_id(text: str) -> bool:
    """Whether a text can be a message's id; none holds the full stop of the signed text's end."""
    return bool(_ID_SHAPE.fullmatch(text))


def is_timestamp(text: str) -> bool:
    """Whether a text is a time in Unix seconds."""
    return bool(_TIMESTAMP_SHAPE.fullmatch(text))


def signed_text(message_id: str, timestamp: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    return f"{message_id}.{timestamp}.".encode() + body


def sign(secret: str, text: bytes) -> list[str]:
    """Both signatures with a shared secret."""
    key = key_of(secret)
    return [shown("v1", hmac.digest(key, text, "sha256")), shown("v1sm3", gmcrypto.hmac_sm3(key, text))]


def shown(version: str, signature: bytes) -> str:
    """A signature as the header holds it."""
    return f"{version},{base64.b64encode(signature).decode()}"


def matches(
    header: str, text: bytes, *, secrets: Iterable[str] = (), public_keys: Iterable[gmcrypto.PublicKey] = ()
) -> bool:
    """Whether any signature of a header is right for any of the keys.

    Args:
        secrets: Shared, as ``whsec_``.
        public_keys: Of SM2.
    """
    keys = [key_of(secret) for secret in secrets]
    points = list(public_keys)
    return any(_is_right(version, given, text, keys, points) for version, given in _signatures(header))


def _is_right(
    version: str, given: bytes, text: bytes, keys: list[bytes], points: list[gmcrypto.PublicKey]
) -> bool:
    if version == "v1":
        return any(hmac.compare_digest(hmac.digest(key, text, "sha256"), given) for key in keys)
    if version == "v1sm3":
        return any(gmcrypto.same(gmcrypto.hmac_sm3(key, text), given) for key in keys)
    if version == "v1sm2":
        return any(gmcrypto.verify(point, text, given) for point in points)
    return False


def _signatures(header: str) -> Iterable[tuple[str, bytes]]:
    """Version and bytes of each signature; what is none is passed over, as the standard says."""
    for word in header[:LONGEST_HEADER].split(" "):
        version, comma, text = word.partition(",")
        if not comma:
            continue
        try:
            yield version, base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
