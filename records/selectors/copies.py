"""What a resident takes along of their records; for a reader who has been checked."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from foundation.core import clock
from gmcrypto.errors import KeyDestroyed
from gmcrypto.fields import prefetch_keys
from mpi import selectors as mpi
from records.models import AccessGrant, Encounter, Report, ReportVersion
from records.rules import ReportState
from records.selectors.emergency import info_of
from records.selectors.reports import encounter_rows, report_rows


def records_for_copy(person_pk: int, *, with_contents: bool) -> dict[str, Any]:
    """Every report with its versions and every visit, the oldest first.

    Files are not in it; each can be downloaded from its report.

    Args:
        with_contents: Whether the reader has given a fresh proof; else only that there is something.
    """
    return {"reports": _reports(person_pk, with_contents), "visits": _visits(person_pk, with_contents)}


def consents_for_copy(person_pk: int) -> list[dict[str, Any]]:
    """Every consent to read the records, with its signed receipt, the oldest first."""
    rows = AccessGrant.objects.select_related("institution").filter(person__in=mpi.cluster(person_pk))
    found = list(rows.order_by("pk"))
    prefetch_keys(found)
    return [
        {
            "institution": row.institution.name,
            "reader": row.reader_name,
            "purpose": row.purpose,
            "granted_at": _text(row.granted_at),
            "until": _text(row.until),
            "revoked_at": _text(row.revoked_at),
            "receipt": _said(row, "receipt"),
        }
        for row in found
    ]


def emergency_info_for_copy(person_pk: int) -> dict[str, Any] | None:
    """What was left for rescuers, if anything was."""
    kept = info_of(person_pk)
    return asdict(kept.details) | {"updated_at": _text(kept.updated_at)} if kept is not None else None


def _reports(person_pk: int, with_contents: bool) -> list[dict[str, Any]]:
    rows = list(report_rows(person_pk).order_by("reported_at", "pk"))
    shown = [row.pk for row in rows if with_contents and row.state != ReportState.WITHDRAWN]
    versions = list(ReportVersion.objects.filter(report__in=shown).order_by("report", "number"))
    prefetch_keys(versions)
    said: dict[int, list[dict[str, Any]]] = {}
    for one in versions:
        told = {"version": one.number, "reported_at": _text(one.reported_at), "says": _said(one, "content")}
        said.setdefault(one.report_id, []).append(told)
    return [_head(row) | {"versions": said.get(row.pk, [])} for row in rows]


def _head(row: Report) -> dict[str, Any]:
    return {
        "number": row.number,
        "institution": row.institution.name,
        "kind": row.kind,
        "state": row.state,
        "reported_at": _text(row.reported_at),
    }


def _visits(person_pk: int, with_contents: bool) -> list[dict[str, Any]]:
    rows: list[Encounter] = list(encounter_rows(person_pk).order_by("started_at", "pk"))
    prefetch_keys(rows)
    return [
        {
            "number": row.number,
            "institution": row.institution.name,
            "kind": row.kind,
            "started_at": _text(row.started_at),
            "ended_at": _text(row.ended_at),
            "says": _said(row, "content") if with_contents else None,
        }
        for row in rows
    ]


def _said(row: Any, field: str) -> Any:
    try:
        return getattr(row, field)
    except KeyDestroyed:
        return None


def _text(moment: datetime | None) -> str | None:
    return clock.beijing(moment).isoformat(timespec="seconds") if moment is not None else None
