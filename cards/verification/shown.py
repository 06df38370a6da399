"""What was shown: reading a code as far as that is possible without the database."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings

from cards.centre import Rules
from cards.errors import (
    CityCardNotAccepted,
    CodeExpired,
    CodeForeign,
    CodeForged,
    CodeNotYetValid,
)
from cards.rules import codes, derivation
from cards.rules.policy import CodeKind
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import ratelimit
from foundation.gateway.caller import Caller, actor_of_caller
from gmcrypto import keystore
from gmcrypto.keyring import Key, Purpose

# A retired key still proves codes that were made before it was retired, and no others: longer
# than any code lives, much shorter than it takes to misuse an old key.
RETIRED_KEYS_SERVE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Shown:
    """A code of ours.

    Attributes:
        digest: Under which a dynamic code is consumed; None for a static one.
        code_time: Beginning of a dynamic code's window.
    """

    kind: CodeKind
    card_id: str = field(repr=False)
    text: str = field(repr=False)
    digest: bytes | None = None
    code_time: datetime | None = None


def read(text: str, *, caller: Caller, rules: Rules, moment: datetime) -> Shown:
    """Read a code and prove that a dynamic one is authentic; nothing is said of its time.

    Raises:
        CodeTooLong, CodeMalformed: It is no code.
        CodeForged: It names us and we did not make it. Counted per caller.
        TooManyRequests: After too many of those.
        CodeForeign, CityCardNotAccepted: It is another issuer's.
    """
    code = codes.parse(text, own_issuer=settings.EHCAPPID)
    if isinstance(code, codes.DynamicCode):
        try:
            digest = codes.authenticate(code, _mac_keys(moment))
            code_time = _block_time(_validity_keys(moment), code.block)
        except (CodeForged, ValueError):
            count_forged(caller, rules)
            raise CodeForged(field="code") from None
        return Shown(CodeKind.DYNAMIC, code.card_id, code.text, digest, code_time)
    if isinstance(code, codes.StaticCode):
        return Shown(CodeKind.STATIC, code.card_id, codes.emit_static(code.card_id))
    if isinstance(code, codes.CityCard):
        raise CityCardNotAccepted(field="code")
    if isinstance(code, codes.TemporaryCode):
        return Shown(CodeKind.TEMPORARY, code.number, codes.emit_temporary(code.number))
    if code.issuer == settings.EHCAPPID:
        # Our own codes always carry a token; one without is a forgery, not a stranger.
        count_forged(caller, rules)
        raise CodeForged(field="code")
    raise CodeForeign(field="code")


def require_fresh(code_time: datetime, *, rules: Rules, moment: datetime) -> None:
    """Refuse a dynamic code outside its own window.

    Raises:
        CodeNotYetValid: Before the window, less the allowed error of clocks.
        CodeExpired: After the window, plus that error.
    """
    skew = timedelta(seconds=rules.skew_seconds)
    if moment < code_time - skew:
        raise CodeNotYetValid(field="code")
    if moment >= code_time + timedelta(seconds=rules.lifetime_seconds) + skew:
        raise CodeExpired(field="code")


def count_forged(caller: Caller, rules: Rules) -> None:
    """Count a forged code against the caller that sent it, and put it on record.

    Raises:
        TooManyRequests: After too many in a minute.
    """
    ratelimit.hit(f"forged:{caller.public_id}", limit=rules.forged_per_minute, per_seconds=60)
    audit.record(
        Action.CODE_REFUSED,
        actor=actor_of_caller(caller),
        subject=("gateway.ApiClient", caller.public_id),
        details={"outcome": CodeForged.code},
    )


def _mac_keys(moment: datetime) -> dict[int, bytes]:
    keys = _usable(Purpose.TOKEN_MAC, moment)
    # Oldest first, so that the newest wins where two versions share a mark.
    return {key.version % codes.KEY_MARKS: key.secret for key in reversed(keys)}


def _validity_keys(moment: datetime) -> tuple[bytes, ...]:
    return tuple(key.secret for key in _usable(Purpose.VALIDITY, moment))


def _usable(purpose: Purpose, moment: datetime) -> list[Key]:
    return [
        key
        for key in keystore.all_usable(purpose)
        if key.retired_at is None or moment - key.retired_at < RETIRED_KEYS_SERVE
    ]


@lru_cache(maxsize=2_048)
def _block_time(keys: tuple[bytes, ...], block: str) -> datetime:
    # All codes of one second share their block, so nearly every look-up is a hit.
    for key in keys:
        try:
            return derivation.read_validity_block(key, block)
        except ValueError:
            continue
    raise ValueError("no key of ours made this block")
