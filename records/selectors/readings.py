"""Every reading of somebody's records, as the person reads of it: by whom, where, what for and when."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from foundation.core.pagination import newest_first
from mpi import selectors as mpi
from records.models import AccessGrant, EmergencyOpening, Encounter, RecordAccess, Report
from records.rules import EncounterKind, Purpose, ReportKind
from records.selectors.access import ENCOUNTER, PAGE, REPORT

# What entries of the audit about somebody's records have as their subject.
GRANT, EMERGENCY, PRINTED = "records.AccessGrant", "records.EmergencyOpening", "records.Report"


@dataclass(frozen=True, slots=True)
class Access:
    """One reading, as the person sees it."""

    reader_name: str
    place: str
    what: str
    at: datetime
    is_emergency: bool
    grant_id: str


@dataclass(frozen=True, slots=True)
class AccessPage:
    """Some readings, and the cursor of those before them (empty at the end)."""

    rows: Sequence[Access]
    older: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who read by a consent or in an emergency, and what for."""

    name: str
    purpose: str


def accesses_of(person_pk: int, *, cursor: str = "", grant_id: str = "") -> AccessPage:
    """Every reading of a person's records, the latest first.

    Args:
        grant_id: Only those that rest on this grant.

    Raises:
        InvalidInput: If the cursor names no row of this list.
    """
    rows = RecordAccess.objects.select_related("institution", "grant").filter(
        person__in=mpi.cluster(person_pk)
    )
    if grant_id:
        rows = rows.filter(grant__public_id=grant_id)
    page = newest_first(rows, cursor=cursor, size=PAGE)
    words = _words(page.rows)
    shown = [
        Access(
            reader_name=row.reader_name,
            place=row.institution.short_name,
            what=words.get((row.thing, row.thing_id), ""),
            at=row.at,
            is_emergency=row.emergency_id is not None,
            grant_id=row.grant.public_id if row.grant is not None else "",
        )
        for row in page.rows
    ]
    return AccessPage(shown, page.next_cursor)


def audited_of(person_pk: int) -> Mapping[str, Sequence[str]]:
    """Under which subjects the audit tells of a person's records being read, by type."""
    anchors = mpi.cluster(person_pk)
    return {
        GRANT: list(AccessGrant.objects.filter(person__in=anchors).values_list("public_id", flat=True)),
        EMERGENCY: list(
            EmergencyOpening.objects.filter(person__in=anchors).values_list("public_id", flat=True)
        ),
        PRINTED: list(Report.objects.filter(person__in=anchors).values_list("public_id", flat=True)),
    }


def readers_of(subjects: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Reader]:
    """Who reads by these consents and openings; the caller has found them for their person.

    Args:
        subjects: Type and public id, as ``audited_of`` has them.
    """
    wanted: dict[str, set[str]] = {GRANT: set(), EMERGENCY: set()}
    for kind, public_id in subjects:
        if kind in wanted:
            wanted[kind].add(public_id)
    found: dict[tuple[str, str], Reader] = {}
    if wanted[GRANT]:
        for grant in AccessGrant.objects.filter(public_id__in=wanted[GRANT]):
            found[GRANT, grant.public_id] = Reader(grant.reader_name, str(Purpose(grant.purpose).label))
    if wanted[EMERGENCY]:
        for opening in EmergencyOpening.objects.filter(public_id__in=wanted[EMERGENCY]):
            found[EMERGENCY, opening.public_id] = Reader(opening.reader_name, _("急救"))
    return found


def _words(rows: Sequence[RecordAccess]) -> dict[tuple[str, str], str]:
    """What was read, also of reports that were withdrawn since."""
    reports = _things(rows, REPORT)
    visits = _things(rows, ENCOUNTER)
    words: dict[tuple[str, str], str] = {}
    if reports:
        for report in Report.objects.select_related("institution").filter(public_id__in=reports):
            kind = ReportKind(report.kind).label
            words[REPORT, report.public_id] = f"{report.institution.short_name} {kind}"
    if visits:
        for visit in Encounter.objects.select_related("institution").filter(public_id__in=visits):
            kind = EncounterKind(visit.kind).label
            words[ENCOUNTER, visit.public_id] = f"{visit.institution.short_name} {kind}"
    return words


def _things(rows: Sequence[RecordAccess], thing: str) -> Collection[str]:
    return {row.thing_id for row in rows if row.thing == thing}
