"""The text inside a QR code: reading, writing and authenticating it.

Reading is lenient in everything that scanners do to a text (Caps Lock, line ends, full-width
characters of an input method) and strict in everything else. A dynamic code of ours is
``cardID:0:block:token:EHCAPPID``; the token is 18 characters of upper-case Crockford base32:
one for the version of the MAC key, four of nonce, thirteen of MAC (the top 65 bits of an
HMAC-SM3), so that the whole text stays in the alphanumeric mode of a QR code.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import gmcrypto
from cards.errors import CodeForged, CodeMalformed, CodeTooLong
from foundation.core import ids

MAX_CHARACTERS = 130
NONCE_BITS = 20
KEY_MARKS = 32

# The number of a temporary card is random: no safe key has made it.
TEMPORARY_KEY_VERSION = 0

_DYNAMIC, _STATIC, _TEMPORARY = "0", "1", "9"
_ALPHABET = ids.ALPHABET.upper()
_MAC_BITS, _MAC_CHARACTERS, _NONCE_CHARACTERS = 65, 13, 4
_MAC_DOMAIN = b"ehc.code.token.1"
_DIGEST_DOMAIN = b"ehc.code.used.1"
_SEPARATOR = b"\x1f"
# What keyboard-wedge scanners and copied texts put around a code.
_WRAPPING = " \t\r\n\v\f\0\x02\x03\x04\u3000\ufeff\u200b"
_MAX_RAW = MAX_CHARACTERS + 20

_CARD = re.compile(r"[0-9A-F]{64}")
_CITY_CARD = re.compile(r"[0-9A-Z]{24}")
_BLOCK = re.compile(r"[0-9A-F]{32}")
_TOKEN = re.compile(rf"[{_ALPHABET}]{{18}}")
_FOREIGN_TOKEN = re.compile(r"[0-9A-Z+/=_.\-]{0,40}")
_ISSUER = re.compile(r"[0-9A-Z]{0,20}")


@dataclass(frozen=True, slots=True)
class StaticCode:
    """An identifier: it says which card is meant, and nothing about who shows it."""

    card_id: str


@dataclass(frozen=True, slots=True)
class DynamicCode:
    """A code in the form of this centre; it is ours only after ``authenticate``."""

    card_id: str
    block: str
    token: str
    issuer: str

    @property
    def key_mark(self) -> int:
        """Which MAC key the code names: its version modulo 32."""
        return _ALPHABET.index(self.token[0])

    @property
    def text(self) -> str:
        """The one canonical text."""
        return f"{self.card_id}:{_DYNAMIC}:{self.block}:{self.token}:{self.issuer}"


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """A code that this centre did not make, or cannot know to have made.

    Attributes:
        issuer: EHCAPPID of the issuing centre; empty in the three-segment form.
        text: As it is passed on to who can verify it.
    """

    card_id: str
    code_type: str
    block: str
    issuer: str
    text: str


@dataclass(frozen=True, slots=True)
class CityCard:
    """A citizen card's code (市民卡)."""

    number: str


@dataclass(frozen=True, slots=True)
class TemporaryCode:
    """A temporary card's code (临时卡)."""

    number: str


Code = StaticCode | DynamicCode | ForeignCode | CityCard | TemporaryCode


def parse(text: str, *, own_issuer: str) -> Code:
    """What a scanned text is.

    Args:
        text: As the scanner sent it.
        own_issuer: EHCAPPID of this centre.

    Raises:
        CodeTooLong: If it is longer than a code can be.
        CodeMalformed: If it has no shape of a code.
    """
    cleaned = _clean(text)
    segments = cleaned.split(":")
    head = segments[0]
    if _CITY_CARD.fullmatch(head):
        return CityCard(head)
    if not _CARD.fullmatch(head) or len(segments) > 5:
        raise CodeMalformed
    if len(segments) == 1:
        return StaticCode(head)
    code_type, *rest = segments[1:]
    block, token, issuer = (*rest, "", "", "")[:3]
    if code_type == _TEMPORARY and len(segments) == 2:
        return TemporaryCode(head)
    if not _ISSUER.fullmatch(issuer):
        raise CodeMalformed
    if code_type == _STATIC and not block and not token:
        if issuer in {"", own_issuer}:
            return StaticCode(head)
        return ForeignCode(head, _STATIC, "", issuer, cleaned)
    if code_type != _DYNAMIC or not _BLOCK.fullmatch(block) or len(segments) not in {3, 5}:
        raise CodeMalformed
    if issuer == own_issuer and _TOKEN.fullmatch(token):
        return DynamicCode(head, block, token, issuer)
    if not _FOREIGN_TOKEN.fullmatch(token):
        raise CodeMalformed
    return ForeignCode(head, _DYNAMIC, block, issuer, cleaned)


def _clean(text: str) -> str:
    if len(text) > _MAX_RAW:
        raise CodeTooLong(field="code")
    if not text.isascii():
        # An input method in full-width mode turns a scanner's keystrokes into full-width ones.
        text = unicodedata.normalize("NFKC", text)
    text = text.strip(_WRAPPING)
    if len(text) > MAX_CHARACTERS:
        raise CodeTooLong(field="code")
    if not text.isascii():
        raise CodeMalformed(field="code")
    return text.upper()


def emit_static(card_id: str) -> str:
    """The static text of a card."""
    return f"{card_id}:{_STATIC}"


def emit_temporary(number: str) -> str:
    """The text of a temporary card."""
    return f"{number}:{_TEMPORARY}"


def emit_dynamic(
    *, card_id: str, block: str, nonce: int, issuer: str, key_version: int, mac_key: bytes
) -> str:
    """The dynamic text of a card for one window.

    The nonce has 20 bits, and is unique for the card and the second of the block.
    """
    nonce_text = _base32(nonce, _NONCE_CHARACTERS)
    mac = _mac(mac_key, card_id, block, nonce_text, issuer)
    token = _ALPHABET[key_version % KEY_MARKS] + nonce_text + _shown(mac)
    return DynamicCode(card_id, block, token, issuer).text


def authenticate(code: DynamicCode, mac_keys: Mapping[int, bytes]) -> bytes:
    """Prove that this centre made the code.

    Args:
        code: A code in our form.
        mac_keys: The usable MAC keys by key mark (version modulo 32).

    Returns:
        The digest under which the code's consumption is recorded: 32 bytes, keyed, one for
        each code however its text was typed.

    Raises:
        CodeForged: If the MAC is wrong or the key unknown.
    """
    key = mac_keys.get(code.key_mark)
    if key is None:
        raise CodeForged(field="code")
    mac = _mac(key, code.card_id, code.block, code.token[1:5], code.issuer)
    if not gmcrypto.same(_shown(mac).encode(), code.token[5:].encode()):
        raise CodeForged(field="code")
    # Hashed once more, so that the table of used codes cannot be turned back into codes.
    return gmcrypto.sm3(_DIGEST_DOMAIN + mac)


def _mac(key: bytes, card_id: str, block: str, nonce: str, issuer: str) -> bytes:
    parts = (card_id, _DYNAMIC, block, nonce, issuer)
    return gmcrypto.hmac_sm3(key, _SEPARATOR.join((_MAC_DOMAIN, *(part.encode() for part in parts))))


def _shown(mac: bytes) -> str:
    return _base32(int.from_bytes(mac) >> (len(mac) * 8 - _MAC_BITS), _MAC_CHARACTERS)


def _base32(number: int, size: int) -> str:
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(size - 1, -1, -1))
