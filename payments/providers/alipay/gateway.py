"""One call of Alipay's gateway: signed, asked, checked, and its refusals told apart.

``code`` says how the gateway fared, ``sub_code`` what the business said:

    10000, 10003 (the payer is still paying)           an answer
    20000 isp.unknow-error, ACQ.SYSTEM_ERROR           ChannelUnsure where the call changes something
    40005 call limit                                   ChannelTemporary
    20001 40001 40006 isv.* ACQ.ACCESS_FORBIDDEN ...   ChannelMisconfigured
    40004 and a sub_code of the table below            as there; ChannelRefused for all others

An answer without a signature is believed in one thing only: that our own set-up is wrong, for Alipay
cannot know then who asks. What it says of money is not.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from foundation.core import clock, http
from foundation.core.breaker import CircuitBreaker
from payments.providers import rsa
from payments.providers.alipay.signing import CODE, Identity, identity_of, members, request_text
from payments.providers.base import Merchant
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
)

TIMEOUT_SECONDS = 10.0
PAYER_IS_PAYING = "10003"
DONE = frozenset({"10000", PAYER_IS_PAYING})
PATH = "/gateway.do"
_IN_BODY: tuple[str, ...] = ("biz_content", "notify_url")
_UNSURE = frozenset({"isp.unknow-error", "aop.unknow-error", "ACQ.SYSTEM_ERROR", "AOP.SYSTEM_ERROR"})
_BUSINESS: Mapping[str, type[ChannelError]] = {
    "ACQ.TRADE_NOT_EXIST": OrderUnknown,
    "ACQ.TRADE_HAS_SUCCESS": OrderPaid,
    "ACQ.CONTEXT_INCONSISTENT": OrderChanged,
    "ACQ.DISCORDANT_REPEAT_REQUEST": OrderChanged,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": BalanceTooLow,
    "ACQ.ACCESS_FORBIDDEN": ChannelMisconfigured,
    "ACQ.PARTNER_ERROR": ChannelMisconfigured,
    "ACQ.SELLER_NOT_EXIST": ChannelMisconfigured,
}
_CODES: Mapping[str, type[ChannelError]] = {
    "20001": ChannelMisconfigured,
    "40001": ChannelMisconfigured,
    "40005": ChannelTemporary,
    "40006": ChannelMisconfigured,
}


def call(
    merchant: Merchant,
    method: str,
    content: Mapping[str, Any],
    *,
    changes: bool,
    notify_url: str = "",
) -> dict[str, Any]:
    """Ask Alipay to do something, or where it stands.

    Args:
        changes: Whether it may move money or end an order: then no answer leaves it open.

    Raises:
        ChannelError: As in the table above.
    """
    identity = identity_of(merchant)
    parameters = signed(identity, method, content, notify_url=notify_url)
    body = {name: parameters.pop(name) for name in _IN_BODY if name in parameters}
    answer = _asked(merchant, parameters, body, changes=changes)
    return _checked(identity, method, answer, changes=changes)


def address(
    merchant: Merchant, method: str, content: Mapping[str, Any], *, notify_url: str, return_url: str
) -> str:
    """Where to send the payer's browser; nothing is asked of Alipay by us."""
    parameters = signed(identity_of(merchant), method, content, notify_url=notify_url, return_url=return_url)
    return f"{merchant.base_url.rstrip('/')}{PATH}?{urlencode(parameters)}"


def signed(identity: Identity, method: str, content: Mapping[str, Any], **urls: str) -> dict[str, str]:
    """The parameters of a request with their signature."""
    given = {
        "app_id": identity.app_id,
        "method": method,
        "charset": "utf-8",
        "format": "JSON",
        "sign_type": "RSA2",
        "timestamp": clock.beijing(clock.now()).strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
        **identity.parameters,
        **urls,
    }
    parameters = {name: value for name, value in given.items() if value}
    return parameters | {"sign": rsa.sign(identity.key, request_text(parameters).encode())}


def _asked(
    merchant: Merchant, parameters: Mapping[str, str], body: Mapping[str, str], *, changes: bool
) -> str:
    breaker = CircuitBreaker(CODE)
    if not breaker.allows():
        raise ChannelTemporary(CODE, "circuit_open")
    try:
        answer = _outbound(merchant.base_url).post(
            PATH,
            params=parameters,
            content=urlencode(body).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
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
    breaker.succeeded()
    try:
        return answer.body.decode()
    except UnicodeDecodeError as exc:
        raise unanswered("protocol_error", changes=changes) from exc


def _checked(identity: Identity, method: str, text: str, *, changes: bool) -> dict[str, Any]:
    try:
        parts = members(text)
        plain = parts.get(f"{method.replace('.', '_')}_response") or parts["error_response"]
        answer = json.loads(plain)
        sign, number = (json.loads(parts.get(name, '""')) for name in ("sign", "alipay_cert_sn"))
    except (ValueError, KeyError, RecursionError) as exc:
        raise unanswered("protocol_error", changes=changes) from exc
    if not isinstance(answer, dict) or not isinstance(sign, str) or not isinstance(number, str):
        raise unanswered("protocol_error", changes=changes)
    code, sub_code = str(answer.get("code", "")), str(answer.get("sub_code", ""))
    if not sign and sub_code.startswith("isv."):
        raise ChannelMisconfigured(CODE, sub_code, str(answer.get("sub_msg", "")))
    if not sign or not identity.believes(plain, sign, number):
        raise unanswered("signature_wrong", changes=changes)
    if code in DONE:
        return answer
    raise _refusal(code, sub_code, str(answer.get("sub_msg", "")), changes=changes)


def _refusal(code: str, sub_code: str, reason: str, *, changes: bool) -> ChannelError:
    if sub_code in _UNSURE or code == "20000":
        return unanswered(sub_code or code, changes=changes)
    if sub_code.startswith("isv."):
        return ChannelMisconfigured(CODE, sub_code, reason)
    kind = _BUSINESS.get(sub_code) or _CODES.get(code, ChannelRefused)
    return kind(CODE, sub_code or code, reason)


def unanswered(code: str, *, changes: bool) -> ChannelError:
    """What it means that nothing to be believed came back."""
    return (ChannelUnsure if changes else ChannelTemporary)(CODE, code)


@cache
def _outbound(base_url: str) -> http.Outbound:
    return http.Outbound(base_url, name=CODE, timeout=TIMEOUT_SECONDS)
