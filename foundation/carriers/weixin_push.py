"""What WeChat's servers push to us: that it is from them, and what it says.

Plain mode signs token, timestamp and nonce, not the body; so where a key is set up, only what is
encrypted under it is believed. In compatible mode the plain parts beside it are not looked at.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
_RANDOM = 16
_LENGTH = 4


class PushRefused(Exception):
    """It is not from WeChat, not for us, or cannot be read."""


def is_signed(token: str, *parts: str, signature: str) -> bool:
    """Whether a signature is that of the token and the parts."""
    wanted = hashlib.sha1("".join(sorted((token, *parts))).encode(), usedforsecurity=False).hexdigest()
    return bool(token) and hmac.compare_digest(wanted.encode(), signature.encode())


def opened(
    body: bytes, query: Mapping[str, str], *, token: str, keys: Sequence[str], appid: str
) -> dict[str, Any]:
    """What a push says, after its signature held.

    Args:
        keys: EncodingAESKeys that may be in use, the present one first; none for plain mode.

    Raises:
        PushRefused: If the signature does not hold, or it is for another application.
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not keys:
        if not is_signed(token, timestamp, nonce, signature=query.get("signature", "")):
            raise PushRefused("signature")
        return parsed(body)
    sealed = parsed(body).get("Encrypt", "")
    if not isinstance(sealed, str) or not is_signed(
        token, timestamp, nonce, sealed, signature=query.get("msg_signature", "")
    ):
        raise PushRefused("signature")
    for key in keys:
        plain = decrypted(sealed, key=key, appid=appid)
        if plain is not None:
            return parsed(plain)
    raise PushRefused("key")


def decrypted(sealed: str, *, key: str, appid: str) -> bytes | None:
    """The message under an EncodingAESKey; none if it is under another, or for another application."""
    try:
        secret = base64.b64decode(f"{key}=")
        body = base64.b64decode(sealed, validate=True)
        decryptor = Cipher(algorithms.AES(secret), modes.CBC(secret[:16])).decryptor()
        padded = decryptor.update(body) + decryptor.finalize()
    except ValueError:
        return None
    padding = padded[-1] if padded else 0
    if not 0 < padding <= BLOCK or padded[-padding:] != bytes([padding]) * padding:
        return None
    content = padded[_RANDOM:-padding]
    length = int.from_bytes(content[:_LENGTH])
    message, whose = content[_LENGTH : _LENGTH + length], content[_LENGTH + length :]
    return message if hmac.compare_digest(whose, appid.encode()) else None


def parsed(body: bytes) -> dict[str, Any]:
    """A body in JSON or XML; names that come several times become lists.

    Raises:
        PushRefused: If it is neither, or brings definitions of its own.
    """
    text = body.strip()
    try:
        if text.startswith(b"<"):
            # Definitions can blow a small text up, and WeChat sends none.
            if b"<!" in text.replace(b"<![CDATA[", b""):
                raise PushRefused("definitions")
            said = _tree(ElementTree.fromstring(text))  # noqa: S314
        else:
            said = json.loads(text)
    except (ValueError, RecursionError, ElementTree.ParseError) as exc:
        raise PushRefused("form") from exc
    if not isinstance(said, dict):
        raise PushRefused("form")
    return said


def _tree(node: ElementTree.Element) -> Any:
    if not len(node):
        return node.text or ""
    said: dict[str, Any] = {}
    for child in node:
        value = _tree(child)
        if child.tag in said:
            before = said[child.tag]
            said[child.tag] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            said[child.tag] = value
    return said
