"""What a family owes, paid and got back: one list for the pages, the interface and whatever comes.

The sums are of all that the filters let through, not of the page that is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Q, QuerySet, Sum, TextChoices
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext_lazy as _

from foundation.core import clock
from foundation.core.errors import InvalidInput
from foundation.core.pagination import newest_first
from institutions import selectors as institutions
from payments.models import Bill, Refund
from payments.providers.within import REDUCTION
from payments.rules import TOP_UP, BillState, RefundState
from payments.selectors.resident import ShownBill, Whom, bills_for, people_of, shown

_FIRST_YEAR, _LAST_YEAR = 2000, 9998


class Standing(TextChoices):
    """What somebody looks for in a list of bills."""

    TO_PAY = "to_pay", _("待支付")
    PAID = "paid", _("已支付")
    REFUNDS = "refunds", _("退款")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the bills is looked at; everything where nothing is said.

    Attributes:
        person: Public id of one of those for whom the account pays.
        standing: One of ``Standing``.
        year: In which the bills were opened, on a calendar in Beijing.
        hospital: Public id.
    """

    person: str = ""
    standing: str = ""
    year: str = ""
    hospital: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.person or self.standing or self.year or self.hospital)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the bills come to, in fen: still to pay, paid, gone back."""

    to_pay_fen: int
    paid_fen: int
    refunded_fen: int


@dataclass(frozen=True, slots=True)
class FeePage:
    """Some bills, the latest first, where the older ones begin, and what there is to choose from.

    Attributes:
        older: Empty at the end.
        people: Public id and name of those for whom the account pays, itself first.
        hospitals: Public id and name of those that charged anybody of them.
    """

    rows: Sequence[ShownBill]
    older: str
    sums: Sums
    years: Sequence[int]
    hospitals: Sequence[tuple[str, str]]
    people: Sequence[Whom] = field(repr=False)


def fees_of(*, account_pk: int, wanted: Wanted | None = None, before: str = "") -> FeePage:
    """Everything that the account, and those for whom it pays, owe and paid.

    Args:
        before: ``older`` of the page before; empty for the first.

    Raises:
        InvalidInput: Something is wanted that there is not.
    """
    wanted = wanted or Wanted()
    people = people_of(account_pk)
    everything = bills_for(people)
    years, hospitals = _years(everything), _hospitals(everything)
    found = _narrowed(everything, wanted, people)
    page = newest_first(_before(everything, _standing(found, wanted.standing), before))
    return FeePage(
        rows=shown(page.rows, people),
        older=page.next_cursor,
        sums=_sums(found),
        years=years,
        hospitals=hospitals,
        people=_once(people),
    )


def _narrowed(rows: "QuerySet[Bill]", wanted: Wanted, people: Mapping[int, Whom]) -> "QuerySet[Bill]":
    if wanted.person:
        anchors = [anchor for anchor, whom in people.items() if whom.person_id == wanted.person]
        if not anchors:
            raise InvalidInput(field="person")
        rows = rows.filter(person__in=anchors)
    if wanted.hospital:
        rows = rows.filter(institution__public_id=wanted.hospital)
    if wanted.year:
        if not (len(wanted.year) == 4 and wanted.year.isascii() and wanted.year.isdigit()):
            raise InvalidInput(field="year")
        year = int(wanted.year)
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise InvalidInput(field="year")
        begin = datetime(year, 1, 1, tzinfo=clock.BEIJING)
        rows = rows.filter(created_at__gte=begin, created_at__lt=begin.replace(year=year + 1))
    return rows


def _before(everything: "QuerySet[Bill]", rows: "QuerySet[Bill]", cursor: str) -> "QuerySet[Bill]":
    """Those after the cursor, whose own bill may have been paid meanwhile and be of another list now."""
    if not cursor:
        return rows
    last = everything.filter(public_id=cursor).values_list("pk", flat=True).first()
    if last is None:
        raise InvalidInput(field="before")
    return rows.filter(pk__lt=last)


def _standing(rows: "QuerySet[Bill]", standing: str) -> "QuerySet[Bill]":
    if standing and standing not in Standing.values:
        raise InvalidInput(field="standing")
    if standing == Standing.TO_PAY:
        return rows.filter(_open())
    if standing == Standing.PAID:
        return rows.filter(state=BillState.PAID)
    if standing == Standing.REFUNDS:
        return rows.filter(refund_fen__gt=0)
    return rows


def _open() -> Q:
    # A top-up that somebody has begun and left is no debt.
    is_owed = Q(state=BillState.OPEN) & ~Q(subject_type=TOP_UP)
    return is_owed & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))


def _sums(rows: "QuerySet[Bill]") -> Sums:
    found = rows.aggregate(
        to_pay=Sum(F("total_fen") - F("reduction_fen"), filter=_open()),
        paid=Sum(F("total_fen") - F("reduction_fen"), filter=Q(state=BillState.PAID)),
        refunded=Sum("refunded_fen"),
    )
    off = Refund.objects.filter(bill__in=rows.values("pk"), provider=REDUCTION, state=RefundState.PAID)
    gone = off.aggregate(sum=Sum("amount_fen"))["sum"] or 0
    return Sums(found["to_pay"] or 0, found["paid"] or 0, (found["refunded"] or 0) - gone)


def _years(rows: "QuerySet[Bill]") -> Sequence[int]:
    year = ExtractYear("created_at", tzinfo=clock.BEIJING)
    return list(rows.annotate(year=year).values_list("year", flat=True).distinct().order_by("-year"))


def _hospitals(rows: "QuerySet[Bill]") -> Sequence[tuple[str, str]]:
    ids = rows.order_by().values_list("institution__public_id", flat=True).distinct()
    return sorted(institutions.names(ids).items(), key=lambda one: one[1])


def _once(people: Mapping[int, Whom]) -> Sequence[Whom]:
    known = {whom.person_id: whom for whom in people.values()}
    return sorted(known.values(), key=lambda whom: not whom.is_self)
