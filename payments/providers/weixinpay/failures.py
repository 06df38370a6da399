"""What WeChat Pay's refusals mean for us.

It names a refusal twice: by a word in the body, and by a number after the last hyphen of ``Request-Id``,
which tells more. The number is looked at first, then the word, then the status:

    268498688 / OUT_TRADE_NO_USED                  our number stands for another order    OrderChanged
    268449538 268498689 / ORDERPAID ORDER_PAID     it is paid                             OrderPaid
    268512771 268529515 / ORDER_NOT_EXIST ...      no such order or refund                OrderUnknown
    NOT_ENOUGH                                     our account does not cover the refund  BalanceTooLow
    268447840 / FREQUENCY_LIMITED RATELIMIT_...    later; nothing was done                ChannelTemporary
    268443699 268445527 268443715 268448010 /
    SIGN_ERROR NO_AUTH NOAUTH MCH_NOT_EXISTS ...   our keys, number or rights             ChannelMisconfigured
    SYSTEM_ERROR BANK_ERROR, any other 5xx,
    an answer that WeChat Pay did not write        done or not: unknown                   ChannelUnsure
    any other                                      refused                                ChannelRefused

What only asks, and does nothing, is never unsure: it is asked again.
"""

import json
from collections.abc import Mapping
from typing import Any

from foundation.core import http
from payments.providers.errors import (
    BalanceTooLow,
    ChannelError,
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    OrderChanged,
    OrderPaid,
    OrderUnknown,
    StatementEmpty,
    StatementNotReady,
)
from payments.providers.weixinpay.keys import CODE

_BY_NUMBER: Mapping[str, type[ChannelError]] = {
    "268498688": OrderChanged,
    "268449538": OrderPaid,
    "268498689": OrderPaid,
    "268512771": OrderUnknown,
    "268529515": OrderUnknown,
    "268512536": OrderChanged,
    "268447840": ChannelTemporary,
    **dict.fromkeys(("268443699", "268445527", "268443715", "268448010", "268447843"), ChannelMisconfigured),
}
_BY_WORD: Mapping[str, type[ChannelError]] = {
    "OUT_TRADE_NO_USED": OrderChanged,
    "ALREADY_EXISTS": OrderChanged,
    **dict.fromkeys(("ORDERPAID", "ORDER_PAID"), OrderPaid),
    **dict.fromkeys(
        ("ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "REFUNDNOTEXIST", "NOT_FOUND"),
        OrderUnknown,
    ),
    **dict.fromkeys(("NOT_ENOUGH", "NOTENOUGH"), BalanceTooLow),
    **dict.fromkeys(("FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"), ChannelTemporary),
    **dict.fromkeys(
        ("SIGN_ERROR", "NO_AUTH", "NOAUTH", "MCH_NOT_EXISTS", "APPID_MCHID_NOT_MATCH", "REQUEST_BLOCKED"),
        ChannelMisconfigured,
    ),
    **dict.fromkeys(("SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR"), ChannelUnsure),
    **dict.fromkeys(("NO_BILL_EXIST", "NO_STATEMENT_EXIST"), StatementEmpty),
    **dict.fromkeys(("BILL_CREATING", "STATEMENT_CREATING"), StatementNotReady),
}


def of_answer(answer: http.Answer, *, acts: bool) -> ChannelError:
    """The error that a refusal is.

    Args:
        acts: Whether the call was to do something.
    """
    word, number = _word(answer), _number(answer)
    found = _BY_NUMBER.get(number) or _BY_WORD.get(word)
    if found is None:
        # Without a word of its own the answer is a proxy's or a firewall's, who may stand before or behind.
        found = ChannelRefused if word and answer.status < 500 else ChannelUnsure
    if found is ChannelUnsure and not acts:
        found = ChannelTemporary
    return found(CODE, word or f"status_{answer.status}", number)


def of_loss(error: http.OutsideError, *, acts: bool) -> ChannelError:
    """The error that a missing answer is."""
    if isinstance(error, http.OutsideUnreached) or not acts:
        return ChannelTemporary(CODE, "unreached")
    return ChannelUnsure(CODE, "no_answer")


def json_of(body: bytes) -> dict[str, Any]:
    """A JSON object in which no name stands twice.

    Raises:
        ValueError: It is something else.
    """
    try:
        parsed = json.loads(body, object_pairs_hook=_each_once)
    except RecursionError as exc:
        raise ValueError("too deep") from exc
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _word(answer: http.Answer) -> str:
    said = (answer.json_object() or {}).get("code")
    return said[:64] if isinstance(said, str) else ""


def _number(answer: http.Answer) -> str:
    last = answer.headers.get("request-id", "").rpartition("-")[2]
    return last if last.isascii() and last.isdigit() and len(last) <= 12 else ""
