"""What each hospital should have posted on a day, beside what it handed in: the third side."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Sum
from django.db.models.functions import TruncDate

from foundation.core import clock
from foundation.core.actor import Actor
from payments.models import Bill, Difference, PaymentAttempt, Refund, StatementFile
from payments.providers.cash import TILL
from payments.providers.within import REDUCTION
from payments.reconciliation.rules import CLOSED, LIVE, Party, bounds
from payments.rules import TOP_UP, BillState, RefundState
from payments.selectors.clearing import MOST_DAYS, Sums, scoped


@dataclass(frozen=True, slots=True)
class HospitalDay:
    """A day at one hospital: bills that were paid here and what went back, and what it posted.

    Attributes:
        institution: Its short name.
        stated: What it handed in; None without its statement.
        file_state: Where its statement stands; empty where it has not handed one in.
        differences: How many are not decided.
    """

    day: date
    institution_pk: int
    institution: str
    sums: Sums
    stated: Sums | None
    file_state: str
    differences: int


def hospital_days(*, actor: Actor, first: date, last: date, institution: str = "") -> list[HospitalDay]:
    """The days of hospitals, without what their own tills took and what tops up a balance.

    Args:
        institution: Public id, to see one alone.
    """
    last = min(last, first + timedelta(days=MOST_DAYS))
    begins, ends = bounds(first)[0], bounds(last)[1]
    rows: dict[tuple[date, int], Sums] = defaultdict(Sums)
    names: dict[int, str] = {}
    paid = Bill.objects.filter(state=BillState.PAID, paid_at__gte=begins, paid_at__lt=ends)
    paid = scoped(paid.exclude(_at_till("pk")).exclude(subject_type=TOP_UP), actor, institution)
    for row in _grouped(paid, "paid_at", "institution", "total_fen"):
        names[row["place"]] = row["name"]
        rows[row["day"], row["place"]] += Sums(row["n"], row["fen"])
    back = Refund.objects.filter(
        state=RefundState.PAID, ended_at__gte=begins, ended_at__lt=ends, attempt__applied_at__isnull=False
    )
    back = (
        back.exclude(provider__in=(TILL, REDUCTION))
        .exclude(_at_till("bill"))
        .exclude(bill__subject_type=TOP_UP)
    )
    back = scoped(back, actor, institution, "bill__institution__public_id")
    for row in _grouped(back, "ended_at", "bill__institution", "amount_fen"):
        names[row["place"]] = row["name"]
        rows[row["day"], row["place"]] += Sums(0, 0, row["n"], row["fen"])
    files = StatementFile.objects.filter(
        party=Party.HOSPITAL, is_current=True, day__gte=first, day__lte=last
    ).select_related("institution")
    stated = {(row.day, row.institution_id): row for row in scoped(files, actor, institution)}
    for key, file in stated.items():
        names[file.institution_id] = file.institution.short_name
        rows[key] += Sums()
    open_ = Difference.objects.filter(party=Party.HOSPITAL, state__in=LIVE, day__gte=first, day__lte=last)
    found = {
        (row["day"], row["institution"]): row["n"]
        for row in scoped(open_, actor, institution).values("day", "institution").annotate(n=Count("pk"))
    }
    return [
        HospitalDay(
            day=day,
            institution_pk=place,
            institution=names[place],
            sums=sums,
            stated=_said(stated.get((day, place))),
            file_state=stated[day, place].state if (day, place) in stated else "",
            differences=found.get((day, place), 0),
        )
        for (day, place), sums in sorted(rows.items())
    ]


def _at_till(bill: str) -> Exists:
    return Exists(PaymentAttempt.objects.filter(bill=OuterRef(bill), provider=TILL, applied_at__isnull=False))


def _grouped(rows: Any, moment: str, place: str, amount: str) -> Any:
    return (
        rows.annotate(day=TruncDate(moment, tzinfo=clock.BEIJING))
        .values("day", place=F(place), name=F(f"{place}__short_name"))
        .annotate(n=Count("pk"), fen=Sum(amount))
        .order_by()
    )


def _said(file: StatementFile | None) -> Sums | None:
    if file is None or file.state not in CLOSED:
        return None
    return Sums(came_fen=file.gross_fen, went_fen=file.refund_fen)
