"""Orders of the mobile-payment centre and what becomes of them.

States, in the one public list of names: 0 已保存, 1 预结算完成, 2 待支付, 3 自费完成, 4 医保支付完成,
5 院内结算完成, 6 结算完成, 7 已退款, 8 已医保全部退款, 9 仅自费全部退款, 10 仅自费部分退款,
11 医保全部退款自费部分退款, 12 已撤销, 13 医保已撤销, 14 异常, 15 结算失败, 16 医保结算失败自费冲正失败.
"""

import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.insurance import people
from sandbox.insurance.rules import Division
from sandbox.outside import BEIJING
from sandbox.store import Store

ORDERS, NUMBERS, SETTINGS = "insurance:orders", "insurance:numbers", "insurance:settings"
HOLD_SECONDS = 1_800
OPEN, PAID = ("0", "1", "2"), ("4", "5", "6")
NAMES = {
    "0": "已保存",
    "1": "预结算完成",
    "2": "待支付",
    "3": "自费完成",
    "4": "医保支付完成",
    "5": "院内结算完成",
    "6": "结算完成",
    "7": "已退款",
    "8": "已医保全部退款",
    "9": "仅自费全部退款",
    "10": "仅自费部分退款",
    "11": "医保全部退款自费部分退款",
    "12": "已撤销",
    "13": "医保已撤销",
    "14": "异常",
    "15": "结算失败",
    "16": "医保结算失败自费冲正失败",
}


@dataclass(frozen=True)
class Order:
    """One order; amounts in fen, times in seconds."""

    order_id: str
    token: str
    app_id: str
    organisation: str
    number: str
    digest: str
    id_type: str
    id_number: str
    name: str
    scheme: str
    visit_id: str
    total: int
    first: int
    within: int
    state: str = "1"
    fund: int = 0
    account: int = 0
    own: int = 0
    is_divided: bool = False
    held_until: float = 0
    asked: int = 0
    settled_at: float = 0
    traced_at: str = ""
    reversal: str = ""
    back: dict[str, int] = field(default_factory=lambda: {"fund": 0, "account": 0, "own": 0})
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    permission: str = ""

    @property
    def division(self) -> Division:
        """Who pays what."""
        return Division(self.fund, self.account, self.own)


def fresh_id(kind: str) -> str:
    """A number of the centre's own."""
    stamp = datetime.fromtimestamp(time.time(), BEIJING).strftime("%Y%m%d%H%M%S")
    return f"{kind}{stamp}{secrets.randbelow(10**10):010d}"


async def keep(state: Store, order: Order) -> None:
    """Write an order down."""
    await state.set_field(ORDERS, order.order_id, asdict(order))


async def find(state: Store, order_id: str) -> Order | None:
    """An order as it stands now: one that was held too long has ended."""
    kept = await state.field(ORDERS, order_id)
    if kept is None:
        return None
    order = Order(**kept)
    if order.held_until and order.held_until < time.time() and order.state in {"2", "4"}:
        return await end(state, order)
    return order


async def end(state: Store, order: Order) -> Order:
    """Take an order back; what the insurance paid returns."""
    ended = replace(order, state="13" if order.state in PAID else "12", held_until=0)
    if order.state in PAID:
        person = await people.find(state, order.id_number, order.name)
        await people.settle(state, person, negative(order.division), -order.within)
    await keep(state, ended)
    return ended


async def everyone(state: Store) -> list[Order]:
    """All orders, the newest first."""
    found = [Order(**kept) for kept in (await state.fields(ORDERS)).values()]
    return sorted(found, key=lambda order: order.order_id, reverse=True)


async def hold_seconds(state: Store) -> int:
    """How long an order waits for the own share."""
    kept = await state.field(SETTINGS, "hold")
    return int(kept["seconds"]) if kept else HOLD_SECONDS


async def pay_own(state: Store, order: Order) -> Order:
    """The own share arrived, wherever it was paid."""
    moved = {"2": "3", "4": "6"}.get(order.state)
    if moved is None:
        return order
    changed = replace(order, state=moved, **_settled_now() if moved == "6" else {})
    await keep(state, changed)
    return changed


async def pay_insurance(state: Store, order: Order) -> Order:
    """Fund and account pay; the order is complete once nobody owes a part."""
    if order.state not in {"1", "2", "3"} or not order.is_divided:
        return order
    behaviour = (await people.find(state, order.id_number, order.name)).behaviour
    if behaviour in {people.Behaviour.FAILS, people.Behaviour.FAILS_LATE}:
        return await fail(state, order)
    is_whole = order.own == 0 or order.state == "3"
    person = await people.find(state, order.id_number, order.name)
    await people.settle(state, person, order.division, order.within)
    changed = replace(order, state="6" if is_whole else "4", **_settled_now())
    await keep(state, changed)
    return changed


async def fail(state: Store, order: Order) -> Order:
    """The insurance does not pay after all; somebody else gives the own share back."""
    if order.state not in {"1", "2", "3"}:
        return order
    changed = replace(order, state="16" if order.state == "3" else "15", held_until=0)
    await keep(state, changed)
    return changed


def negative(division: Division) -> Division:
    """What takes a division back."""
    return Division(-division.fund, -division.account, -division.own)


def _settled_now() -> dict[str, Any]:
    now = time.time()
    return {
        "settled_at": now,
        "traced_at": datetime.fromtimestamp(now, BEIJING).strftime("%Y%m%d%H%M%S"),
        "reversal": secrets.token_hex(16),
    }
