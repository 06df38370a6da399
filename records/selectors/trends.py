"""One indicator of a person over time, from all hospitals that name it alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from gmcrypto.fields import prefetch_keys
from records.errors import ReportNotFound
from records.models import Report
from records.rules import ReportKind, ReportState, number_of
from records.selectors.reports import Result, current_versions, read_report, report_rows, results_in

MOST_REPORTS = 200
MOST_POINTS = 40


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        number: What is drawn; none for a value that is no number, or has another unit.
    """

    report_id: str
    at: datetime
    place: str
    result: Result = field(repr=False)
    number: Decimal | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trend:
    """An indicator over time, the earliest first; range and unit are those of the report asked from."""

    name: str = field(repr=False)
    unit: str = field(repr=False)
    low: Decimal | None = field(repr=False)
    high: Decimal | None = field(repr=False)
    points: Sequence[Point] = field(repr=False)

    @property
    def drawn(self) -> list[Point]:
        """The points that a chart can show."""
        return [point for point in self.points if point.number is not None]


def trend_of(person_pk: int, report_id: str, position: int) -> Trend:
    """How the indicator at a place of a report changed.

    Results are compared by the code that the hospitals gave them; a result in another unit is
    listed and not drawn, because nothing here converts units.

    Raises:
        ReportNotFound: There is no such report of this person, or no such line in it.
        ReportIsWithdrawn: The hospital took it back.
    """
    asked = next((one for one in read_report(person_pk, report_id).results if one.position == position), None)
    if asked is None:
        raise ReportNotFound
    rows = list(
        report_rows(person_pk)
        .filter(kind=ReportKind.LABORATORY)
        .exclude(state=ReportState.WITHDRAWN)
        .order_by("-reported_at")[:MOST_REPORTS]
    )
    found = [_point(row, one, asked) for row, one in _results(rows) if one.code == asked.code]
    latest = sorted(found, key=lambda point: point.at)[-MOST_POINTS:]
    return Trend(asked.name, asked.unit, number_of(asked.low), number_of(asked.high), latest)


def _results(rows: Sequence[Report]) -> list[tuple[Report, Result]]:
    by_pk = {row.pk: row for row in rows}
    versions = list(current_versions(by_pk))
    prefetch_keys(versions)
    return [(by_pk[one.report_id], result) for one in versions for result in results_in(one.content)]


def _point(row: Report, result: Result, asked: Result) -> Point:
    return Point(
        report_id=row.public_id,
        at=row.reported_at,
        place=row.institution.short_name or row.institution.name,
        result=result,
        number=number_of(result.value) if result.unit == asked.unit else None,
    )
