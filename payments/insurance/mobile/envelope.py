"""The envelope of the mobile-payment centre: SM4-ECB around the business, SM2 over the sorted text.

The signed text is every top-level member but ``signData``, ``encData`` and ``extra``, sorted by
name, as ``name=value`` joined by ``&``, with ``&key=<appSecret>`` at the end. ``data`` stands in it
as compact JSON with names sorted, scalars as texts, and empty values dropped. The key of the
encryption is the first 16 characters of the hexadecimal of SM4(first 16 characters of appId,
appSecret), in capitals.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from foundation.core import clock
from gmcrypto import sign, sm4_ecb_decrypt, sm4_ecb_encrypt, verify
from gmcrypto.codec import signature_from_raw, signature_to_raw
from gmcrypto.errors import GmCryptoError
from payments.insurance.mobile.setup import PKCS7, Setup, read_stamp
from payments.insurance.strict_json import NotJson, read_object, write_compact

WINDOW = timedelta(minutes=5)
_UNSIGNED = frozenset({"signData", "encData", "extra"})
_BLOCK = 16


class EnvelopeBroken(Exception):
    """An envelope that is not from the other side, not now, or cannot be opened; the text says why."""


def seal(setup: Setup, data: Mapping[str, Any], **head: str) -> bytes:
    """The body that carries this business, signed and encrypted; `head` is signed with it."""
    business = canonical(data)
    envelope: dict[str, Any] = {
        "appId": setup.app_id,
        "encType": "SM4",
        "signType": "SM2",
        "timestamp": setup.stamp_of(clock.now()),
        "version": setup.version,
        **head,
    }
    text = signing_text({**envelope, "data": business}, setup.app_secret)
    signature = sign(setup.private_key, text.encode(), uid=setup.uid)
    envelope["signData"] = base64.b64encode(signature_to_raw(signature)).decode()
    envelope["encData"] = encrypt(setup, write_compact(business))
    return write_compact(envelope).encode()


def open_envelope(setup: Setup, body: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """The head and the business of an envelope of the centre.

    Raises:
        EnvelopeBroken: Its signature, application, time or content is not right.
    """
    head = read_head(body)
    data = _opened(setup, head)
    text = signing_text(head if data is None else {**head, "data": data}, setup.app_secret)
    if not _is_signed(setup, text, head.get("signData")):
        raise EnvelopeBroken("signature")
    # An answer need not repeat our application; if it names one, it is ours.
    if head.get("appId", setup.app_id) != setup.app_id:
        raise EnvelopeBroken("app_id")
    moment = read_stamp(str(head.get("timestamp", "")))
    if moment is None or abs(clock.now() - moment) > WINDOW:
        raise EnvelopeBroken("timestamp")
    return head, data or {}


def read_head(body: bytes) -> dict[str, Any]:
    """The members of an envelope, not checked."""
    try:
        return read_object(body)
    except NotJson as exc:
        raise EnvelopeBroken("not_json") from exc


def signing_text(members: Mapping[str, Any], secret: str) -> str:
    """What is signed."""
    texts = ((name, _text(members[name])) for name in sorted(members) if name not in _UNSIGNED)
    return "".join(f"{name}={text}&" for name, text in texts if text) + f"key={secret}"


def canonical(value: Any) -> Any:
    """The value with names sorted, scalars as texts, and empty members dropped."""
    if isinstance(value, Mapping):
        return {name: canonical(value[name]) for name in sorted(value) if not _is_empty(value[name])}
    if isinstance(value, list | tuple):
        return [canonical(each) for each in value if not _is_empty(each)]
    return _scalar(value)


def encrypt(setup: Setup, text: str) -> str:
    """The business as it goes over the wire."""
    return _ecb(_key(setup), _padded(text.encode(), setup.padding)).hex().upper()


def decrypt(setup: Setup, sealed: str) -> str:
    """The inverse of ``encrypt``."""
    try:
        return _unpadded(sm4_ecb_decrypt(_key(setup), bytes.fromhex(sealed)), setup.padding).decode()
    except (ValueError, GmCryptoError) as exc:
        raise EnvelopeBroken("encrypted") from exc


def _opened(setup: Setup, head: Mapping[str, Any]) -> dict[str, Any] | None:
    sealed = head.get("encData")
    if not sealed and "data" not in head:
        return None
    # What came in the clear beside what was encrypted would be two contents under one signature.
    if not isinstance(sealed, str) or "data" in head:
        raise EnvelopeBroken("encrypted")
    try:
        return read_object(decrypt(setup, sealed))
    except NotJson as exc:
        raise EnvelopeBroken("encrypted") from exc


def _is_signed(setup: Setup, text: str, given: object) -> bool:
    try:
        signature = signature_from_raw(base64.b64decode(str(given), validate=True))
    except (ValueError, GmCryptoError):
        return False
    return verify(setup.centre_key, text.encode(), signature, uid=setup.uid)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return write_compact(canonical(value))
    if isinstance(value, list | tuple):
        return write_compact(canonical(value)) if value else ""
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, list | tuple) and not value)


def _key(setup: Setup) -> bytes:
    secret = _padded(setup.app_secret.encode(), setup.padding)
    return _ecb(setup.app_id.encode()[:_BLOCK], secret).hex().upper()[:_BLOCK].encode()


def _ecb(key: bytes, padded: bytes) -> bytes:
    return sm4_ecb_encrypt(key, padded)


def _padded(data: bytes, padding: str) -> bytes:
    missing = _BLOCK - len(data) % _BLOCK
    if padding == PKCS7:
        return data + bytes([missing]) * missing
    return data + bytes(missing % _BLOCK)


def _unpadded(data: bytes, padding: str) -> bytes:
    if padding != PKCS7:
        return data.rstrip(b"\0")
    count = data[-1] if data else 0
    if not 1 <= count <= _BLOCK or data[-count:] != bytes([count]) * count:
        raise ValueError("the padding is not right")
    return data[:-count]
