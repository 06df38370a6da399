"""Making one dynamic code."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from cards.models import CardNumber
from cards.rules import codes, derivation
from foundation.core import redis
from gmcrypto import keystore
from gmcrypto.keyring import Purpose

log = structlog.get_logger(__name__)

NONCE_SECONDS = 1_800
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Minted:
    """A dynamic code and the beginning of its window.

    Attributes:
        digest: Under which its use will be recorded.
    """

    text: str = field(repr=False)
    at: datetime
    digest: bytes


def mint_dynamic(number: CardNumber, *, at: datetime) -> Minted:
    """Make a code whose window begins at the second of ``at``."""
    at = at.replace(microsecond=0)
    mac_key = keystore.active(Purpose.TOKEN_MAC)
    text = codes.emit_dynamic(
        card_id=number.value,
        block=derivation.validity_block(keystore.active(Purpose.VALIDITY).secret, at),
        nonce=_take_nonce(number, at),
        issuer=settings.EHCAPPID,
        key_version=mac_key.version,
        mac_key=mac_key.secret,
    )
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    if not isinstance(code, codes.DynamicCode):
        raise TypeError("EHCAPPID is not fit to stand in a code")
    mark = mac_key.version % codes.KEY_MARKS
    return Minted(text, at, codes.authenticate(code, {mark: mac_key.secret}))


def _take_nonce(number: CardNumber, at: datetime) -> int:
    """A nonce that no other code of this card and second has.

    Two equal codes would be one code: the second person to show it would be told that it was
    used. Without Valkey the nonce is only random, so that this happens once in a million.
    """
    nonce = secrets.randbits(codes.NONCE_BITS)
    try:
        for _ in range(_TRIES):
            name = redis.key("code-nonce", number.public_id, str(int(at.timestamp())), str(nonce))
            if redis.client().set(name, b"", nx=True, ex=NONCE_SECONDS):
                break
            nonce = secrets.randbits(codes.NONCE_BITS)
    except RedisError as exc:
        log.warning("code_nonce_not_reserved", error=type(exc).__name__)
    return nonce
