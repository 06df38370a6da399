"""Reading reports and visits. Whoever calls has checked that its reader may."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.core.pagination import newest_first
from gmcrypto.errors import KeyDestroyed
from gmcrypto.fields import prefetch_keys
from institutions import selectors as institutions
from mpi import selectors as mpi
from mpi.errors import PersonErased
from records.errors import ReportIsWithdrawn, ReportNotFound
from records.models import Document, Encounter, Report, ReportVersion
from records.rules import EncounterKind, ReportKind, ReportState, is_abnormal, mark_words

PAGE = 20


@dataclass(frozen=True, slots=True)
class Result:
    """One line of a laboratory report.

    Attributes:
        position: Its place in the report, by which addresses name it: its code would say too much.
    """

    position: int
    code: str = field(repr=False)
    name: str = field(repr=False)
    value: str = field(repr=False)
    unit: str = field(repr=False)
    low: str = field(repr=False)
    high: str = field(repr=False)
    range_text: str = field(repr=False)
    mark: str = field(repr=False)

    @property
    def is_abnormal(self) -> bool:
        """Whether the hospital marked it."""
        return is_abnormal(self.mark)

    @property
    def mark_words(self) -> str:
        """The hospital's mark in words."""
        return mark_words(self.mark)

    @property
    def reference(self) -> str:
        """The reference range as it is written."""
        return self.range_text or "-".join(filter(None, (self.low, self.high)))


@dataclass(frozen=True, slots=True)
class ReportHead:
    """That there is a report: nothing of what it says.

    Attributes:
        institution: Public id; ``place`` is its name.
        title: Empty where the reader may not see contents at the moment.
        abnormal: How many results the hospital marked; none where contents are shut.
    """

    report_id: str
    kind: str
    state: str
    institution: str
    place: str
    reported_at: datetime
    version: int
    title: str = field(default="", repr=False)
    abnormal: int | None = field(default=None, repr=False)

    @property
    def kind_word(self) -> str:
        """The kind as pages say it."""
        return str(ReportKind(self.kind).label)

    @property
    def is_withdrawn(self) -> bool:
        """Whether the hospital took it back."""
        return self.state == ReportState.WITHDRAWN


