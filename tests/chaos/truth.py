"""What the channels took and gave back, by their own books, and what the product says of the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.running import Running

Moved = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Books:
    """Amounts in fen by channel and by our number of the payment or the refund."""

    taken: Moved
    given_back: Moved

    def of(self, channel: str) -> "Books":
        """What moved at one channel."""
        own = (
            {key: fen for key, fen in moved.items() if key[0] == channel}
            for moved in (self.taken, self.given_back)
        )
        return Books(*own)


def at_the_channels(console: httpx.Client) -> Books:
    """What the sandbox's channels say."""
    taken: Moved = {}
    given: Moved = {}
    for order in _asked(console, "weixinpay/orders", "orders"):
        if "paid_at" in order:
            taken["weixinpay", order["number"]] = order["paid"]
        for refund in order["refunds"]:
            given["weixinpay", refund["number"]] = refund["amount"]
    for trade in _asked(console, "alipay/trades", "trades"):
        if trade["paid"]:
            taken["alipay", trade["out_trade_no"]] = trade["total"]
        for number, refund in trade["refunds"].items():
            given["alipay", number] = refund["fen"]
    for each in _asked(console, "unionpay/transactions", "transactions"):
        if each["result"] == "00":
            moved = taken if each["txn_type"] == "01" else given
            moved["unionpay", each["order_id"]] = each["fen"]
    return Books(taken, given)


def at_the_product(product: Running) -> Books:
    """What the product's rows say: captured, and paid back."""
    taken = product.ask(
        "SELECT provider, public_id, captured_fen FROM payments_attempt WHERE state = 'captured'"
        " AND channel_id IS NOT NULL"
    )
    given = product.ask(
        "SELECT refund.provider, refund.public_id, refund.amount_fen FROM payments_refund AS refund"
        " JOIN payments_attempt AS attempt ON attempt.id = refund.attempt_id"
        " WHERE refund.state = 'paid' AND attempt.channel_id IS NOT NULL"
    )
    return Books(_by_number(taken), _by_number(given))


def _by_number(rows: Iterable[tuple[Any, ...]]) -> Moved:
    return {(provider, number): fen for provider, number, fen in rows}


def _asked(console: httpx.Client, what: str, name: str) -> list[dict[str, Any]]:
    answer = console.get(f"/console/api/{what}")
    answer.raise_for_status()
    return list(answer.json()[name])
