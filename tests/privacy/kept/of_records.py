"""Rows of reports and visits."""

from datetime import timedelta

from foundation.core import clock
from records.models import (
    AccessGrant,
    AccessRequest,
    ArrivedDocument,
    Document,
    EmergencyOpening,
    Encounter,
    RecordAccess,
    Report,
    ReportVersion,
)
from records.rules import RequestState, ReviewState
from tests.privacy.kept.basics import ID, holder, institution


def report() -> Report:
    person = holder().card
    moment = clock.now()
    row = Report.objects.create(
        institution=institution(),
        person=person.person,
        subject=person.subject,
        number=f"R{Report.objects.count()}",
        kind="lab",
        reported_at=moment,
        heard_at=moment,
    )
    version = ReportVersion.objects.create(
        report=row,
        subject=row.subject,
        number=1,
        content={"title": "测试"},
        digest=b"\0" * 32,
        reported_at=moment,
        heard_at=moment,
    )
    Document.objects.create(version=version, subject=row.subject, content=b"%PDF-", size=5, heard_at=moment)
    return row


def arrived_document() -> ArrivedDocument:
    number = f"R{ArrivedDocument.objects.count()}"
    return ArrivedDocument.objects.create(
        institution=ID, number=number, digest="0" * 64, content=b"%PDF-", size=5, arrived_at=clock.now()
    )


def encounter() -> Encounter:
    person = holder().card
    moment = clock.now()
    return Encounter.objects.create(
        institution=institution(),
        person=person.person,
        subject=person.subject,
        number=f"E{Encounter.objects.count()}",
        kind="outpatient",
        content={"department": "测试科"},
        started_at=moment - timedelta(hours=1),
        heard_at=moment,
    )


def access_request(state: str = RequestState.REFUSED) -> AccessRequest:
    moment = clock.now()
    return AccessRequest.objects.create(
        institution=institution(),
        reader=ID,
        reader_name="示范医生",
        person=holder().card.person,
        purpose="outpatient",
        kinds=["lab"],
        state=state,
        created_at=moment,
        expires_at=moment,
        answered_at=None if state == RequestState.WAITING else moment,
    )


def access_grant() -> AccessGrant:
    request = access_request(RequestState.GRANTED)
    assert request.person is not None
    moment = clock.now()
    row = AccessGrant.objects.create(
        request=request,
        institution=request.institution,
        reader=ID,
        reader_name="示范医生",
        person=request.person,
        subject=request.person.public_id,
        account=ID,
        purpose="outpatient",
        kinds=["lab"],
        sources=[],
        # Moved into the past as a whole by the test of the term.
        granted_at=moment - timedelta(days=4_000),
        until=moment,
        receipt={},
    )
    RecordAccess.objects.create(
        grant=row,
        institution=row.institution,
        person=row.person,
        reader=ID,
        reader_name="示范医生",
        thing="list",
        at=moment,
    )
    return row


def emergency(state: str = ReviewState.JUSTIFIED) -> EmergencyOpening:
    person = holder().card.person
    moment = clock.now()
    is_over = state != ReviewState.WAITING
    row = EmergencyOpening.objects.create(
        institution=institution(),
        reader=ID,
        reader_name="示范护士",
        person=person,
        subject=person.public_id,
        way="code",
        reason="测试",
        opened_at=moment,
        until=moment,
        state=state,
        reviewer="r" * 26 if is_over else "",
        reviewed_at=moment if is_over else None,
    )
    RecordAccess.objects.create(
        emergency=row,
        institution=row.institution,
        person=person,
        reader=ID,
        reader_name="示范护士",
        thing="list",
        at=moment,
    )
    return row
