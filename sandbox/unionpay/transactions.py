"""UnionPay's transactions: each found by merchant, order number and time together."""

import secrets
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sandbox.outside import BEIJING
from sandbox.store import Store

TRANSACTIONS = "unionpay:transactions"
DONE, REVERSED, TAKEN = "00", "reversed", "05"
DAY_ENDS_HOUR = 23


@dataclass(frozen=True)
class Transaction:
    """One transaction. The amount is in fen, ``at`` in Unix seconds.

    Attributes:
        result: The code of its result; empty for a code that nobody has paid.
        asked: How many more queries find it open; then it is done.
        original, original_order: The payment that a refund is taken from.
    """

    mer_id: str
    order_id: str
    txn_time: str
    txn_type: str
    sub_type: str
    fen: int
    back_url: str
    ends: str = ""
    result: str = ""
    query_id: str = ""
    token: str = ""
    at: float = 0.0
    asked: int = -1
    original: str = ""
    original_order: str = ""
    given_back: int = 0

    @property
    def key(self) -> str:
        """Its place."""
        return f"{self.mer_id}:{self.order_id}:{self.txn_time}"

    @property
    def is_late(self) -> bool:
        """Whether the time to pay is over."""
        return bool(self.ends) and stamp(time.time()) > self.ends


async def find(state: Store, mer_id: str, order_id: str, txn_time: str) -> Transaction | None:
    """The transaction of a merchant with this number and time."""
    kept = await state.field(TRANSACTIONS, f"{mer_id}:{order_id}:{txn_time}")
    return Transaction(**kept) if kept is not None else None


async def everyone(state: Store) -> list[Transaction]:
    """All transactions, the newest first."""
    found = [Transaction(**each) for each in (await state.fields(TRANSACTIONS)).values()]
    return sorted(found, key=lambda each: each.txn_time, reverse=True)


async def by_query_id(state: Store, mer_id: str, query_id: str) -> Transaction | None:
    """A transaction by UnionPay's own number of it."""
    found = (each for each in await everyone(state) if each.mer_id == mer_id and each.query_id == query_id)
    return next(found, None) if query_id else None


async def by_token(state: Store, token: str) -> Transaction | None:
    """A transaction by the name in its code."""
    return next((each for each in await everyone(state) if each.token == token), None)


async def keep(state: Store, transaction: Transaction) -> Transaction:
    """Write a transaction."""
    await state.set_field(TRANSACTIONS, transaction.key, asdict(transaction))
    return transaction


def new_query_id() -> str:
    """A number as UnionPay gives: the time and seven figures."""
    return stamp(time.time()) + f"{secrets.randbelow(10**7):07d}"


def stamp(at: float) -> str:
    """A time as UnionPay writes it."""
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y%m%d%H%M%S")


def settle_day(at: float) -> str:
    """The day of UnionPay, which ends at 23:00, as ``MMDD``."""
    moment = datetime.fromtimestamp(at, BEIJING)
    if moment.hour >= DAY_ENDS_HOUR:
        moment += timedelta(days=1)
    return moment.strftime("%m%d")
