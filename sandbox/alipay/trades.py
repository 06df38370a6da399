"""Alipay's trades: what becomes of an order that somebody pays, or does not."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.outside import BEIJING
from sandbox.store import Store

TRADES = "alipay:trades"
WAITING, PAID, FINISHED, CLOSED = "WAIT_BUYER_PAY", "TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_CLOSED"


@dataclass(frozen=True)
class Trade:
    """One order. Amounts are in fen, times in Unix seconds.

    Attributes:
        status: Empty as long as nobody has scanned the code or opened the link.
        token: Names the trade in the addresses of codes and of the cashier.
        agreeing: How many more queries find a scanned payer still typing; then it is paid.
        refunds: By the merchant's numbers of them.
    """

    app_id: str
    out_trade_no: str
    total: int
    subject: str
    notify_url: str
    expires: float
    return_url: str = ""
    status: str = ""
    trade_no: str = ""
    token: str = ""
    buyer: str = ""
    created: float = 0.0
    paid: float = 0.0
    agreeing: int = -1
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        """All that was given back."""
        return sum(each["fen"] for each in self.refunds.values())

    @property
    def is_paid(self) -> bool:
        """Whether money came, whatever went back since."""
        return self.paid > 0


def opened(trade: Trade, buyer: str = "") -> Trade:
    """The trade once the payer has it before them."""
    if trade.status:
        return replace(trade, buyer=buyer or trade.buyer)
    number = moment(time.time())[:10].replace("-", "") + "22001" + f"{secrets.randbelow(10**15):015d}"
    return replace(trade, status=WAITING, trade_no=number, created=time.time(), buyer=buyer)


def aged(trade: Trade) -> Trade:
    """The trade with what time has done to it."""
    if trade.status == WAITING and time.time() > trade.expires:
        return replace(trade, status=CLOSED)
    return trade


def paid(trade: Trade, buyer: str, at: float = 0.0) -> Trade:
    """The trade once it is paid."""
    return replace(opened(trade, buyer), status=PAID, paid=at or time.time(), agreeing=-1)


def refunded(trade: Trade, number: str, fen: int) -> Trade:
    """The trade with one more refund; closed once all is given back."""
    refunds = trade.refunds | {number: {"fen": fen, "at": time.time()}}
    full = sum(each["fen"] for each in refunds.values()) >= trade.total
    return replace(trade, refunds=refunds, status=CLOSED if full else trade.status)


async def find(state: Store, app_id: str, out_trade_no: str) -> Trade | None:
    """A trade by the merchant's number, also one that nobody has opened."""
    kept = await state.field(TRADES, f"{app_id}:{out_trade_no}")
    return aged(Trade(**kept)) if kept is not None else None


async def by_token(state: Store, token: str) -> Trade | None:
    """A trade by the name in its code, or by Alipay's number of it."""
    for each in await everyone(state):
        if token and token in {each.token, each.trade_no}:
            return each
    return None


async def everyone(state: Store) -> list[Trade]:
    """All trades, the newest first."""
    found = [aged(Trade(**each)) for each in (await state.fields(TRADES)).values()]
    return sorted(found, key=lambda each: -each.created)


async def keep(state: Store, trade: Trade) -> Trade:
    """Write a trade, with a token of its own."""
    kept = trade if trade.token else replace(trade, token=secrets.token_hex(12))
    await state.set_field(TRADES, f"{kept.app_id}:{kept.out_trade_no}", asdict(kept))
    return kept


@asynccontextmanager
async def held(state: Store, app_id: str, out_trade_no: str) -> AsyncIterator[Trade | None]:
    """A trade that nobody else changes meanwhile."""
    async with state.lock(f"alipay:{app_id}:{out_trade_no}"):
        yield await find(state, app_id, out_trade_no)


def yuan(fen: int) -> str:
    """An amount as Alipay writes it."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def moment(at: float) -> str:
    """A time as Alipay writes it."""
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