@dataclass(frozen=True, slots=True)
class ReadReport:
    """A version of a report with what it says.

    Attributes:
        number: The hospital's own.
        versions: Numbers, queries and times of all versions, the latest first.
        has_document: Whether the hospital's own PDF is here.
    """

    head: ReportHead
    number: str
    person_pk: int
    version: int
    title: str = field(repr=False)
    department: str = field(repr=False)
    doctor: str = field(repr=False)
    specimen: str = field(repr=False)
    results: Sequence[Result] = field(repr=False)
    findings: str = field(repr=False)
    conclusion: str = field(repr=False)
    reason: str = field(repr=False)
    reported_at: datetime
    versions: Sequence[tuple[int, str, datetime]]
    has_document: bool

    @property
    def query(self) -> str:
        """By which an address names this version."""
        return f"?version={self.version}"

    @property
    def is_current(self) -> bool:
        """Whether this is the version that holds."""
        return self.version == self.head.version

    @property
    def abnormal(self) -> int:
        """How many results the hospital marked."""
        return sum(one.is_abnormal for one in self.results)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Some heads, and the cursor of those after them (empty at the end)."""

    rows: Sequence[ReportHead]
    older: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit; what it says is empty where contents are shut."""

    encounter_id: str
    kind: str
    institution: str
    place: str
    started_at: datetime
    ended_at: datetime | None
    department: str = field(default="", repr=False)
    doctor: str = field(default="", repr=False)
    complaint: str = field(default="", repr=False)
    diagnoses: Sequence[str] = field(default=(), repr=False)
    advice: str = field(default="", repr=False)
    medicines: Sequence[str] = field(default=(), repr=False)

    @property
    def kind_word(self) -> str:
        """The kind as pages say it."""
        return str(EncounterKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Some visits, and the cursor of those after them (empty at the end)."""

    rows: Sequence[Visit]
    older: str


def reports_of(
    person_pk: int, *, kind: str = "", cursor: str = "", size: int = PAGE, with_titles: bool = False
) -> ReportPage:
    """The reports of a person, those heard last first.

    Args:
        kind: One of ``ReportKind``; empty for all.
        with_titles: Whether the reader may see contents at the moment.

    Raises:
        InvalidInput: If the cursor names no row of this list.
    """
    rows = report_rows(person_pk)
    if kind in ReportKind.values:
        rows = rows.filter(kind=kind)
    page = newest_first(rows, cursor=cursor, size=size)
    return ReportPage(heads(page.rows, with_titles=with_titles), page.next_cursor)


def report_rows(person_pk: int) -> "QuerySet[Report]":
    """The reports of a person on any of its anchors."""
    return Report.objects.select_related("institution").filter(person__in=mpi.cluster(person_pk))


def encounter_rows(person_pk: int) -> "QuerySet[Encounter]":
    """The visits of a person on any of its anchors."""
    return Encounter.objects.select_related("institution").filter(person__in=mpi.cluster(person_pk))


def heads(rows: Iterable[Report], *, with_titles: bool) -> list[ReportHead]:
    """Heads of reports; their titles in two queries for any number of them."""
    rows = list(rows)
    contents = _current_contents(rows) if with_titles else {}
    return [_head(row, contents.get(row.pk)) for row in rows]


def head_of(person_pk: int, report_id: str) -> ReportHead:
    """That there is this report.

    Raises:
        ReportNotFound: There is none of this person.
    """
    return _head(_row(person_pk, report_id), None)


def read_report(person_pk: int, report_id: str, *, version: int | None = None) -> ReadReport:
    """What a report says, or said in an earlier version.

    Raises:
        ReportNotFound: There is no such report of this person, or no such version.
        ReportIsWithdrawn: The hospital took it back.
        PersonErased: The person's key was destroyed.
    """
    return read_row(_row(person_pk, report_id), version=version)


def read_row(row: Report, *, version: int | None = None) -> ReadReport:
    """As ``read_report``, of a row that the caller has found for its reader."""
    if row.state == ReportState.WITHDRAWN:
        raise ReportIsWithdrawn
    versions = list(row.versions.order_by("-number"))
    wanted = next((one for one in versions if one.number == (version or row.version)), None)
    if wanted is None:
        raise ReportNotFound
    try:
        said: dict[str, Any] = wanted.content
    except KeyDestroyed as exc:
        raise PersonErased from exc
    return ReadReport(
        head=_head(row, said),
        number=row.number,
        person_pk=row.person_id,
        version=wanted.number,
        title=said["title"],
        department=said["department"],
        doctor=said["doctor"],
        specimen=said["specimen"],
        results=results_in(said),
        findings=said["findings"],
        conclusion=said["conclusion"],
        reason=said["reason"],
        reported_at=wanted.reported_at,
        versions=[(one.number, f"?version={one.number}", one.reported_at) for one in versions],
        has_document=Document.objects.filter(version=wanted).exists(),
    )


def document_of(report_id: str, version: int) -> bytes | None:
    """The hospital's own PDF of a version, if it is here; the caller has read the report."""
    row = (
        Document.objects.select_related("version")
        .filter(version__report__public_id=report_id, version__number=version)
        .first()
    )
    return row.content if row is not None else None


def lacking_documents(institution: str, *, most: int = 100) -> list[tuple[str, str, int]]:
    """Reports of an institution whose PDF is to be asked for now.

    What was never asked for goes first, the oldest before the newest, and then what has been due the longest.

    Returns:
        Public id of the report, the hospital's number of it, and the version.
    """
    due = _lacking().filter(
        Q(next_ask_at=None) | Q(next_ask_at__lte=clock.now()), report__institution__public_id=institution
    )
    waiting = due.order_by(F("next_ask_at").asc(nulls_first=True), "pk")
    return list(waiting.values_list("report__public_id", "report__number", "number")[:most])


def lacks_document(*, report: str, version: int) -> bool:
    """Whether the PDF of a version has yet to be fetched."""
    return _lacking().filter(report__public_id=report, number=version).exists()


def _lacking() -> "QuerySet[ReportVersion]":
    # Only the latest version of each: the hospital has no document of an older one any more.
    later = ReportVersion.objects.filter(report=OuterRef("report"), number__gt=OuterRef("number"))
    rows = ReportVersion.objects.filter(~Exists(later), has_document=True, document=None)
    return rows.exclude(report__state=ReportState.WITHDRAWN)


def visits_of(person_pk: int, *, with_content: bool, cursor: str = "", size: int = PAGE) -> VisitPage:
    """The visits of a person, those that began last first; hospitals tell of old ones late.

    Raises:
        InvalidInput: If the cursor names no row of this list.
    """
    known = encounter_rows(person_pk)
    rows = known
    if cursor:
        last = known.filter(public_id=cursor).first()
        if last is None:
            raise InvalidInput(field="cursor")
        rows = rows.filter(Q(started_at__lt=last.started_at) | Q(started_at=last.started_at, pk__lt=last.pk))
    found = list(rows.order_by("-started_at", "-pk")[: size + 1])
    older = found[size - 1].public_id if len(found) > size else ""
    return VisitPage(visits(found[:size], with_content=with_content), older)


def visits(rows: Iterable[Encounter], *, with_content: bool) -> list[Visit]:
    """Visits; what they say only if the reader may see it."""
    rows = list(rows)
    if with_content:
        prefetch_keys(rows)
    return [_visit(row, with_content=with_content) for row in rows]


def visible_reports(actor: Actor) -> "QuerySet[Report]":
    """The heads of reports for staff: the centre all, an institution its own."""
    return institutions.scope(Report.objects.select_related("institution"), actor)


def current_versions(report_pks: Iterable[int]) -> "QuerySet[ReportVersion]":
    """Of each report the version that holds."""
    return ReportVersion.objects.filter(report__in=list(report_pks), number=F("report__version"))


def results_in(said: dict[str, Any]) -> list[Result]:
    """The results in a version's content."""
    return [Result(position=position, **one) for position, one in enumerate(said["indicators"], start=1)]


def _row(person_pk: int, report_id: str) -> Report:
    row = report_rows(person_pk).filter(public_id=report_id).first()
    if row is None:
        raise ReportNotFound
    return row


def _head(row: Report, said: dict[str, Any] | None) -> ReportHead:
    shown = said if row.state != ReportState.WITHDRAWN else None
    return ReportHead(
        report_id=row.public_id,
        kind=row.kind,
        state=row.state,
        institution=row.institution.public_id,
        place=row.institution.short_name or row.institution.name,
        reported_at=row.reported_at,
        version=row.version,
        title=shown["title"] if shown else "",
        abnormal=sum(is_abnormal(one["mark"]) for one in shown["indicators"]) if shown else None,
    )


def _current_contents(rows: Sequence[Report]) -> dict[int, dict[str, Any]]:
    shown = [row.pk for row in rows if row.state != ReportState.WITHDRAWN]
    versions = list(current_versions(shown))
    prefetch_keys(versions)
    found = {}
    for one in versions:
        try:
            found[one.report_id] = one.content
        except KeyDestroyed:
            continue
    return found


def _visit(row: Encounter, *, with_content: bool) -> Visit:
    said: dict[str, Any] = {}
    if with_content:
        try:
            said = row.content
        except KeyDestroyed:
            said = {}
    return Visit(
        encounter_id=row.public_id,
        kind=row.kind,
        institution=row.institution.public_id,
        place=row.institution.short_name or row.institution.name,
        started_at=row.started_at,
        ended_at=row.ended_at,
        **said,
    )
