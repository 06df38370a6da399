"""The centre's side of the envelope, read a second time from its description.

Members beside ``signData``, ``encData`` and ``extra`` are sorted and joined; ``data`` is the
business as compact JSON, sorted on every level, with empty values left out and scalars as texts.
"""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sandbox.insurance.apps import App
from sandbox.national import sm2
from sandbox.outside import BEIJING

WINDOW_SECONDS = 300


class Unsigned(Exception):
    """A message that the gateway refuses without a signature: code and text."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


def opened(app: App, message: Mapping[str, Any]) -> dict[str, Any]:
    """The business of a message of an application."""
    if (message.get("encType"), message.get("signType")) != ("SM4", "SM2"):
        raise Unsigned(1004, "encType must be SM4 and signType SM2")
    if "data" in message:
        raise Unsigned(1004, "data must not be sent in the clear")
    if abs(time.time() - _seconds(str(message.get("timestamp", "")))) > WINDOW_SECONDS:
        raise Unsigned(1003, "timestamp is outside the window")
    try:
        data = json.loads(decrypted(app, str(message.get("encData", ""))))
    except ValueError as exc:
        raise Unsigned(1004, "encData cannot be opened") from exc
    if not isinstance(data, dict):
        raise Unsigned(1004, "encData is no object")
    try:
        raw = base64.b64decode(str(message.get("signData", "")), validate=True)
        fits = sm2.verifies(app.public_key, sorted_text(app, {**message, "data": data}), _der(raw), app.uid)
    except (binascii.Error, ValueError, sm2.Sm2Error):
        fits = False
    if not fits:
        raise Unsigned(1001, "signData does not fit")
    return data


def sealed(app: App, data: Mapping[str, Any] | None, key: str, **head: Any) -> dict[str, Any]:
    """A message of the centre to an application."""
    message: dict[str, Any] = {
        "appId": app.app_id,
        "encType": "SM4",
        "signType": "SM2",
        "timestamp": _stamp(app),
        "version": "2.0.1",
        **head,
    }
    content = message if data is None else {**message, "data": data}
    raw = _raw(sm2.sign(key, sorted_text(app, content), app.uid))
    message["signData"] = base64.b64encode(raw).decode()
    if data is not None:
        message["encData"] = encrypted(app, _compact(data))
    return message


def sorted_text(app: App, message: Mapping[str, Any]) -> bytes:
    """What is signed."""
    parts = []
    for name in sorted(set(message) - {"signData", "encData", "extra"}):
        value = tidy(message[name])
        text = _compact(value) if isinstance(value, dict | list) else value
        if text and text != "[]":
            parts.append(f"{name}={text}")
    return "&".join([*parts, f"key={app.secret}"]).encode()


def tidy(value: Any) -> Any:
    """A value as it is signed."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case dict():
            return {name: tidy(inner) for name, inner in sorted(value.items()) if inner not in ("", None, [])}
        case list():
            return [tidy(inner) for inner in value if inner not in ("", None, [])]
        case _:
            return str(value)


def encrypted(app: App, text: str) -> str:
    """A business as it is sent."""
    return _sm4(_key(app), _padded(app, text.encode()), decrypt=False).hex().upper()


def decrypted(app: App, text: str) -> str:
    """The business that was sent."""
    plain = _sm4(_key(app), bytes.fromhex(text), decrypt=True)
    if app.padding == "zero":
        return plain.rstrip(b"\0").decode()
    unpadder = padding.PKCS7(128).unpadder()
    return (unpadder.update(plain) + unpadder.finalize()).decode()


def _key(app: App) -> bytes:
    first = _sm4(app.app_id[:16].encode(), _padded(app, app.secret.encode()), decrypt=False)
    return first.hex().upper()[:16].encode()


def _padded(app: App, data: bytes) -> bytes:
    if app.padding == "zero":
        return data + b"\0" * (-len(data) % 16)
    padder = padding.PKCS7(128).padder()
    return padder.update(data) + padder.finalize()


def _sm4(key: bytes, data: bytes, *, decrypt: bool) -> bytes:
    cipher = Cipher(algorithms.SM4(key), modes.ECB())  # noqa: S305  (as the centre's description has it)
    worker = cipher.decryptor() if decrypt else cipher.encryptor()
    return worker.update(data) + worker.finalize()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _stamp(app: App) -> str:
    now = time.time()
    if app.timestamp == "milliseconds":
        return str(int(now * 1000))
    return datetime.fromtimestamp(now, BEIJING).strftime("%Y%m%d%H%M%S")


def _seconds(stamp: str) -> float:
    try:
        if len(stamp) == 14:
            return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).timestamp()
        return int(stamp[:16]) / 1000
    except ValueError:
        return 0.0


def _raw(der: bytes) -> bytes:
    """The two numbers of a signature in DER, 32 bytes each."""
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2 : r_end + 2 + der[r_end + 1]]
    return r.lstrip(b"\0").rjust(32, b"\0") + s.lstrip(b"\0").rjust(32, b"\0")


def _der(raw: bytes) -> bytes:
    if len(raw) != 64:
        raise ValueError("a signature has 64 bytes")
    parts = b"".join(_integer(half) for half in (raw[:32], raw[32:]))
    return bytes([0x30, len(parts)]) + parts


def _integer(value: bytes) -> bytes:
    digits = value.lstrip(b"\0") or b"\0"
    if digits[0] & 0x80:
        digits = b"\0" + digits
    return bytes([0x02, len(digits)]) + digits
