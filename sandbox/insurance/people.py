"""The insured: invented like everybody here, with balances, and names that stand for trouble."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from sandbox.insurance.rules import RULES, Division
from sandbox.store import Store

PEOPLE = "insurance:people"
BALANCE = 100_000


class Behaviour(StrEnum):
    """What the centre does for one person."""

    ABSENT = "absent"
    PAUSED = "paused"
    RESIDENT = "resident"
    EMPTY = "empty"
    RICH = "rich"
    LOST = "lost"
    DROPPED = "dropped"
    FAILS = "fails"
    FAILS_LATE = "fails_late"
    WAITS = "waits"
    STRANGE = "strange"
    REFUND_ODD = "refund_odd"
    REFUND_FAILS = "refund_fails"
    REFUND_LOST = "refund_lost"
    REFUND_DROPPED = "refund_dropped"


MAGIC_NAMES: Mapping[str, tuple[Behaviour, str]] = {
    "医测未参保": (Behaviour.ABSENT, "没有参保"),
    "医测停保": (Behaviour.PAUSED, "已暂停参保"),
    "医测居民": (Behaviour.RESIDENT, "只参加城乡居民医保（390），没有个人账户"),
    "医测无余额": (Behaviour.EMPTY, "个人账户没有余额"),
    "医测高额": (Behaviour.RICH, "个人账户有一百万元"),
    "医测已结无应答": (Behaviour.LOST, "结算成功，但不应答（挂起 30 秒）"),
    "医测未结无应答": (Behaviour.DROPPED, "没有结算，也不应答（挂起 30 秒）"),
    "医测结算失败": (Behaviour.FAILS, "结算失败（状态 15）"),
    "医测付后失败": (Behaviour.FAILS_LATE, "分割成功，付款时医保结算失败"),
    "医测等待": (Behaviour.WAITS, "结算中，第三次查询时完成"),
    "医测怪状态": (Behaviour.STRANGE, "查询返回未知状态 17"),
    "医测退款异常": (Behaviour.REFUND_ODD, "退费返回 EXP，实际已退"),
    "医测退款失败": (Behaviour.REFUND_FAILS, "退费返回 FAIL，没有退"),
    "医测已退无应答": (Behaviour.REFUND_LOST, "已退费，但不应答（挂起 30 秒）"),
    "医测未退无应答": (Behaviour.REFUND_DROPPED, "没有退费，也不应答（挂起 30 秒）"),
}


@dataclass(frozen=True)
class Insured:
    """Somebody's accounts with the insurance; amounts in fen, of this year."""

    id_number: str
    name: str
    balance: int
    spent: int = 0
    fund_paid: int = 0

    @property
    def number(self) -> str:
        """The insurance's number of the person."""
        digest = hashlib.sha256(self.id_number.encode()).hexdigest()
        return str(int(digest, 16))[:20].rjust(20, "0")

    @property
    def behaviour(self) -> Behaviour | None:
        """What the name stands for."""
        found = MAGIC_NAMES.get(self.name)
        return None if found is None else found[0]

    @property
    def schemes(self) -> tuple[str, ...]:
        """The insurance types that the person has."""
        if self.behaviour in {Behaviour.ABSENT, Behaviour.PAUSED}:
            return ()
        return ("390",) if self.behaviour is Behaviour.RESIDENT else tuple(RULES)


async def find(state: Store, id_number: str, name: str) -> Insured:
    """The person; whoever is asked for the first time is made up."""
    kept = await state.field(PEOPLE, id_number)
    if kept is not None:
        return replace(Insured(**kept), name=name)
    person = Insured(id_number, name, BALANCE)
    amounts = {Behaviour.EMPTY: 0, Behaviour.RICH: 100_000_000, Behaviour.RESIDENT: 0}
    if person.behaviour is None:
        return person
    return replace(person, balance=amounts.get(person.behaviour, BALANCE))


async def keep(state: Store, person: Insured) -> None:
    """Write a person's accounts down."""
    await state.set_field(PEOPLE, person.id_number, asdict(person))


async def settle(state: Store, person: Insured, division: Division, within: int) -> None:
    """Book a settlement; a negative division, with a negative `within`, takes it back."""
    await keep(
        state,
        replace(
            person,
            balance=person.balance - division.account,
            spent=max(0, person.spent + within),
            fund_paid=max(0, person.fund_paid + division.fund),
        ),
    )
