"""What the core keeps of visits at desks: registrations, fees, settlements."""

import time
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.insurance import orders, people
from sandbox.insurance.rules import Division
from sandbox.outside import BEIJING
from sandbox.store import Store

VISITS, SETTLEMENTS, MESSAGES, NUMBERS = (
    f"insurance:{name}" for name in ("visits", "settlements", "messages", "person_numbers")
)


@dataclass(frozen=True)
class Visit:
    """A registration, and the fees handed in for it by batch and number; amounts in fen."""

    visit_id: str
    organisation: str
    person: str
    scheme: str
    number: str
    fees: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Settled:
    """A settlement at a desk; amounts in fen, times in seconds."""

    settlement_id: str
    visit_id: str
    organisation: str
    id_number: str
    name: str
    scheme: str
    fund: int
    account: int
    own: int
    within: int
    at: float
    is_undone: bool = False

    @property
    def division(self) -> Division:
        """Who paid what."""
        return Division(self.fund, self.account, self.own)


async def visit(state: Store, visit_id: str) -> Visit | None:
    """A registration."""
    kept = await state.field(VISITS, visit_id)
    return None if kept is None else Visit(**kept)


async def keep_visit(state: Store, kept: Visit) -> None:
    """Write a registration down."""
    await state.set_field(VISITS, kept.visit_id, asdict(kept))


async def settled(state: Store, settlement_id: str) -> Settled | None:
    """A settlement."""
    kept = await state.field(SETTLEMENTS, settlement_id)
    return None if kept is None else Settled(**kept)


async def settle(state: Store, at: Visit, person: people.Insured, division: Division, within: int) -> Settled:
    """Book a settlement."""
    made = Settled(
        settlement_id=orders.fresh_id("SET"),
        visit_id=at.visit_id,
        organisation=at.organisation,
        id_number=person.id_number,
        name=person.name,
        scheme=at.scheme,
        fund=division.fund,
        account=division.account,
        own=division.own,
        within=within,
        at=time.time(),
    )
    await people.settle(state, person, division, within)
    await state.set_field(SETTLEMENTS, made.settlement_id, asdict(made))
    return made


async def set_undone(state: Store, made: Settled, is_undone: bool) -> None:
    """Take a settlement back, or take that back again."""
    if made.is_undone == is_undone:
        return
    person = await people.find(state, made.id_number, made.name)
    division = orders.negative(made.division) if is_undone else made.division
    await people.settle(state, person, division, -made.within if is_undone else made.within)
    changed = asdict(replace(made, is_undone=is_undone))
    await state.set_field(SETTLEMENTS, made.settlement_id, changed)


async def sums(state: Store, organisation: str, scheme: str, first: str, last: str) -> dict[str, int]:
    """What an institution settled and did not undo from day to day, at desks and on phones."""
    made: list[tuple[int, int, int]] = [
        (each.division.total, each.fund, each.account)
        for each in (Settled(**kept) for kept in (await state.fields(SETTLEMENTS)).values())
        if (each.organisation, each.scheme, each.is_undone) == (organisation, scheme, False)
        and first <= _day(each.at) <= last
    ]
    made += [
        (order.total, order.fund, order.account)
        for order in await orders.everyone(state)
        if (order.organisation, order.scheme) == (organisation, scheme)
        and order.state in {*orders.PAID, "9", "10"}
        and first <= _day(order.settled_at) <= last
    ]
    return {
        "count": len(made),
        "total": sum(total for total, _, _ in made),
        "fund": sum(fund for _, fund, _ in made),
        "account": sum(account for _, _, account in made),
    }


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, BEIJING).strftime("%Y-%m-%d")


def catalogue(code: str, amount: int) -> dict[str, Any]:
    """How an item stands in the catalogue; invented: by the first letter of its code."""
    level = {"X": ("03", 100), "B": ("02", 10)}.get(code[:1], ("01", 0))
    outside = amount if level[1] == 100 else 0
    first = 0 if level[1] == 100 else amount * level[1] // 100
    return {"level": level[0], "outside": outside, "first": first, "within": amount - outside - first}
