"""One call of UnionPay's gateway: signed, asked, checked, and its refusals told apart.

``respCode``, as UnionPay's appendix and several public clients have it:

    00, A6 (done with a flaw)              an answer
    03 04 05 (no answer, unsure, taken)    ChannelUnsure; ask where the order stands
    01 02 06                               failed for now: ChannelTemporary where nothing changes, else unsure
    11 31 32                               our keys or rights: ChannelMisconfigured
    12 (order number used)                 OrderRepeated
    34                                     OrderUnknown
    37                                     asked too often: ChannelTemporary
    98                                     no such file
    any other                              ChannelRefused

An answer is ``k=v`` joined with ``&`` and not URL-encoded; within braces and brackets an ``&`` is
part of the value.
"""

from collections.abc import Mapping
from functools import cache
from urllib.parse import urlencode

from foundation.core import http
from foundation.core.breaker import CircuitBreaker
from payments.providers.base import Merchant
from payments.providers.errors import (
    ChannelError,
    ChannelMisconfigured,
    ChannelRefused,
    ChannelTemporary,
    ChannelUnsure,
    OrderUnknown,
)
from payments.providers.unionpay.signing import CODE, identity_of, signed

TIMEOUT_SECONDS = 15.0
FILE_TIMEOUT_SECONDS = 60.0
MOST_FILE_BYTES = 50_000_000
TRANSACTIONS = "/gateway/api/backTransReq.do"
QUERIES = "/gateway/api/queryTrans.do"
DONE = frozenset({"00", "A6"})
OPEN = frozenset({"03", "04", "05"})
UNKNOWN = "34"
NO_FILE = "98"
_PASSING = frozenset({"01", "02", "06", "37"})
_KINDS: Mapping[str, type[ChannelError]] = {
    "11": ChannelMisconfigured,
    "31": ChannelMisconfigured,
    "32": ChannelMisconfigured,
    UNKNOWN: OrderUnknown,
}
_OPENING = {"{": "}", "[": "]"}


class OrderRepeated(ChannelRefused):
    """UnionPay has this order already, and says nothing more of it."""


def call(merchant: Merchant, path: str, fields: Mapping[str, str], *, changes: bool) -> dict[str, str]:
    """Ask the gateway.

    Args:
        changes: Whether it may move money: then no answer leaves it open.

    Raises:
        ChannelError: As in the table above.
    """
    return _asked(merchant, merchant.base_url, path, fields, changes=changes, is_file=False)


def file(merchant: Merchant, base_url: str, fields: Mapping[str, str]) -> dict[str, str]:
    """Ask for a file, which has an address of its own and may be long."""
    return _asked(merchant, base_url, "/", fields, changes=False, is_file=True)


def common(merchant: Merchant) -> dict[str, str]:
    """What every message has."""
    return {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "bizType": "000000",
        "accessType": "0",
        "merId": merchant.number,
    }


def _asked(
    merchant: Merchant,
    base_url: str,
    path: str,
    fields: Mapping[str, str],
    *,
    changes: bool,
    is_file: bool,
) -> dict[str, str]:
    identity = identity_of(merchant)
    asked = signed(identity, {**common(merchant), **fields})
    breaker = CircuitBreaker(CODE)
    if not breaker.allows():
        raise ChannelTemporary(CODE, "circuit_open")
    try:
        answer = _outbound(base_url, FILE_TIMEOUT_SECONDS if is_file else TIMEOUT_SECONDS).exchange(
            "POST",
            path,
            content=urlencode(asked).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
            most_bytes=MOST_FILE_BYTES if is_file else http.MAX_ANSWER_BYTES,
        )
    except http.OutsideUnreached as exc:
        breaker.failed()
        raise ChannelTemporary(CODE, "unreached") from exc
    except (http.OutsideTimeout, http.OutsideUnavailable) as exc:
        breaker.failed()
        raise unanswered("no_answer", changes=changes) from exc
    except http.OutsideError as exc:
        breaker.succeeded()
        raise unanswered("protocol_error", changes=changes) from exc
    if answer.status >= 500:
        breaker.failed()
        raise unanswered("no_answer", changes=changes)
    breaker.succeeded()
    try:
        told = parsed(answer.body.decode())
    except ValueError as exc:
        raise unanswered("protocol_error", changes=changes) from exc
    if not identity.believes(told) or told.get("merId") != merchant.number:
        raise unanswered("signature_wrong", changes=changes)
    return _checked(told, changes=changes)


def parsed(text: str) -> dict[str, str]:
    """The fields of an answer.

    Raises:
        ValueError: It is none, or has a field twice.
    """
    fields: dict[str, str] = {}
    parts: list[str] = []
    closing, start = "", 0
    for at, letter in enumerate(text):
        if closing:
            closing = "" if letter == closing else closing
        elif letter == "&":
            parts.append(text[start:at])
            start = at + 1
        else:
            closing = _OPENING.get(letter, "")
    for part in [*parts, text[start:]]:
        name, equals, value = part.partition("=")
        if not name or not equals or name in fields:
            raise ValueError("no field, or one that was there")
        fields[name] = value
    return fields


def _checked(told: dict[str, str], *, changes: bool) -> dict[str, str]:
    code = told.get("respCode", "")
    if code in DONE:
        return told
    if code in OPEN:
        raise unanswered(code, changes=changes)
    if code in _PASSING:
        raise ChannelTemporary(CODE, code) if not changes else ChannelUnsure(CODE, code)
    kind = OrderRepeated if code == "12" else _KINDS.get(code, ChannelRefused)
    raise kind(CODE, code or "protocol_error", told.get("respMsg", ""))


def unanswered(code: str, *, changes: bool) -> ChannelError:
    """What it means that nothing to be believed came back."""
    return (ChannelUnsure if changes else ChannelTemporary)(CODE, code)


@cache
def _outbound(base_url: str, timeout: float) -> http.Outbound:
    return http.Outbound(base_url, name=CODE, timeout=timeout)
