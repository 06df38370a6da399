"""Reports as hospitals publish, amend and withdraw them (OP-12)."""

from dataclasses import asdict

import orjson
from django.db import IntegrityError, transaction

import gmcrypto
from foundation.audit import services as audit
from foundation.audit.actions import Action
from foundation.core import clock
from foundation.core.actor import Actor
from foundation.core.errors import InvalidInput
from foundation.events import services as events
from mpi import selectors as mpi
from mpi import services as persons
from records.errors import ReportNotFound, ReportOfAnother
from records.events import ReportAmended, ReportPublished, ReportWithdrawn
from records.models import Report, ReportVersion
from records.places import place_of
from records.rules import ReportKind, ReportState
from records.services.documents import attach_arrived
from records.types import ReportDetails, ReportRef

LONGEST_NUMBER, LONGEST_TITLE, LONGEST_TEXT, LONGEST_REASON = 64, 100, 10_000, 200
MOST_INDICATORS = 300


@transaction.atomic
def publish_report(*, institution: str, person_pk: int, details: ReportDetails, actor: Actor) -> ReportRef:
    """Keep a report, or another version of one that is known by the hospital's number.

    The same content again changes nothing, and neither does one that was signed before what is
    known: hospitals repeat themselves, and not always in order.

    Args:
        institution: Public id of the hospital.
        person_pk: Of the patient; the caller has found them by the hospital's own statement.

    Raises:
        InvalidInput: A value does not fit.
        ReportOfAnother: The number is that of another person's report.
        NotFound: There is no such person or institution.
        PersonErased: The person's key was destroyed.
    """
    _check(details)
    place = place_of(institution)
    root = persons.take_on(person_pk)
    try:
        with transaction.atomic():
            return _publish(place, root, details, actor)
    except IntegrityError:
        # Somebody else wrote it first, or it was there before.
        return _again(place, root, details, actor)


@transaction.atomic
def withdraw_report(*, institution: str, number: str, reason: str, actor: Actor) -> bool:
    """Take a report back: it stays listed as withdrawn, and what it said is not shown any more.

    Returns:
        Whether it was not withdrawn before.

    Raises:
        ReportNotFound: The hospital has published no report with this number.
    """
    row = Report.objects.select_for_update().filter(institution__public_id=institution, number=number).first()
    if row is None:
        raise ReportNotFound
    if row.state == ReportState.WITHDRAWN:
        return False
    row.state = ReportState.WITHDRAWN
    row.withdrawn_at = clock.now()
    row.withdrawn_reason = reason[:LONGEST_REASON]
    row.save(update_fields=["state", "withdrawn_at", "withdrawn_reason"])
    audit.record(
        Action.REPORT_WITHDRAWN,
        actor=actor,
        subject=row,
        institution=institution,
        details={"kind": row.kind, "version": row.version},
    )
    events.publish(ReportWithdrawn(row.public_id, row.subject, institution))
    return True


def _publish(place: int, root: int, details: ReportDetails, actor: Actor) -> ReportRef:
    moment = clock.now()
    subject = mpi.public_id_of(root)
    row = Report.objects.create(
        institution_id=place,
        person_id=root,
        subject=subject,
        number=details.number,
        encounter=details.encounter,
        kind=details.kind,
        reported_at=details.reported_at,
        heard_at=moment,
    )
    _add_version(row, details, actor)
    institution = row.institution.public_id
    audit.record(
        Action.REPORT_PUBLISHED,
        actor=actor,
        subject=row,
        institution=institution,
        details={"kind": row.kind, "version": 1},
    )
    events.publish(ReportPublished(row.public_id, subject, institution))
    return ReportRef(row.public_id, 1, is_changed=True)


def _again(place: int, root: int, details: ReportDetails, actor: Actor) -> ReportRef:
    row = Report.objects.select_for_update().get(institution=place, number=details.number)
    if row.person_id not in mpi.cluster(root):
        raise ReportOfAnother(field="number")
    known = ReportVersion.objects.get(report=row, number=row.version)
    is_same = bytes(known.digest) == _digest(details)
    if is_same:
        # It may have been told before by a message that brought no document.
        _attach(row, details, actor)
    if is_same or details.reported_at < row.reported_at:
        return ReportRef(row.public_id, row.version, is_changed=False)
    row.version += 1
    row.state = ReportState.AMENDED
    row.kind = details.kind
    row.encounter = details.encounter or row.encounter
    row.reported_at = details.reported_at
    row.withdrawn_at = None
    row.withdrawn_reason = None
    row.save()
    _add_version(row, details, actor)
    institution = row.institution.public_id
    audit.record(
        Action.REPORT_AMENDED,
        actor=actor,
        subject=row,
        institution=institution,
        details={"kind": row.kind, "version": row.version},
    )
    events.publish(ReportAmended(row.public_id, row.subject, institution))
    return ReportRef(row.public_id, row.version, is_changed=True)


def _add_version(row: Report, details: ReportDetails, actor: Actor) -> None:
    ReportVersion.objects.create(
        report=row,
        subject=row.subject,
        number=row.version,
        content=_content(details),
        digest=_digest(details),
        has_document=details.has_document,
        reported_at=details.reported_at,
        heard_at=clock.now(),
    )
    _attach(row, details, actor)


def _attach(row: Report, details: ReportDetails, actor: Actor) -> None:
    if details.document:
        attach_arrived(
            institution=row.institution.public_id,
            number=row.number,
            digest=details.document,
            report=row.public_id,
            version=row.version,
            actor=actor,
        )


def _content(details: ReportDetails) -> dict[str, object]:
    return {
        "title": details.title,
        "department": details.department,
        "doctor": details.doctor,
        "specimen": details.specimen,
        "indicators": [asdict(one) for one in details.indicators],
        "findings": details.findings,
        "conclusion": details.conclusion,
        "reason": details.reason,
    }


def _digest(details: ReportDetails) -> bytes:
    said = _content(details) | {"kind": details.kind, "reported_at": details.reported_at.isoformat()}
    return gmcrypto.sm3(orjson.dumps(said, option=orjson.OPT_SORT_KEYS))


def _check(details: ReportDetails) -> None:
    if not details.number or len(details.number) > LONGEST_NUMBER or len(details.encounter) > LONGEST_NUMBER:
        raise InvalidInput(field="report_no")
    if details.kind not in ReportKind.values:
        raise InvalidInput(field="kind")
    if not details.title.strip() or len(details.title) > LONGEST_TITLE:
        raise InvalidInput(field="title")
    if details.reported_at.tzinfo is None:
        raise InvalidInput(field="reported_at")
    if len(details.findings) > LONGEST_TEXT or len(details.conclusion) > LONGEST_TEXT:
        raise InvalidInput(field="conclusion")
    if len(details.indicators) > MOST_INDICATORS:
        raise InvalidInput(field="results")
