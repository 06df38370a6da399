"""Reading the form, and writing answers.

The business content is kept as the text in which it came, because the digest covers that
text: Android writes ``/`` as ``\\/``, and no second writing would give the same.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext_lazy as _

import gmcrypto
from foundation.gateway import bodies
from foundation.gateway.errors import UnsupportedContentType
from interop.dialects.national.errors import BadEncryption, BadForm, BadParameter, MissingParameter

MOST_FIELDS = 30
FORM_TYPE = "application/x-www-form-urlencoded"
VERSION = "v1.0.0"
PLAIN, SM4 = "PLAIN", "SM4"

# The SDK has this key built in, so it keeps nothing secret; TLS does. It is the protect key of
# the specification's worked example.
SDK_KEY = bytes.fromhex("11223344556677888877665544332211")
_BLOCK = 16

_SHAPES: Mapping[str, re.Pattern[str]] = {
    "method": re.compile(r"[a-z]{1,20}"),
    "app_id": re.compile(r"[0-9A-Za-z]{8,40}"),
    "term_id": re.compile(r"[0-9A-Za-z_-]{1,32}"),
    "version": re.compile(re.escape(VERSION)),
    "timestamp": re.compile(r"[0-9]{13}"),
    "digest_type": re.compile(r"SM3"),
    "enc_type": re.compile(rf"{PLAIN}|{SM4}"),
    "digest": re.compile(r"[0-9A-Fa-f]{64}"),
}
_CIPHERTEXT = re.compile(rf"(?:[0-9A-Fa-f]{{{2 * _BLOCK}}})+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A request as it came.

    Attributes:
        head: The seven fields that stand before the content in the digest's text, in its order.
        digest: The digest that the caller gave.
        content: ``biz_content`` in clear, as it was written.
    """

    head: Mapping[str, str]
    digest: str
    content: str = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.head[name]


_HEAD = ("method", "app_id", "term_id", "version", "timestamp", "digest_type", "enc_type")


@dataclass(frozen=True, slots=True)
class Content:
    """The parsed ``biz_content``, read by name."""

    values: Mapping[str, Any] = field(repr=False)

    def text(self, name: str, *, most: int = 64) -> str:
        """A text that must be there.

        Raises:
            MissingParameter: If it is absent, null or empty.
            BadParameter: If it is no text, or too long.
        """
        value = self.optional(name, most=most)
        if not value:
            raise MissingParameter(field=name, name=name)
        return value

    def optional(self, name: str, *, most: int = 64) -> str:
        """A text that may be absent; a whole number counts as its digits.

        Raises:
            BadParameter: If it is no text, too long, or has control characters.
        """
        value = self.values.get(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or len(value) > most or _CONTROL.search(value):
            raise BadParameter(field=name, name=name)
        return value.strip()


def read(body: bytes, content_type: str) -> Envelope:
    """Read a request body.

    Raises:
        UnsupportedContentType: It calls itself something else than a form.
        BadForm: It is none, or repeats a field.
        MissingParameter, BadParameter: A field is missing, or has another shape.
        BadEncryption: The content cannot be decrypted.
    """
    if content_type and content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        raise UnsupportedContentType
    fields = _fields(body)
    for name, shape in _SHAPES.items():
        if not fields.get(name):
            raise MissingParameter(field=name, name=name)
        if not shape.fullmatch(fields[name]):
            raise BadParameter(field=name, name=name)
    content = fields.get("biz_content", "")
    if not content:
        raise MissingParameter(field="biz_content", name="biz_content")
    if fields["enc_type"] == SM4:
        content = _decrypted(content)
    return Envelope({name: fields[name] for name in _HEAD}, fields["digest"], content)


def content_of(envelope: Envelope) -> Content:
    """Parse the content.

    Raises:
        NotJson: If it is not one JSON object, or repeats a name.
    """
    return Content(bodies.read_object(envelope.content.encode()))


def answer(*, return_code: str, message: str, content: Mapping[str, Any]) -> bytes:
    """Write an answer. It is always in clear: the SDK hands it on without opening it."""
    body = {"return_code": return_code, "return_msg": message, "biz_content": content}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _fields(body: bytes) -> dict[str, str]:
    if not body.isascii():
        raise BadForm(reason=_("含有未经百分号编码的字符"))
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except UnicodeDecodeError as exc:
        raise BadForm(reason=_("不是 UTF-8 编码")) from exc
    except ValueError as exc:
        raise BadForm(reason=_("字段过多")) from exc
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadForm(reason=_("有重复的字段名"))
    return fields


def _decrypted(text: str) -> str:
    """The content behind lower hex of SM4-ECB with zero padding."""
    if not _CIPHERTEXT.fullmatch(text):
        raise BadEncryption(field="biz_content")
    padded = gmcrypto.sm4_ecb_decrypt(SDK_KEY, bytes.fromhex(text))
    content = padded.rstrip(b"\0")
    if not content or len(padded) - len(content) > _BLOCK:
        raise BadEncryption(field="biz_content")
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise BadEncryption(field="biz_content") from exc
