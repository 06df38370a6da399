"""Reading what WeChat Pay says of payments and refunds, in answers and in notices alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from payments.providers.base import Merchant, Payment, Refunded, RefundSaid, Said
from payments.providers.errors import ChannelError
from payments.providers.weixinpay.keys import CODE, appids_of

_PAYMENTS: Mapping[str, Said] = {
    "SUCCESS": Said.PAID,
    # Some or all of it went back; it was paid all the same.
    "REFUND": Said.PAID,
    "NOTPAY": Said.WAITING,
    "USERPAYING": Said.WAITING,
    "ACCEPT": Said.WAITING,
    "CLOSED": Said.CLOSED,
    "REVOKED": Said.CLOSED,
    "PAYERROR": Said.FAILED,
}
_REFUNDS: Mapping[str, RefundSaid] = {
    "SUCCESS": RefundSaid.DONE,
    "PROCESSING": RefundSaid.PROCESSING,
    "ABNORMAL": RefundSaid.ABNORMAL,
    "CLOSED": RefundSaid.CLOSED,
}


class NotSaid(Exception):
    """A member is missing or of the wrong kind, or it is about another merchant; the text says which."""


@contextmanager
def understood(otherwise: type[ChannelError]) -> Iterator[None]:
    """Make an answer that does not say what it should an error of this kind."""
    try:
        yield
    except NotSaid as exc:
        raise otherwise(CODE, f"answer_{exc}") from exc


def payment(merchant: Merchant, said: Mapping[str, Any]) -> Payment:
    """A payment, for this merchant and one of its applications.

    Raises:
        NotSaid: It is not.
    """
    if text(said, "mchid") != merchant.number:
        raise NotSaid("mchid")
    if text(said, "appid") not in appids_of(merchant):
        raise NotSaid("appid")
    state = _PAYMENTS.get(text(said, "trade_state"))
    if state is None:
        raise NotSaid("trade_state")
    if state is not Said.PAID:
        return Payment(number=text(said, "out_trade_no"), state=state, reason=said["trade_state"])
    return Payment(
        number=text(said, "out_trade_no"),
        state=state,
        amount_fen=fen(amount(said), "total"),
        channel_ref=text(said, "transaction_id"),
        paid_at=moment(said, "success_time"),
    )


def refund(said: Mapping[str, Any], *, state: str = "status") -> Refunded:
    """A refund; notices name its state otherwise than answers.

    Raises:
        NotSaid: It is none.
    """
    found = _REFUNDS.get(text(said, state))
    if found is None:
        raise NotSaid(state)
    return Refunded(
        number=text(said, "out_refund_no"),
        state=found,
        amount_fen=fen(amount(said), "refund"),
        channel_ref=text(said, "refund_id"),
        ended_at=moment(said, "success_time") if found is RefundSaid.DONE else None,
        reason="" if found is RefundSaid.DONE else said[state],
    )


def amount(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The amounts, in yuan of the mainland."""
    found = said.get("amount")
    if not isinstance(found, dict) or found.get("currency", "CNY") != "CNY":
        raise NotSaid("amount")
    return found


def text(said: Mapping[str, Any], name: str) -> str:
    """A text with something in it."""
    found = said.get(name)
    if not isinstance(found, str) or not found:
        raise NotSaid(name)
    return found


def fen(said: Mapping[str, Any], name: str) -> int:
    """A whole number that is not below zero."""
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise NotSaid(name)
    return found


def moment(said: Mapping[str, Any], name: str) -> datetime:
    """A time that says its zone."""
    try:
        found = parse_datetime(text(said, name))
    except ValueError as exc:
        raise NotSaid(name) from exc
    if found is None or found.tzinfo is None:
        raise NotSaid(name)
    return found
