"""Programs of hospitals that are built on the national SDK, written from its description alone.

Nothing of the product is used: SM3 is OpenSSL's, SM4 that of ``cryptography``, and the texts are
put together by hand in the SDK's order.
"""

import hashlib
import itertools
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from django.test import Client

from tests.cards.world import Holder

PATHS = {
    "register": "/hospital/v3/register",
    "alterinfo": "/hospital/v3/user/alterinfo",
    "close": "/hospital/v3/user/close",
    "query": "/hospital/v3/user/query",
    "generate": "/hospital/v3/user/generate",
    "verify": "/hospital/v3/user/verify",
}
SERIALS = {"register": "register", "alterinfo": "alter", "close": "revoke", "generate": "generate"}
PERSON = ("name", "id_type", "id_no", "gender", "birthday", "nation", "cellphone", "address")
FORM = "application/x-www-form-urlencoded"
_KEY = bytes.fromhex("11223344556677888877665544332211")
_serials = itertools.count(secrets.randbelow(10**9))


def sm3(text: str) -> str:
    return hashlib.new("sm3", text.encode()).hexdigest().upper()


def sm4(text: str) -> str:
    data = text.encode()
    data += b"\0" * (-len(data) % 16)
    cipher = Cipher(SM4(_KEY), modes.ECB()).encryptor()
    return (cipher.update(data) + cipher.finalize()).hex()


def numbered(method: str, **content: Any) -> dict[str, Any]:
    """The content of a method that changes something, with the caller's number and time."""
    stem = SERIALS[method]
    return {f"{stem}_no": serial(), f"{stem}_time": "2026-11-21 09:30:00", **content}


def by_number(who: Holder, **more: str) -> dict[str, str]:
    """The content that names a card."""
    return {"ehealth_card_id": who.number.value, **more}


def android_json(value: Any) -> str:
    """Compact, in the order of insertion, with every slash escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def serial() -> str:
    return f"S{next(_serials)}"


@dataclass
class SdkProgram:
    """A program for a phone or a machine with Android; content in clear."""

    app_id: str
    app_secret: str = field(repr=False)
    term_id: str
    enc_type: str = "PLAIN"
    content_type: str = FORM

    def write(self, content: dict[str, Any]) -> str:
        return android_json(content)

    def timestamp(self) -> str:
        return str(time.time_ns() // 1_000_000)

    def digest(self, envelope: dict[str, str], content: str) -> str:
        head = {
            name: envelope[name]
            for name in ("method", "app_id", "term_id", "version", "timestamp", "digest_type", "enc_type")
        }
        return sm3(f'{android_json(head)[:-1]},"biz_content":{content}}}{self.app_secret}')

    def form(self, method: str, content: dict[str, Any] | str, /, **changes: str) -> dict[str, str]:
        """The nine fields; ``changes`` made before the digest, which covers them."""
        text = content if isinstance(content, str) else self.write(content)
        envelope = {
            "method": method,
            "app_id": self.app_id,
            "term_id": self.term_id,
            "version": "v1.0.0",
            "timestamp": self.timestamp(),
            "digest_type": "SM3",
            "enc_type": self.enc_type,
            **changes,
        }
        envelope.setdefault("digest", self.digest(envelope, text))
        envelope["biz_content"] = sm4(text) if envelope["enc_type"] == "SM4" else text
        return dict(sorted(envelope.items()))

    def body(self, method: str, content: dict[str, Any] | str, /, **changes: str) -> bytes:
        return encoded(self.form(method, content, **changes))

    def post(self, path: str, body: bytes, **headers: Any) -> dict[str, Any]:
        """Send raw bytes. Whatever is sent, the answer is 200 and in the one form."""
        answer = Client(raise_request_exception=False).generic(
            "POST", path, body, headers.pop("content_type", self.content_type), **headers
        )
        assert answer.status_code == 200, answer.content
        return read(answer.content, answer["Content-Type"])

    def call(self, method: str, content: dict[str, Any] | str, /, **changes: str) -> dict[str, Any]:
        return self.post(PATHS[method], self.body(method, content, **changes))

    def ok(self, method: str, content: dict[str, Any] | str, /, **changes: str) -> dict[str, str]:
        """As ``call``; the answer must be a success."""
        answer = self.call(method, content, **changes)
        assert (answer["return_code"], answer["return_msg"]) == ("0", "成功"), answer
        return dict(answer["biz_content"])


class EncryptingProgram(SdkProgram):
    """The same with the content encrypted."""

    def __init__(self, other: SdkProgram) -> None:
        super().__init__(other.app_id, other.app_secret, other.term_id, "SM4")


class DesktopProgram(SdkProgram):
    """A program in another language: slashes as they are, the form in an order of its own."""

    def __init__(self, other: SdkProgram) -> None:
        super().__init__(other.app_id, other.app_secret, other.term_id, content_type=f"{FORM}; charset=UTF-8")

    def write(self, content: dict[str, Any]) -> str:
        return json.dumps(content, separators=(",", ":"))

    def body(self, method: str, content: dict[str, Any] | str, /, **changes: str) -> bytes:
        return encoded(dict(reversed(self.form(method, content, **changes).items())))


def encoded(form: dict[str, str]) -> bytes:
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in form.items()).encode()


def read(content: bytes, content_type: str) -> dict[str, Any]:
    assert content_type == "application/json; charset=utf-8"
    found: dict[str, Any] = json.loads(content)
    assert set(found) == {"return_code", "return_msg", "biz_content"}
    assert isinstance(found["return_code"], str)
    assert isinstance(found["return_msg"], str)
    assert isinstance(found["biz_content"], dict)
    assert all(isinstance(value, str) for value in found["biz_content"].values())
    return found
