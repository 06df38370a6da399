"""What insurers say of each day, from the orders that they were asked for one by one: the fourth side."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce, TruncDate

from foundation.core import clock
from payments.providers.within import part_code
from payments.reconciliation.rules import bounds
from payments.rules import INSURED, InsuranceState, LegKind

_FIELDS = {LegKind.FUND: "stated_fund_fen", LegKind.ACCOUNT: "stated_account_fen"}


@dataclass(frozen=True, slots=True)
class InsuredDay:
    """What an insurer says of one of its ways on a day.

    Attributes:
        waiting: How many orders it has still to be asked for.
    """

    came_fen: int = 0
    went_fen: int = 0
    waiting: int = 0

    def __add__(self, other: "InsuredDay") -> "InsuredDay":
        return InsuredDay(
            self.came_fen + other.came_fen, self.went_fen + other.went_fen, self.waiting + other.waiting
        )


def insured_days(rows: Any, first: date, last: date) -> Mapping[tuple[date, int, str], InsuredDay]:
    """By day, institution and way of paying.

    Args:
        rows: The orders that the reader may see.
    """
    begins, ends = bounds(first)[0], bounds(last)[1]
    found: dict[tuple[date, int, str], InsuredDay] = defaultdict(InsuredDay)
    settled = rows.filter(settled_at__gte=begins, settled_at__lt=ends)
    for key, row in _grouped(settled, "settled_at", Q()):
        for code, fen in _ways(key[2], row):
            found[key[0], key[1], code] += InsuredDay(came_fen=fen, waiting=row["waiting"])
    returned = rows.filter(state=InsuranceState.RETURNED, ended_at__gte=begins, ended_at__lt=ends)
    for key, row in _grouped(returned, "ended_at", Q(stated_back=True)):
        for code, fen in _ways(key[2], row):
            found[key[0], key[1], code] += InsuredDay(went_fen=fen, waiting=row["waiting"])
    return found


def _grouped(rows: Any, moment: str, counts: Q) -> Any:
    waits = Q(compared_at=None) | Q(compared_at__lt=F(moment))
    sums = {kind.value: Coalesce(Sum(name, filter=counts or None), 0) for kind, name in _FIELDS.items()}
    grouped = (
        rows.annotate(day=TruncDate(moment, tzinfo=clock.BEIJING))
        .values("day", "bill__institution", "setup__insurer")
        .annotate(waiting=Count("pk", filter=waits), **sums)
        .order_by()
    )
    for row in grouped:
        yield (row["day"], row["bill__institution"], row["setup__insurer"]), row


def _ways(insurer: str, row: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(part_code(insurer, kind), row[kind.value]) for kind in INSURED]
