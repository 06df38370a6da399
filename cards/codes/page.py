"""The codes that the holder's page shows."""

from datetime import datetime
from typing import Any

import structlog
from redis.exceptions import RedisError

from cards.centre import Rules, rules_in_force
from cards.codes import image
from cards.codes.mint import mint_dynamic
from cards.codes.windows import windows
from cards.errors import StaticSwitchedOff
from cards.models import Card, CardNumber
from cards.rules.life import REFUSALS
from cards.states import NumberState
from foundation.core import clock, ratelimit

log = structlog.get_logger(__name__)


def payload(card: Card) -> dict[str, Any]:
    """The code for now, those of the coming windows, and the static one if it is allowed.

    Returns:
        ``{"server_time": ms, "refresh_seconds": n, "codes": [{"text", "svg", "valid_from",
        "valid_until"}], "static": {"text", "svg"} or None}``; times in milliseconds.

    Raises:
        CardFrozen, CardLost, CardCancelled: The card shows no code.
        TooManyRequests: The page asks too often.
    """
    rules = rules_in_force()
    number = showable_number(card)
    _count(card, rules)
    moment = clock.now()
    shown = []
    for window in windows(moment, rules):
        text = mint_dynamic(number, at=window.begins).text
        shown.append(
            {
                "text": text,
                "svg": image.svg(text),
                "valid_from": _milliseconds(window.begins),
                "valid_until": _milliseconds(window.ends),
            }
        )
    return {
        "server_time": _milliseconds(moment),
        "refresh_seconds": rules.refresh_seconds,
        "codes": shown,
        "static": _static(card, number, rules),
    }


def static_payload(card: Card) -> dict[str, Any]:
    """As ``payload``, with the static code alone.

    Raises:
        StaticSwitchedOff: The holder or the centre does not allow it.
    """
    rules = rules_in_force()
    static = _static(card, showable_number(card), rules)
    if static is None:
        raise StaticSwitchedOff
    return {
        "server_time": _milliseconds(clock.now()),
        "refresh_seconds": rules.refresh_seconds,
        "codes": [],
        "static": static,
    }


def showable_number(card: Card) -> CardNumber:
    """The number under which an active card shows codes.

    Raises:
        CardFrozen, CardLost, CardCancelled: The card shows no code.
    """
    refusal = REFUSALS.get(card.state)
    if refusal is not None:
        raise refusal
    return CardNumber.objects.get(card=card, state=NumberState.CURRENT)


def _static(card: Card, number: CardNumber, rules: Rules) -> dict[str, str] | None:
    if not (card.static_enabled and rules.static_allowed):
        return None
    text = number.fixed_text
    return {"text": text, "svg": image.svg(text)}


def _count(card: Card, rules: Rules) -> None:
    try:
        ratelimit.hit(f"codes:{card.public_id}", limit=rules.page_codes_per_minute, per_seconds=60)
    except RedisError as exc:
        # Somebody stands at a window with this page: better an uncounted code than none.
        log.warning("codes_not_counted", error=type(exc).__name__)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
