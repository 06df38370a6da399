"""What each institution is owed by each way of paying, day by day, and the statements of it.

Sums come from the ledger; fees, and what a channel says itself, from its statements. The four levels
of a day are added up from different rows, so that a fault in one of them shows.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce, TruncDate

from foundation.core import clock
from foundation.core.actor import Actor
from institutions import selectors as institutions
from payments.models import (
    Difference,
    InsuranceOrder,
    LedgerEntry,
    PaymentAttempt,
    Refund,
    StatementFile,
    Suspense,
)
from payments.providers import is_by_hand, label_of, online_providers
from payments.providers.prepaid import PREPAID
from payments.providers.within import REDUCTION
from payments.reconciliation.rules import CLOSED, LIVE, FileState, Party, bounds
from payments.rules import Account, App, AttemptState, Movement, RefundState
from payments.selectors.insured_days import InsuredDay, insured_days

# Movements by which money comes and goes; of the others nobody outside hears.
MONEY = (Movement.CAPTURE, Movement.REFUND_PAID, Movement.FOUND, Movement.RETURNED)
# Ways of paying by which nothing comes from outside: a balance was paid in before, and counted then; what a
# hospital takes off is never paid.
WITHOUT_MONEY = (PREPAID, REDUCTION)
MOST_DAYS = 93


@dataclass(frozen=True, slots=True)
class Sums:
    """What came and went, in fen."""

    came: int = 0
    came_fen: int = 0
    went: int = 0
    went_fen: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.came + other.came,
            self.came_fen + other.came_fen,
            self.went + other.went,
            self.went_fen + other.went_fen,
        )

    @property
    def net_fen(self) -> int:
        """What stays."""
        return self.came_fen - self.went_fen

    def is_as(self, other: "Sums") -> bool:
        """Whether the same came and went; statements do not count alike."""
        return (self.came_fen, self.went_fen) == (other.came_fen, other.went_fen)


@dataclass(frozen=True, slots=True)
class Cleared:
    """One way of paying on one day at one institution.

    Attributes:
        institution: Its short name.
        stated: What the channel or the insurer says itself; None before it has.
        fee_fen: What it keeps, by its statement.
        file_state: Where its statement, or asking an insurer, stands; empty where nobody states anything.
        differences: How many are not decided.
    """

    day: date
    institution_pk: int
    institution: str
    provider: str
    channel_pk: int | None
    sums: Sums
    stated: Sums | None = None
    fee_fen: int = 0
    file_state: str = ""
    differences: int = 0

    @property
    def label(self) -> str:
        """The way of paying, as people read it."""
        return label_of(self.provider)

    @property
    def is_owed(self) -> bool:
        """Whether somebody else holds the money: what windows and tills take is with the institution."""
        return self.channel_pk is not None or bool(self.file_state)

    @property
    def owed_fen(self) -> int:
        """What the channel or the insurer owes the institution for the day."""
        return self.sums.net_fen - self.fee_fen if self.is_owed else 0


@dataclass(frozen=True, slots=True)
class Levels:
    """The four levels of a day: everything, by application, by channel, and the details."""

    total: Sums
    applications: Sequence[tuple[str, Sums]]
    channels: Sequence[Cleared]
    detail: Sums

    @property
    def agree(self) -> bool:
        """Whether each level comes to the same."""
        by_app = sum((sums for _app, sums in self.applications), Sums())
        by_channel = sum((row.sums for row in self.channels), Sums())
        return self.total == by_app == by_channel == self.detail


def clearing(*, actor: Actor, first: date, last: date, institution: str = "") -> list[Cleared]:
    """What moved on each day by each way of paying, with what the channels say of it.

    Args:
        institution: Public id, to see one alone.
    """
    last = min(last, first + timedelta(days=MOST_DAYS))
    moved: dict[tuple[date, int, str, int | None], Sums] = defaultdict(Sums)
    accounts = _accounts()
    names: dict[int, str] = {}
    grouped = _entries(actor, first, last, institution).values(
        "day", "institution", "institution__short_name", "account", "at_channel"
    )
    for row in grouped.annotate(**_SUMS):
        names[row["institution"]] = row["institution__short_name"]
        channel = None if is_by_hand(row["account"]) else row["at_channel"]
        key = (row["day"], row["institution"], accounts.get(row["account"], row["account"]), channel)
        moved[key] += _sums(row)
    stated = _stated(actor, first, last, institution)
    for file in stated.values():
        if file.channel is not None:
            moved[file.day, file.institution_id, file.channel.provider, file.channel_id] += Sums()
            names[file.institution_id] = file.institution.short_name
    insured = insured_days(
        scoped(InsuranceOrder.objects.all(), actor, institution, "bill__institution__public_id"), first, last
    )
    by_channel, by_way = _open_differences(actor, first, last, institution)
    rows = []
    for (day, place, provider, channel), sums in sorted(moved.items(), key=_order):
        row = Cleared(day, place, names[place], provider, channel, sums)
        if channel:
            row = _with_file(row, stated.get((day, channel)), by_channel.get((day, place, channel), 0))
        elif (day, place, provider) in insured:
            row = _with_insurer(row, insured[day, place, provider], by_way.get((day, place, provider), 0))
        rows.append(row)
    return rows


def _with_file(row: Cleared, file: StatementFile | None, differences: int) -> Cleared:
    """With what the channel says in its statement."""
    if file is None:
        return replace(row, differences=differences)
    is_said = file.state in CLOSED
    return replace(
        row,
        stated=Sums(came_fen=file.gross_fen, went_fen=file.refund_fen) if is_said else None,
        fee_fen=file.fee_fen if is_said else 0,
        file_state=file.state,
        differences=differences,
    )


def _with_insurer(row: Cleared, said: InsuredDay, differences: int) -> Cleared:
    """With what the insurer says, once it was asked for every order of the day."""
    return replace(
        row,
        stated=None if said.waiting else Sums(came_fen=said.came_fen, went_fen=said.went_fen),
        file_state=FileState.WAITING if said.waiting else FileState.HERE,
        differences=differences,
    )


def levels(*, actor: Actor, day: date, institution: str = "") -> Levels:
    """The four levels of a day."""
    entries = _entries(actor, day, day, institution)
    by_app: dict[str, Sums] = defaultdict(Sums)
    for row in entries.values("attempt__leg__settlement__app").annotate(**_SUMS):
        by_app[row["attempt__leg__settlement__app"] or ""] += _sums(row)
    labels: dict[str, str] = {app.value: str(app.label) for app in App}
    return Levels(
        total=_sums(entries.aggregate(**_SUMS)),
        applications=[(labels.get(app, "—"), sums) for app, sums in sorted(by_app.items())],
        channels=clearing(actor=actor, first=day, last=day, institution=institution),
        detail=_detail(actor, day, institution),
    )


_IS_IN, _IS_OUT = Q(amount_fen__gt=0), Q(amount_fen__lt=0)
_SUMS: dict[str, Any] = {
    "came": Count("pk", filter=_IS_IN),
    "came_fen": Coalesce(Sum("amount_fen", filter=_IS_IN), 0),
    "went": Count("pk", filter=_IS_OUT),
    "went_fen": Coalesce(Sum("amount_fen", filter=_IS_OUT), 0),
}


def _sums(row: dict[str, Any]) -> Sums:
    return Sums(row["came"], row["came_fen"], row["went"], -row["went_fen"])


def _entries(actor: Actor, first: date, last: date, institution: str) -> Any:
    """The sides of movements on which money came and went."""
    rows = LedgerEntry.objects.filter(
        kind__in=MONEY, at__gte=bounds(first)[0], at__lt=bounds(last)[1]
    ).exclude(account__in=[*(account.value for account in Account), REDUCTION])
    return scoped(rows, actor, institution).annotate(
        day=TruncDate("at", tzinfo=clock.BEIJING),
        at_channel=Coalesce(F("attempt__channel"), F("suspense__channel")),
    )


def scoped(rows: Any, actor: Actor, institution: str, path: str = "institution__public_id") -> Any:
    """The rows that the actor may see, of one institution where one is named."""
    rows = institutions.scope(rows, actor, path=path)
    return rows.filter(**{path: institution}) if institution else rows


def _accounts() -> dict[str, str]:
    return {provider.account: provider.code for provider in online_providers()}


def _stated(
    actor: Actor, first: date, last: date, institution: str
) -> dict[tuple[date, int | None], StatementFile]:
    rows = StatementFile.objects.filter(
        party=Party.CHANNEL, is_current=True, day__gte=first, day__lte=last
    ).select_related("channel", "institution")
    return {(row.day, row.channel_id): row for row in scoped(rows, actor, institution)}


def _open_differences(
    actor: Actor, first: date, last: date, institution: str
) -> tuple[dict[tuple[date, int, int], int], dict[tuple[date, int, str], int]]:
    """How many are not decided, by channel, and with insurers by the way of paying."""
    rows = Difference.objects.filter(state__in=LIVE, day__gte=first, day__lte=last)
    rows = scoped(rows, actor, institution).exclude(party=Party.HOSPITAL)
    by_channel: dict[tuple[date, int, int], int] = defaultdict(int)
    by_way: dict[tuple[date, int, str], int] = defaultdict(int)
    grouped = rows.values("day", "institution", "channel", "party", "attempt__provider")
    for row in grouped.annotate(n=Count("pk")):
        if row["party"] == Party.INSURANCE:
            by_way[row["day"], row["institution"], row["attempt__provider"] or ""] += row["n"]
        else:
            by_channel[row["day"], row["institution"], row["channel"]] += row["n"]
    return by_channel, by_way


def _order(item: tuple[tuple[date, int, str, int | None], Sums]) -> tuple[date, int, str, int]:
    day, place, provider, channel = item[0]
    return day, place, provider, channel or 0


def _detail(actor: Actor, day: date, institution: str) -> Sums:
    """The same from the single payments and refunds, without the ledger."""
    begins, ends = bounds(day)
    by_bill = "bill__institution__public_id"
    claimed = Suspense.objects.filter(attempt__isnull=False).values("attempt")
    attempts = PaymentAttempt.objects.filter(
        state=AttemptState.CAPTURED, captured_at__gte=begins, captured_at__lt=ends
    ).exclude(Q(pk__in=claimed) | Q(provider__in=WITHOUT_MONEY))
    paid_back = Refund.objects.filter(state=RefundState.PAID, ended_at__gte=begins, ended_at__lt=ends)
    refunds = paid_back.exclude(provider__in=WITHOUT_MONEY)
    found = Suspense.objects.filter(found_at__gte=begins, found_at__lt=ends)
    returned = Suspense.objects.filter(state="returned", ended_at__gte=begins, ended_at__lt=ends)
    by_channel = "channel__institution__public_id"
    came = [
        _total(scoped(attempts, actor, institution, by_bill), "captured_fen"),
        _total(scoped(found, actor, institution, by_channel), "amount_fen"),
    ]
    went = [
        _total(scoped(refunds, actor, institution, by_bill), "amount_fen"),
        _total(scoped(returned, actor, institution, by_channel), "amount_fen"),
    ]
    return Sums(
        *(sum(each) for each in zip(*came, strict=True)), *(sum(each) for each in zip(*went, strict=True))
    )


def _total(rows: Any, field: str) -> tuple[int, int]:
    found = rows.aggregate(n=Count("pk"), fen=Coalesce(Sum(field), 0))
    return found["n"], found["fen"]
