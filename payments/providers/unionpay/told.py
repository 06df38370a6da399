"""What UnionPay tells of a transaction, in answers and notices alike: fen, and times in Beijing.

``traceTime`` has no year: it is the first such moment that is not long before the order.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from foundation.core.clock import BEIJING
from payments.providers.base import Payment, Refunded, RefundSaid, Said
from payments.providers.errors import ChannelTemporary
from payments.providers.unionpay.signing import CODE

CURRENCY = "156"
_TIME = "%Y%m%d%H%M%S"


def written(at: datetime) -> str:
    """A moment as UnionPay reads it."""
    return at.astimezone(BEIJING).strftime(_TIME)


def moment(text: str) -> datetime | None:
    """A moment as UnionPay writes it with a year, if it is one."""
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=BEIJING)
    except ValueError:
        return None


def traced(text: str, after: datetime) -> datetime | None:
    """The moment of ``MMDDhhmmss`` that belongs to an order of that time."""
    year = after.astimezone(BEIJING).year
    for each in (year, year + 1):
        found = moment(f"{each}{text}")
        if found is not None and found >= after - timedelta(days=1):
            return found
    return None


def payment_of(told: Mapping[str, str], number: str, asked_at: datetime) -> Payment:
    """A payment that is done.

    Raises:
        ChannelTemporary: It cannot be read, or is not in yuan.
    """
    return Payment(
        number, Said.PAID, _amount(told), _reference(told), traced(told.get("traceTime", ""), asked_at)
    )


def refunded_of(told: Mapping[str, str], number: str, asked_at: datetime) -> Refunded:
    """A refund that is done.

    Raises:
        ChannelTemporary: As above.
    """
    ended_at = traced(told.get("traceTime", ""), asked_at)
    return Refunded(number, RefundSaid.DONE, _amount(told), _reference(told), ended_at)


def _amount(told: Mapping[str, str]) -> int:
    text = told.get("txnAmt", "")
    if not (text.isascii() and text.isdigit()) or told.get("currencyCode", CURRENCY) != CURRENCY:
        raise ChannelTemporary(CODE, "protocol_error")
    return int(text)


def _reference(told: Mapping[str, str]) -> str:
    if not told.get("queryId"):
        raise ChannelTemporary(CODE, "protocol_error")
    return told["queryId"]
