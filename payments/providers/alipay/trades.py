"""What Alipay tells of a trade, in answers and notices alike."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from payments.providers.alipay import amounts
from payments.providers.alipay.signing import CODE
from payments.providers.base import Payment, Said
from payments.providers.errors import ChannelTemporary, ChannelUnsure

_PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})


def payment_of(told: Mapping[str, Any], number: str, *, paid_at: str) -> Payment:
    """A trade as an answer or a notice tells it.

    Args:
        paid_at: The name of the time of paying, which only paid trades have.

    Raises:
        ChannelTemporary: It cannot be read.
    """
    state, paid = told.get("trade_status"), moment(told, paid_at)
    if state == "WAIT_BUYER_PAY":
        return Payment(number, Said.WAITING)
    if state == "TRADE_CLOSED" and paid is None:
        return Payment(number, Said.CLOSED)
    if state not in _PAID | {"TRADE_CLOSED"}:
        raise ChannelTemporary(CODE, "state_unknown")
    try:
        amount = amounts.fen(told.get("total_amount"))
    except ValueError as exc:
        raise ChannelTemporary(CODE, "protocol_error") from exc
    return Payment(number, Said.PAID, amount, text_of(told, "trade_no"), paid)


def text_of(told: Mapping[str, Any], name: str) -> str:
    """A text that must be there.

    Raises:
        ChannelUnsure: It is not.
    """
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise ChannelUnsure(CODE, "protocol_error")
    return value


def require_same(told: Mapping[str, Any], name: str, ours: str) -> None:
    """Refuse an answer about another order, which is none to this.

    Raises:
        ChannelUnsure: It is about another.
    """
    if told.get(name) != ours:
        raise ChannelUnsure(CODE, "other_order")


def moment(told: Mapping[str, Any], name: str) -> datetime | None:
    """A time, where there is one."""
    try:
        return amounts.moment(told.get(name))
    except ValueError:
        return None
